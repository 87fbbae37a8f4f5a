import { describe, expect, it, vi } from 'vitest';
import { withPopulation } from '../../../../src/drills/hazards/expect.ts';
import { hazardOf } from '../../../../src/drills/hazards/catalogue.ts';
import { Holders } from '../../../../src/drills/probes/dhcp/holders.ts';
import type { Machines, LeaseResult, LeaseRequest } from '../../../../src/drills/probes/dhcp/machines.ts';
import { encodeQuestion } from '../../../../src/drills/probes/dhcp/packet.ts';
import { openPopulation } from '../../../../src/drills/probes/lanes/population.ts';
import { type LaneSample, runLane } from '../../../../src/drills/probes/lanes/lane.ts';

const CONFIG = { vlan: 'vlan10', firstMachine: 1 };
const none = (why: LeaseResult['why']): LeaseResult => ({
  address: null,
  server: null,
  seconds: null,
  offered: [],
  why,
});
const lease = (address: string): LeaseResult => ({
  address,
  server: '10.0.0.1',
  seconds: 600,
  offered: [address],
  why: '',
});

/** Machines whose wishes are answered by a function. */
function machinesOf(answer: (wish: LeaseRequest) => LeaseResult): { machines: Machines; wishes: LeaseRequest[] } {
  const wishes: LeaseRequest[] = [];
  return {
    wishes,
    machines: {
      grant: (wish, done) => {
        wishes.push(wish);
        if (wish.kind !== 'release') done(answer(wish));
      },
      held: () => [],
    },
  };
}

/** Gives each MAC an address of its own, the same each time. */
function pool(): (wish: LeaseRequest) => LeaseResult {
  const given = new Map<string, string>();
  return ({ mac }) => {
    const address = given.get(mac) ?? `10.0.0.${given.size + 10}`;
    given.set(mac, address);
    return lease(address);
  };
}

describe('who has an address', () => {
  it('is the last one that got it; two at once are told, once', () => {
    const holders = new Holders();
    expect(holders.give('a', '10.0.0.1')).toBeNull();
    expect(holders.give('a', '10.0.0.1')).toBeNull();
    expect(holders.give('b', '10.0.0.1')).toEqual({ address: '10.0.0.1', first: 'a', second: 'b' });
    expect(holders.give('b', '10.0.0.1')).toBeNull();
    expect(holders.held()).toEqual([['10.0.0.1', 'b']]);
  });

  it('is nobody after a release, or where the machine got another address', () => {
    const holders = new Holders();
    holders.give('a', '10.0.0.1');
    holders.takeBack('a');
    expect(holders.give('b', '10.0.0.1')).toBeNull();
    expect(holders.give('b', '10.0.0.2')).toBeNull();
    expect(holders.give('c', '10.0.0.1')).toBeNull();
    holders.takeBack('nobody');
    expect(holders.held()).toEqual([
      ['10.0.0.2', 'b'],
      ['10.0.0.1', 'c'],
    ]);
  });
});

describe('a population', () => {
  it('has its leases first, asks for them in turn, and gives all back, twice', async () => {
    const { machines, wishes } = machinesOf(pool());
    const [hold, arrive] = await openPopulation(CONFIG, { holding: 12, arriving: 3 }, machines);
    expect([hold?.name, arrive?.name, arrive?.burst]).toEqual(['hold vlan10', 'arrive vlan10', 3]);
    expect(wishes.map(({ kind }) => kind)).toEqual(Array.from({ length: 12 }, () => 'new'));
    const whys: string[] = [];
    for (let turn = 0; turn < 24; turn += 1) hold?.ask(turn, ({ why }) => whys.push(why));
    expect(new Set(whys)).toEqual(new Set(['']));
    expect(new Set(wishes.slice(12).map(({ mac }) => mac)).size).toBe(12);
    for (let turn = 0; turn < 3; turn += 1) arrive?.ask(turn, ({ why }) => whys.push(why));
    await hold?.close?.();
    await arrive?.close?.();
    expect(wishes.filter(({ kind }) => kind === 'release')).toHaveLength(30);
  });

  it('does not begin where the pool is too small', async () => {
    const { machines } = machinesOf(() => none('no offer'));
    await expect(openPopulation(CONFIG, { holding: 1, arriving: 0 }, machines)).rejects.toThrow(/52:54:0b.* no offer/);
  });

  it('fails for another address and a refusal at once, and not for a question that is answered the second time', async () => {
    const answers: LeaseResult[] = [];
    const given = pool();
    const { machines, wishes } = machinesOf((wish) => answers.shift() ?? given(wish));
    const [hold] = await openPopulation(CONFIG, { holding: 1, arriving: 0 }, machines);
    const ask = (...script: LeaseResult[]) => {
      answers.push(...script);
      let said = '?';
      hold?.ask(0, ({ why }) => (said = why));
      return said;
    };
    expect(ask(lease('10.0.0.99'))).toBe('another address');
    expect(ask(none('refused'))).toBe('refused');
    expect(ask(none('no acknowledgement'), none('no acknowledgement'))).toBe('');
    expect(wishes.at(-1)).toMatchObject({ kind: 'again', address: '10.0.0.10' });
  });

  it('tells servers how long a machine has asked (RFC 2131, secs)', () => {
    const packet = encodeQuestion({ kind: 'discover', xid: 1, mac: '52:54:00:00:00:01', seconds: 12 });
    expect(packet.readUInt16BE(8)).toBe(12);
    expect(encodeQuestion({ kind: 'discover', xid: 1, mac: '52:54:00:00:00:01' }).readUInt16BE(8)).toBe(0);
  });
});

describe('a lane of bursts', () => {
  it('asks nothing until it is told, then all of it, each one once', async () => {
    const samples: LaneSample[] = [];
    const turns: number[] = [];
    const probe = {
      name: 'arrive x',
      everyMs: 10,
      burst: 5,
      ask: (turn: number, done: (asked: { why: string }) => void) => {
        turns.push(turn);
        done({ why: '' });
      },
    };
    const lane = runLane(probe, 0, (sample) => samples.push(sample));
    expect(turns).toEqual([]);
    lane.burst();
    await vi.waitFor(() => expect(samples).toHaveLength(5), 3000);
    lane.burst();
    lane.stop();
    expect(turns).toEqual([0, 1, 2, 3, 4]);
  });
});

describe('what a population is promised', () => {
  it('is what the hazard promises of DHCP; nothing where it promises it late, or not at all', () => {
    const expects = (id: string) => {
      const hazard = hazardOf(id);
      if (hazard === undefined) throw new Error(id);
      return withPopulation(hazard).expects.map(({ probe }) => probe);
    };
    expect(expects('host-kill-rack')).toEqual(expect.arrayContaining(['hold', 'arrive', 'real']));
    expect(expects('host-kill-racks')).not.toContain('hold');
    expect(expects('planned-switchover')).not.toContain('hold');
  });
});
