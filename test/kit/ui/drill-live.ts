import type { DrillLive } from '../../../src/contract/cluster/drill.ts';

/** UUID of a run of drills. */
export const RUN = '6f1c1a52-1f5c-4a39-9d6f-2b0c9e3f7a10';

/** Data of an event of a drill under way: the floating address was away for a second. */
export function drillLive(job: number): DrillLive {
  return {
    job,
    run: RUN,
    startedAt: new Date(Date.now() - 12_000).toISOString(),
    cellMs: 500,
    lanes: [
      { probe: 'write', cells: '..++++++++--++++++' },
      { probe: 'vip', cells: '..+++++++++-++++++' },
    ],
    marks: [{ at: 4500, kind: 'fault', host: 'r1', text: 'r1 hands the database on' }],
    limits: [{ probe: 'write', mostMs: 4000 }],
  };
}
