import { describe, expect, it } from 'vitest';
import type { Driver } from '../../../src/agent/driver.ts';
import { inTurn, stepMs, turnMs } from '../../../src/agent/self/turn.ts';
import type { Desired } from '../../../src/contract/cluster/agent.ts';

/** Desired state of one of these region nodes, or of a rack (`own` null). */
const desiredOf = (generation: number, own: string | null, names: readonly string[], drained = ''): Desired => ({
  nodeId: 'n',
  generation,
  digest: '0'.repeat(64),
  revision: generation,
  body: {
    regions: names.map((name) => ({
      name,
      address: `10.0.0.${name.slice(1)}`,
      ...(name === drained ? { isDrained: true } : {}),
    })),
    services: {
      dns: { desired: { serial: generation }, restart: null },
      lb: { desired: own === null ? null : { name: own, regions: names }, restart: null },
    },
  },
});
const THREE = ['r1', 'r2', 'r3'];
const FOUR = ['r3', 'r1', 'r4', 'r2'];
const STEP = stepMs(4);
const backup = { holdsAddress: false, fraction: 0.5 };

describe('the turn of a host', () => {
  it('comes at once where the region nodes stay as they are, also where there was one alone', () => {
    expect(turnMs(desiredOf(1, 'r2', THREE), desiredOf(2, 'r2', THREE), backup)).toBe(0);
    expect(turnMs(desiredOf(1, null, THREE), desiredOf(2, null, THREE), backup)).toBe(0);
    expect(turnMs(desiredOf(1, 'r1', ['r1']), desiredOf(2, 'r1', ['r1', 'r2']), backup)).toBe(0);
  });

  it('comes in the order of the names, for the holder of the address last, for a rack meanwhile', () => {
    const at = (own: string | null, place = backup) => turnMs(desiredOf(1, own, THREE), desiredOf(2, own, FOUR), place);
    expect(['r1', 'r2', 'r3', 'r4'].map((own) => at(own))).toEqual([0, STEP, 2 * STEP, 3 * STEP]);
    expect(at('r1', { holdsAddress: true, fraction: 0 })).toBe(4 * STEP);
    expect([0, 0.5, 1].map((fraction) => at(null, { holdsAddress: false, fraction }))).toEqual([0, 2 * STEP, 4 * STEP]);
  });

  it('is waited for where each would start its etcd again, and not where only a list of it grows', () => {
    const inner = (state: Desired, revocations: string | null): Desired => {
      const dcs = { desired: revocations === null ? {} : { inner: { authority: 'a', revocations } }, restart: null };
      return { ...state, body: { ...state.body, services: { ...state.body.services, dcs } } };
    };
    const at = (own: string, before: string | null, after: string | null) =>
      turnMs(inner(desiredOf(1, own, THREE), before), inner(desiredOf(2, own, THREE), after), backup);
    expect(THREE.map((own) => at(own, null, 'x'))).toEqual([0, stepMs(3), 2 * stepMs(3)]);
    expect(THREE.map((own) => at(own, 'x', null))).toEqual([0, stepMs(3), 2 * stepMs(3)]);
    expect(THREE.map((own) => at(own, 'x', 'y'))).toEqual([0, 0, 0]);
  });

  it('is waited for where a node is drained, too; who leaves is the last one', () => {
    expect(turnMs(desiredOf(1, 'r3', THREE), desiredOf(2, 'r3', THREE, 'r2'), backup)).toBe(2 * stepMs(3));
    expect(turnMs(desiredOf(1, 'r3', THREE), desiredOf(2, null, ['r1', 'r2']), backup)).toBe(3 * stepMs(2));
  });
});

describe('the time from one turn to the next', () => {
  it('is 3 s, and less where the last one would wait for more than 9 s', () => {
    expect([2, 3, 4, 5, 9].map(stepMs)).toEqual([3000, 3000, 2250, 1800, 1000]);
  });
});

describe('a driver that takes its turn', () => {
  const open = () => {
    const taken: number[] = [];
    const ends: (() => void)[] = [];
    const waits: number[] = [];
    const driver = {
      want: ({ generation }: Desired) => taken.push(generation),
      setRoles: () => {},
    } as unknown as Driver;
    const ports = {
      log: { info: () => {} },
      random: { fraction: () => 0.5 },
      wait: (ms: number) => {
        waits.push(ms);
        return new Promise<void>((end) => ends.push(end));
      },
    } as unknown as Parameters<typeof inTurn>[1];
    return { turn: inTurn(driver, ports), taken, waits, end: async () => (ends.shift()?.(), await Promise.resolve()) };
  };

  it('takes the first at once, what comes meanwhile with the turn, and what follows at once again', async () => {
    const { turn, taken, waits, end } = open();
    turn.want(desiredOf(1, 'r1', THREE));
    turn.setRoles([{ kind: 'vip', state: 'active' }]);
    turn.want(desiredOf(2, 'r1', FOUR));
    turn.want(desiredOf(3, 'r1', FOUR));
    expect([taken, waits]).toEqual([[1], [4 * STEP]]);
    await end();
    turn.want(desiredOf(4, 'r1', FOUR));
    expect([taken, waits]).toEqual([[1, 3, 4], [4 * STEP]]);
  });

  it('takes its end at once, and nothing of what waited after it', async () => {
    const { turn, taken, end } = open();
    turn.want(desiredOf(1, 'r2', THREE));
    turn.want(desiredOf(2, 'r2', FOUR));
    const { body, ...rest } = desiredOf(3, 'r2', FOUR);
    turn.want({ ...rest, body: { ...body, services: { lb: { desired: null, restart: null } } } });
    await end();
    expect(taken).toEqual([1, 3]);
  });
});
