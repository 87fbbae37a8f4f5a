import type { HazardFacts, ReportedRound, DrillRun } from '../../../src/drills/report/round.ts';
import type { Lane, Sample, Timeline } from '../../../src/judge/timeline.ts';
import { judge } from '../../../src/judge/judge.ts';

/** Probes of a whole cluster, twelve of them. */
const PROBES = ['write', 'read', 'dns r1', 'dns r2', 'lookup', 'proxy', 'dhcp vlan10 new', 'dhcp vlan10 renew'];
PROBES.push('dhcp vlan20 new', 'dhcp vlan20 renew', 'vip', 'ping r3');

const FAULT = 8400;
const HEAL = 28_000;
const END = 60_000;
const WRITES = Array.from({ length: 1197 }, (_, index) => index + 1);
const FOUND = { r1: WRITES, r2: WRITES, r3: WRITES };
const NONE_LOCAL = { r1: [], r2: [], r3: [] };

export const RUN: DrillRun = {
  title: 'Failover drills of Regent',
  command: 'scripts/drill all --rounds 10',
  startedAt: '2026-11-20T22:15:03.120Z',
  place: '3 regions and 2 racks on one 2-core machine',
  version: '0.4.0',
};

/** A hazard; `part` replaces some of it. */
export function hazard(part: Partial<HazardFacts> = {}): HazardFacts {
  return {
    id: 'host-kill-primary',
    title: 'The host of the database’s primary loses power',
    row: 'host',
    group: 'host',
    headline: 'primary’s host dies',
    expects: [
      { probe: 'write', withinMs: 4000 },
      { probe: 'dns r2', withinMs: 1000 },
      { probe: 'proxy', withinMs: 2000 },
      { probe: 'lookup', failures: 0 },
    ],
    ...part,
  };
}

/** A round in which r1, primary and holder, was killed; writes came back `writeMs` after the fault. */
export function round(
  options: {
    readonly number?: number;
    readonly writeMs?: number;
    readonly hazard?: HazardFacts;
    readonly probes?: readonly string[];
    readonly timeline?: Partial<Timeline>;
  } = {},
): ReportedRound {
  const { number = 1, writeMs = 3120 } = options;
  const facts = options.hazard ?? hazard();
  const lanes = (options.probes ?? PROBES).map((probe) => lane(probe, writeMs));
  const timeline: Timeline = { ...recording(facts.id, number, lanes, writeMs), ...options.timeline };
  const rules = { expects: facts.expects, redundantMs: 60_000, failovers: 1 };
  return { hazard: facts, timeline, verdict: judge(timeline, rules) };
}

/** Samples every 50 ms; between two moments they fail or are held. */
function lane(probe: string, writeMs: number): Lane {
  const kind = probe.split(' ')[0] ?? probe;
  const downMs =
    { write: writeMs, read: writeMs * 0.7, proxy: 900, vip: 640 }[kind] ??
    (probe === 'dns r1' ? HEAL + 900 - FAULT : 0);
  const samples = Array.from({ length: END / 50 }, (_, index): Sample => {
    const sentAt = index * 50;
    const isDown = sentAt >= FAULT && sentAt < FAULT + downMs;
    if (!isDown) return { sentAt, endedAt: sentAt + 3.2 };
    // Writes are held and answered late, but for some that were on their way.
    if (kind === 'write' && sentAt > FAULT + 100) return { sentAt, endedAt: FAULT + downMs + 3.2 };
    return { sentAt, endedAt: sentAt + 500, why: 'no answer within 500 ms' };
  });
  return { probe, samples };
}

function recording(id: string, number: number, lanes: readonly Lane[], writeMs: number): Timeline {
  return {
    hazard: id,
    round: number,
    seed: 421_000 + number,
    startedAt: '2026-11-20T22:15:03.120Z',
    cast: {
      regions: ['r1', 'r2', 'r3'],
      racks: ['k1', 'k2'],
      primary: 'r1',
      standbys: ['r2', 'r3'],
      holder: 'r1',
      etcdLeader: 'r3',
    },
    marks: [
      { at: FAULT, kind: 'fault', host: 'r1', text: 'power cut' },
      { at: FAULT + 700, kind: 'role', host: 'r2', text: 'r2 holds the VIP' },
      { at: FAULT + writeMs - 300, kind: 'role', host: 'r2', text: 'r2 is primary' },
      { at: HEAL, kind: 'heal', host: 'r1', text: 'switched on' },
      { at: 1000, kind: 'note', host: null, text: 'all probes are steady' },
    ],
    lanes,
    ledger: { acknowledged: WRITES, ambiguous: [], refused: [], found: FOUND, local: {}, foundLocal: NONE_LOCAL },
    holdings: [
      { host: 'r1', from: 0, to: FAULT },
      { host: 'r2', from: FAULT + 640, to: END },
    ],
    writables: [
      { host: 'r1', from: 0, to: FAULT },
      { host: 'r2', from: FAULT + writeMs - 250, to: END },
    ],
    absences: [{ host: 'r1', from: FAULT, to: HEAL + 3000 }],
    deeds: [
      { at: FAULT + 640, host: 'r2', kind: 'vip', text: 'takes the floating address' },
      { at: FAULT + writeMs - 300, host: 'r2', kind: 'promotion', text: 'timeline 7' },
      { at: HEAL + 6000, host: 'r1', kind: 'restart', text: 'PostgreSQL follows r2' },
    ],
    healedAt: HEAL,
    redundantAt: HEAL + 15_300,
    endedAt: END,
  };
}

/** What no report may take for markup, a line's end or a change of direction. */
export const HOSTILE = '"><script>alert(1)</script>\'&amp;]]>\u0000\u001b[31m\u202e\n|`<img src=x onerror=y>';

/** A round whose every text is hostile. */
export function hostile(): ReportedRound {
  const facts = hazard({ id: HOSTILE, title: HOSTILE, headline: HOSTILE, expects: [{ probe: HOSTILE, withinMs: 1 }] });
  const probes = ['write', HOSTILE];
  const base = round({ hazard: facts, probes });
  return round({
    hazard: facts,
    probes,
    timeline: {
      startedAt: HOSTILE,
      marks: [...(base.timeline?.marks ?? []), { at: 8450, kind: 'fault', host: HOSTILE, text: HOSTILE }],
      cast: {
        regions: ['r1', 'r2', HOSTILE],
        racks: [],
        primary: HOSTILE,
        standbys: [],
        holder: 'r1',
        etcdLeader: 'r2',
      },
      absences: [{ host: HOSTILE, from: 9000, to: 9900 }],
      deeds: [{ at: 9000, host: HOSTILE, kind: 'restart', text: HOSTILE }],
    },
  });
}

/** The lines of a text that ends with a line break. */
export function lines(text: string): string[] {
  return text.trimEnd().split('\n');
}

/** Tags that are not closed in their order, and what looks like no tag at all. */
export function unbalanced(text: string): string[] {
  const open: string[] = [];
  const faults: string[] = [];
  const bare = text.replace(/<\?xml[^>]*\?>|<style>[^]*?<\/style>/g, '');
  for (const [tag, slash, name = '', rest = '', end] of bare.matchAll(/<(\/?)(\w*)([^<>]*)(>?)/g)) {
    if (name === '' || end === '') faults.push(tag);
    else if (slash === '' && !rest.endsWith('/')) open.push(name);
    else if (slash === '/' && open.pop() !== name) faults.push(tag);
  }
  return [...faults, ...open];
}
