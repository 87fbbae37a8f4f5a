import { beforeAll, describe, expect, it } from 'vitest';
import { runJoin } from '../../../src/join/member/join.ts';
import { runLeave } from '../../../src/join/member/depart.ts';
import type { LeaveOptions } from '../../../src/join/member/options.ts';
import type { MemberPorts } from '../../../src/join/member/ports.ts';
import { PATHS, UNITS } from '../../../src/join/paths.ts';
import type { Authority } from '../../../src/pki/authority.ts';
import { testAuthority } from '../../kit/cluster/pki.ts';
import { NOW, type Roles } from './fake-cluster.ts';
import { FakeJoiner } from './fake-joiner.ts';

const OPTIONS: LeaveOptions = { isUndo: false, isConfirmed: true, isForced: false, deadlineMs: 5_000 };
const BOTH: Roles = { isRegion: true, isRack: true };
let authority: Authority;
beforeAll(async () => {
  authority = await testAuthority('c1', NOW - 86_400_000);
});

const join = (host: FakeJoiner) => {
  const asked = { token: host.cluster.token(), name: null, address: null, isConfirmed: true, isJson: true };
  return runJoin(host.ports(), { ...asked, deadlineMs: 120_000 });
};

/** A member of the cluster; `isOut`: an admin has taken it out since. */
async function aMember({
  isOut,
  roles = BOTH,
}: {
  readonly isOut: boolean;
  readonly roles?: Roles;
}): Promise<FakeJoiner> {
  const host = new FakeJoiner(authority, roles);
  expect(await join(host)).toBe(0);
  host.put(PATHS.ledger, JSON.stringify({ body: { regions: [{ name: 'r1', address: '10.77.0.11' }] } }));
  if (isOut) host.cluster.forget(null);
  return host;
}
const leave = (host: FakeJoiner, options: Partial<LeaveOptions> = {}, ports: Partial<MemberPorts> = {}) =>
  runLeave({ ...host.ports(), ...ports }, { ...OPTIONS, ...options });

function expectClean(host: FakeJoiner, when: string): void {
  const confs: readonly string[] = [PATHS.conf, PATHS.agentConf, PATHS.rackConf];
  expect(
    [...host.files.keys()].filter((path) => !confs.includes(path)),
    when,
  ).toEqual([]);
  const texts = confs.map((path) => host.text(path) ?? '').join('\n');
  expect(texts, when).not.toMatch(/^(NODE_NAME|RACK|REGION_URLS|MAAS_URL|CLUSTER_UUID)=/m);
  expect(texts, when).toContain('LOG_LEVEL=debug');
  expect(
    [...host.active].filter((unit) => unit !== UNITS.helper),
    when,
  ).toEqual([]);
  expect(host.enabled.has(UNITS.agent), when).toBe(false);
}

describe('regent leave', () => {
  it('cleans a host that was taken out, who it was as a rack too', async () => {
    const host = await aMember({ isOut: true });
    expect(await leave(host), host.said.join('\n')).toBe(0);
    expectClean(host, 'left');
    expect(await leave(host)).toBe(0);
    expect(host.said.at(-1)).toBe('This host is not a node.');
  });

  it.each([false, true])(
    'goes on at every place (effect done, answer lost: %s), without a question',
    async (after) => {
      const joins: string[] = [];
      for (let kill = 1; ; kill += 1) {
        const host = (await aMember({ isOut: true })).copy();
        if (!(await host.killed(kill, after, () => leave(host)))) break;
        const isBegun = host.text(PATHS.leaveNote) !== null;
        if (isBegun) {
          host.cluster.outage = 'no route';
          joins.push(`${await join(host)} ${host.said.at(-1)}`);
        }
        expect(await leave(host), `killed at ${kill}: ${host.said.join('\n')}`).toBe(0);
        expectClean(host, `killed at ${kill}`);
      }
      // A join in between is refused.
      expect(joins.length).toBeGreaterThan(3);
      for (const joined of joins) expect(joined).toMatch(/^1 .*Complete it first: regent leave/s);
    },
    120_000,
  );

  it('leaves a host alone that is a node still, also by force', async () => {
    const host = await aMember({ isOut: false });
    const before = new Map(host.files);
    for (const isForced of [false, true]) expect(await leave(host, { isForced })).toBe(1);
    expect(host.files).toEqual(before);
    expect(host.said.join('\n')).toContain('First, on a region node: regent node remove r2');
  });

  it('asks no longer than it is told; by force it believes whoever runs it', async () => {
    const host = await aMember({ isOut: true });
    host.cluster.outage = 'no route';
    expect(await leave(host)).toBe(5);
    expect(host.text(PATHS.key)).not.toBeNull();
    expect(await leave(host, { isForced: true })).toBe(0);
    expectClean(host, 'by force');
    expect(host.said.join('\n')).toContain('warning: no region reports whether r2 was removed from the cluster');
  });

  it('cleans a host whose cluster was recovered without it, though nobody can be asked; until then no join begins', async () => {
    const host = await aMember({ isOut: false });
    host.put(PATHS.epochOver, '{"epoch":"2/4f2e90ab@1"}');
    host.cluster.outage = 'no route';
    expect(await join(host)).toBe(1);
    expect(host.said.at(-1)).toContain('recovered without it. Clean it first: regent leave');
    expect(await leave(host), host.said.join('\n')).toBe(0);
    expectClean(host, 'left');
  });

  it('removes nothing without a yes', async () => {
    const host = await aMember({ isOut: true });
    const before = new Map(host.files);
    expect(await leave(host, { isConfirmed: false }, { confirm: async () => false })).toBe(1);
    expect(host.files).toEqual(before);
  });

  it('sends whoever has not ended a join to the undo', async () => {
    const host = new FakeJoiner(authority, BOTH);
    host.put(PATHS.joinNote, '{}');
    expect(await leave(host)).toBe(1);
    expect(host.said.join('\n')).toContain('regent leave --undo');
  });
});
