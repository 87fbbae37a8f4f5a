import { describe, expect, it } from 'vitest';
import type { DhcpProberConfig } from '../../../../src/drills/probes/config.ts';
import type { Machines, LeaseResult, LeaseRequest } from '../../../../src/drills/probes/dhcp/machines.ts';
import { newMachineProbe, renewalProbe } from '../../../../src/drills/probes/lanes/dhcp.ts';
import { type ProbeResult, type LaneSample, type Probe, runLane } from '../../../../src/drills/probes/lanes/lane.ts';
import { monotonicMs, startDeadline } from '../../../../src/drills/probes/time/deadline.ts';
import { pause, until } from '../../../kit/until.ts';

function record(probe: Partial<Probe> & Pick<Probe, 'ask'>) {
  const samples: LaneSample[] = [];
  const lane = runLane({ name: 'test', everyMs: 10, ...probe }, 0, (sample) => samples.push(sample));
  return { samples, lane };
}

/** Does nothing else for a while, as a process that gets no processor. */
function starve(ms: number): void {
  const end = monotonicMs() + ms;
  while (monotonicMs() < end);
}

describe('a lane', () => {
  it('asks on its beat and tells how each question ended, in absolute monotonic time', async () => {
    const before = monotonicMs();
    const { samples, lane } = record({ ask: (turn, done) => done({ why: turn === 1 ? 'refused' : '' }) });
    await until('five samples', () => samples.length >= 5);
    lane.stop();
    const told = samples.length;
    await pause(50);
    expect(samples).toHaveLength(told);
    expect(samples[0]).not.toHaveProperty('why');
    expect(samples[1]).toMatchObject({ lane: 'test', why: 'refused' });
    expect(samples.every((sample) => sample.sentAt >= before && sample.endedAt <= monotonicMs())).toBe(true);
  });

  it('says by how much it was starved, and makes nothing up', async () => {
    const { samples, lane } = record({ ask: (_, done) => done({ why: '' }) });
    await until('a sample', () => samples.length >= 1);
    const before = samples.length;
    const from = monotonicMs();
    starve(200);
    await until('a sample', () => samples.length > before);
    lane.stop();
    const late = samples[before];
    expect(late?.late).toBeGreaterThan(150);
    expect(late?.sentAt).toBeGreaterThanOrEqual(from + 200);
    // Twenty beats were missed.
    const atOnce = samples.slice(before).filter((sample) => sample.sentAt < (late?.sentAt ?? 0) + 9);
    expect(atOnce.length).toBeLessThan(3);
  });

  it('numbers what is a ledger, asks no more at once than it may, and gives up what is open as ambiguous', async () => {
    const done: ((asked: ProbeResult) => void)[] = [];
    const { samples, lane } = record({ firstNumber: 100, most: 2, ask: (_, finish) => done.push(finish) });
    await until('a question too many', () => samples.length > 0);
    expect(samples[0]).toMatchObject({ why: '2 are open' });
    expect(samples[0]).not.toHaveProperty('number');
    done[1]?.({ why: '', outcome: 'acknowledged' });
    lane.stop();
    lane.giveUp();
    done[0]?.({ why: '', outcome: 'acknowledged' });
    expect(samples.filter((sample) => sample.number !== undefined)).toMatchObject([
      { number: 101, outcome: 'acknowledged' },
      { number: 100, outcome: 'ambiguous', why: 'given up' },
    ]);
    expect(lane.open()).toBe(0);
  });
});

describe('a deadline', () => {
  it('lets a starved process hear first what has come in time', async () => {
    let heard = '';
    const finish = (word: string) => (heard ||= word);
    const cancel = startDeadline(30, () => finish('timeout'));
    // Due after it, and so after it in the loop's own order.
    setTimeout(() => {
      cancel();
      finish('answer');
    }, 40);
    starve(100);
    await until('either', () => heard);
    expect(heard).toBe('answer');
  });
});

describe('the DHCP lanes', () => {
  const CONFIG: DhcpProberConfig = { vlan: 'vlan10', everyMs: 1000, timeoutMs: 900, stopMs: 900, firstMachine: 7 };
  const lease = (address: string | null, why: LeaseResult['why'] = ''): LeaseResult => ({
    address,
    server: address === null ? null : '10.10.10.1',
    seconds: 600,
    offered: [],
    why,
  });
  /** Machines whose wishes are granted as scripted; a release is only written down. */
  const scripted = (results: LeaseResult[]) => {
    const wishes: LeaseRequest[] = [];
    const machines: Machines = {
      grant: (wish, done) => {
        wishes.push(wish);
        if (wish.kind !== 'release') done(results.shift() ?? lease(null, 'no offer'));
      },
      held: () => [],
    };
    return { wishes, machines };
  };
  const why = (probe: Probe, turn: number) => {
    let said: string | null = null;
    probe.ask(turn, (asked) => (said = asked.why));
    return said;
  };

  it('is another machine each time, and gives the address back', () => {
    const { wishes, machines } = scripted([lease('10.10.10.200'), lease(null, 'no offer')]);
    const probe = newMachineProbe(CONFIG, machines);
    expect(probe.name).toBe('dhcp vlan10 new');
    expect([why(probe, 0), why(probe, 1)]).toEqual(['', 'no offer']);
    expect(wishes).toMatchObject([
      { kind: 'new', mac: '52:54:0e:00:00:07' },
      { kind: 'release', mac: '52:54:0e:00:00:07', address: '10.10.10.200', server: '10.10.10.1' },
      { kind: 'new', mac: '52:54:0e:00:00:08' },
    ]);
  });

  it('renews one address, begins anew after a refusal, and takes another address for a failure', () => {
    const { wishes, machines } = scripted([
      lease('10.10.10.200'),
      lease('10.10.10.200'),
      lease(null, 'no acknowledgement'),
      lease(null, 'refused'),
      lease('10.10.10.201'),
      lease('10.10.10.201'),
    ]);
    const probe = renewalProbe(CONFIG, machines);
    const said = [0, 1, 2, 3, 4, 5].map((turn) => why(probe, turn));
    void probe.close?.();
    expect(said).toEqual(['', '', 'no acknowledgement', 'refused', 'another address', '']);
    expect(wishes.map((wish) => wish.kind)).toEqual(['new', 'again', 'again', 'again', 'new', 'again', 'release']);
    expect(new Set(wishes.map((wish) => wish.mac)).size).toBe(1);
    expect(wishes.at(-1)).toMatchObject({ address: '10.10.10.201' });
  });
});
