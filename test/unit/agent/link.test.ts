import { describe, expect, it } from 'vitest';
import { openFindings } from '../../../src/agent/findings.ts';
import { openLink } from '../../../src/agent/link.ts';
import { memoryLog } from '../../kit/virtual-time.ts';

function rig() {
  let now = Date.parse('2026-01-02T03:04:05.000Z');
  let backs = 0;
  const clock = { now: () => now, monotonic: () => now };
  const log = memoryLog();
  const findings = openFindings(clock, log);
  const link = openLink({ clock, log, findings, onBack: () => (backs += 1) });
  return { findings, link, step: (ms: number) => (now += ms), backs: () => backs };
}

describe('the link to the regions', () => {
  it('says since when no region answers', () => {
    const { link, step, backs } = rig();
    link.fails(new Error('refused'));
    step(3_000);
    link.fails(new Error('refused'));
    expect(link.staleSince()).toBe('2026-01-02T03:04:05.000Z');
    link.works();
    link.works();
    expect(link.staleSince()).toBeNull();
    expect(backs()).toBe(1);
  });

  it('tells of an absence for ten minutes after it ended, and of none as short as a restart', () => {
    const { findings, link, step } = rig();
    link.fails(new Error('refused'));
    step(9_999);
    link.works();
    expect(findings.all()).toEqual([]);
    link.fails(new Error('refused'));
    step(15_000);
    link.works();
    expect(findings.all()).toMatchObject([
      {
        code: 'region_away',
        sentence:
          'No region answered from 2026-01-02T03:04:14.999Z to 2026-01-02T03:04:29.999Z; the configuration of this node stayed in force.',
      },
    ]);
    step(600_000);
    link.works();
    expect(findings.all()).toHaveLength(1);
    step(1);
    link.works();
    expect(findings.all()).toEqual([]);
  });
});
