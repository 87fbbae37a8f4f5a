import { beforeAll, describe, expect, it } from 'vitest';
import { AppError } from '../../../src/core/errors.ts';
import { runJoin } from '../../../src/join/member/join.ts';
import { runLeave } from '../../../src/join/member/depart.ts';
import { runUndo } from '../../../src/join/member/leave.ts';
import type { LeaveOptions } from '../../../src/join/member/options.ts';
import type { MemberPorts } from '../../../src/join/member/ports.ts';
import { CLUSTER_UNITS, PATHS, UNITS } from '../../../src/join/paths.ts';
import type { Authority } from '../../../src/pki/authority.ts';
import { argvOf } from '../../kit/argv-of.ts';
import { testAuthority } from '../../kit/cluster/pki.ts';
import { SILENT } from '../../kit/exec-result.ts';
import { HOST, NOW, type Roles } from './fake-cluster.ts';
import { FakeJoiner } from './fake-joiner.ts';
import { countEffects } from './mortal.ts';

const LEAVE: LeaveOptions = { isUndo: true, isConfirmed: true, isForced: false, deadlineMs: 5_000 };
const ROLES: readonly [string, Roles][] = [
  ['region', { isRegion: true, isRack: false }],
  ['region and rack', { isRegion: true, isRack: true }],
  ['rack', { isRegion: false, isRack: true }],
];
/** Undoing a region node's join and a rack's: the first one does both. */
const BOTH = ROLES.slice(1);
const SIDES = [false, true] as const;
let authority: Authority;
beforeAll(async () => {
  authority = await testAuthority('c1', NOW - 86_400_000);
});

const aHost = (roles: Roles) => new FakeJoiner(authority, roles);
const join = async (host: FakeJoiner, changes: Partial<MemberPorts> = {}) =>
  await runJoin(
    { ...host.ports(), ...changes },
    {
      token: host.cluster.token(),
      name: null,
      address: null,
      isConfirmed: false,
      isJson: true,
      deadlineMs: 120_000,
    },
  );
const undo = async (host: FakeJoiner, options: Partial<LeaveOptions> = {}) =>
  await runUndo(host.ports(), { ...LEAVE, ...options });

/** A host of its own for each place at which a join can die. */
async function* hostsKilled(roles: Roles, after: boolean): AsyncGenerator<[FakeJoiner, string]> {
  for (let kill = 1; ; kill += 1) {
    const host = aHost(roles);
    if (!(await host.killed(kill, after, () => join(host)))) return;
    yield [host, `join killed ${after ? 'after' : 'before'} effect ${kill}`];
  }
}

describe.each(ROLES)('regent join as %s, killed', (_, roles) => {
  it('has effects to be killed at', async () => {
    const total = await countEffects(aHost(roles), join);
    expect(total).toBeGreaterThan(roles.isRegion ? 20 : 12);
  });

  it.each(SIDES)(
    'goes on at every place (effect done, answer lost: %s)',
    async (after) => {
      for await (const [host, when] of hostsKilled(roles, after)) {
        expect(await join(host), `${when}: ${host.said.join('\n')}`).toBe(0);
        expectMember(host, when);
      }
    },
    120_000,
  );

  it('goes on after two kills at any places', async () => {
    for await (const [host, when] of hostsKilled(roles, true)) {
      await host.killed(3, true, () => join(host));
      expect(await join(host), when).toBe(0);
      expectMember(host, when);
    }
  }, 120_000);
});

describe('regent join on a host that was a node', () => {
  const RACK = { isRegion: false, isRack: true };
  it('says that it is one, and changes nothing', async () => {
    const host = aHost(RACK);
    expect(await join(host)).toBe(0);
    expect(await join(host)).toBe(0);
    host.cluster.outage = 'no route';
    expect(await join(host)).toBe(0);
  });

  it('and was pushed out says so and names the steps back, which work', async () => {
    const host = aHost(RACK);
    expect(await join(host)).toBe(0);
    for (const serial of host.cluster.signed) host.cluster.revoked.add(serial);
    const before = new Map(host.files);
    expect(await join(host)).toBe(1);
    expect(host.files).toEqual(before);
    const said = host.said.join('\n');
    expect(said).toContain('this host was the node r2. The cluster has taken it out');
    expect(said).toMatch(/regent node replace r2[^]*regent leave, and after it regent join -/);
    const leave = { isUndo: false, isConfirmed: true, isForced: false, deadlineMs: 5_000 };
    expect(await runLeave(host.ports(), leave), host.said.join('\n')).toBe(0);
    host.cluster.forget(null);
    host.cluster.usedByKey = null;
    expect(await join(host), host.said.join('\n')).toBe(0);
    expectMember(host, 'it came back');
  });
});

describe('regent join as region', () => {
  it('leaves its member of etcd alone when nobody can tell whether the data are there', async () => {
    const host = aHost({ isRegion: true, isRack: false });
    host.cluster.isCarrying = () => false;
    expect(await join(host)).toBe(5);
    const before = structuredClone(host.cluster.members);
    const own = host.ports().host;
    const asked = `find ${PATHS.etcdData}/member -maxdepth 0`;
    const exec: typeof own.exec = async (command) =>
      argvOf(command).join(' ') === asked ? SILENT : await own.exec(command);
    expect(await join(host, { host: { ...own, exec } })).toBe(1);
    expect(host.said.join('\n')).toContain(`${PATHS.etcdData}/member cannot be read: no answer in time`);
    expect(host.cluster.members).toEqual(before);
    host.cluster.isCarrying = () => host.isCarrying();
    expect(await join(host)).toBe(0);
    expect(host.cluster.members).toEqual(before);
  });
});

describe('regent join as region, whose daemon fails at first', () => {
  /** A host whose region daemon does not start so many times. */
  const failing = (times: number) => {
    const host = aHost({ isRegion: true, isRack: false });
    const own = host.ports().host;
    const tried: string[] = [];
    const act: typeof own.units.act = async (unit, verb, timeoutMs) => {
      if (unit !== UNITS.region) return await own.units.act(unit, verb, timeoutMs);
      tried.push(verb);
      if (tried.length <= times)
        throw new AppError('command', `systemctl ${verb} ${unit} failed: Job for ${unit} failed.`);
      await own.units.act(unit, verb, timeoutMs);
    };
    return { host, tried, changes: { host: { ...own, units: { ...own.units, act } } } };
  };

  it('waits until systemd has brought it up, and says once what it waits for', async () => {
    const { host, tried, changes } = failing(3);
    expect(await join(host, changes)).toBe(0);
    expectMember(host, 'at last');
    expect(tried).toEqual(['start', 'start', 'start', 'start']);
    const words = `${UNITS.region} does not start yet: systemctl start ${UNITS.region} failed`;
    expect(host.said.filter((line) => line.includes(words))).toHaveLength(1);
  });

  it('ends at its deadline with what is missing, and goes on when it is started again', async () => {
    const { host, tried, changes } = failing(Number.POSITIVE_INFINITY);
    expect(await join(host, changes)).toBe(5);
    expect(tried.length).toBeGreaterThan(10);
    expect(host.said.join('\n')).toMatch(
      /step \d+ \(region\) failed[^]*Missing: regent-regiond.service does not start yet/,
    );
    expect(await join(host)).toBe(0);
    expectMember(host, 'another run');
  });
});

describe.each(BOTH)('regent leave --undo of a join as %s', (_, roles) => {
  it.each(SIDES)(
    'leaves the host and the cluster clean wherever it died (answer lost: %s)',
    async (after) => {
      for await (const [host, when] of hostsKilled(roles, after)) {
        if (isThrough(host)) {
          await expectRefused(host, when);
          continue;
        }
        expect(await undo(host), `${when}: ${host.said.join('\n')}`).toBe(0);
        expectClean(host, when);
      }
    },
    120_000,
  );

  it.each(SIDES)(
    'is itself killed at every effect, and repeated (answer lost: %s)',
    async (after) => {
      for await (const [host, when] of hostsToUndo(roles, after)) {
        if (host.text(PATHS.joinNote)?.includes('"undo"') === true) await expectNoJoin(host, when);
        expect(await undo(host), `${when}: ${host.said.join('\n')}`).toBe(0);
        expectClean(host, when);
      }
    },
    120_000,
  );

  it('makes way for another join', async () => {
    const host = aHost(roles);
    await host.killed((await countEffects(aHost(roles), join)) - 4, true, () => join(host));
    expect(await undo(host)).toBe(0);
    host.cluster.usedByKey = null;
    expect(await join(host)).toBe(0);
    expectMember(host, 'a second join');
  });
});

describe('regent leave --undo', () => {
  const REGION = { isRegion: true, isRack: false };
  /** The last place at which it is not a member yet: etcd has it as a voter. */
  const aVoter = async () => {
    const host = aHost(REGION);
    host.cluster.isCarrying = () => false;
    expect(await join(host)).toBe(5);
    expect(host.cluster.members).toHaveLength(2);
    return host;
  };

  it('touches nothing while no region can be asked; with --force it cleans the host and acts for nobody', async () => {
    const host = await aVoter();
    host.cluster.outage = 'no route';
    const before = new Map(host.files);
    expect(await undo(host)).toBe(5);
    expect(host.files).toEqual(before);
    expect(host.active.has(UNITS.agent)).toBe(true);
    expect(await undo(host, { isForced: true })).toBe(0);
    expect(host.said.join('\n')).toContain('regent node delete r2');
    // Whether it is a member by now nobody could say: etcd keeps it until an admin has spoken.
    expect(host.cluster.members).toHaveLength(2);
    expect(host.text(PATHS.key)).toBeNull();
  });

  it('of a host that was cleaned by force makes way: its member, whose data are gone, is replaced', async () => {
    const host = await aVoter();
    host.cluster.outage = 'no route';
    await undo(host, { isForced: true });
    Object.assign(host.cluster, { outage: '', usedByKey: null, isCarrying: () => host.isCarrying() });
    host.cluster.forget(null);
    const stale = host.cluster.members[1]?.id;
    expect(await join(host)).toBe(0);
    expectMember(host, 'joined again');
    expect(host.cluster.members.map(({ id }) => id)).not.toContain(stale);
  });

  it('of a node that an admin has deleted cleans the host, and leaves etcd to the region nodes', async () => {
    const host = await aVoter();
    host.cluster.forget(null);
    expect(await undo(host)).toBe(0);
    expect(host.text(PATHS.key)).toBeNull();
    expect(host.cluster.members).toHaveLength(2);
  });
});

/** The cluster counts it as a region node that carries its part, or the join has ended: nothing to undo. */
function isThrough(host: FakeJoiner): boolean {
  return host.text(PATHS.joinDone) !== null || (host.roles.isRegion && host.cluster.row?.state === 'member');
}

/** Hosts of joins that died with the answer lost, and shortly before they were through; each undone and killed at each effect of that. */
async function* hostsToUndo(roles: Roles, after: boolean): AsyncGenerator<[FakeJoiner, string]> {
  const total = await countEffects(aHost(roles), join);
  for (const left of after ? [5, total - 4] : [total - 4]) {
    const joined = aHost(roles);
    await joined.killed(left, true, () => join(joined));
    for (let kill = 1; ; kill += 1) {
      const host = joined.copy();
      if (!(await host.killed(kill, after, () => undo(host)))) break;
      yield [host, `join killed after effect ${left}, undo ${after ? 'after' : 'before'} effect ${kill}`];
    }
  }
}

/** What is being undone is not gone on with. */
async function expectNoJoin(host: FakeJoiner, when: string): Promise<void> {
  expect(await join(host), when).toBe(1);
  expect(host.said.join('\n'), when).toContain('An undo of an earlier join was interrupted');
}

async function expectRefused(host: FakeJoiner, when: string): Promise<void> {
  const before = new Map(host.files);
  expect(await undo(host), when).toBe(1);
  expect(host.files, when).toEqual(before);
  expect(await join(host), when).toBe(0);
  expectMember(host, when);
}

function expectMember(host: FakeJoiner, when: string): void {
  const { cluster, roles } = host;
  expect(cluster.row, when).toMatchObject({ name: HOST.name, state: 'member', isRegion: roles.isRegion });
  expect(cluster.row?.rack !== null, when).toBe(roles.isRack);
  expect(host.isCarrying(), when).toBe(true);
  expect(cluster.isRevoked(host.text(PATHS.certificate) ?? ''), when).toBe(false);
  expect(cluster.members.map(({ name }) => name).sort(), when).toEqual(roles.isRegion ? ['r1', 'r2'] : ['r1']);
  const units = roles.isRegion ? Object.values(UNITS) : [UNITS.helper, UNITS.agent];
  expect([...host.enabled].sort(), when).toEqual([...units].sort());
  expect(host.text(PATHS.joinNote), when).toBeNull();
  expect(JSON.parse(host.text(PATHS.joinDone) ?? ''), when).toEqual({ nodeId: HOST.nodeId, name: HOST.name });
  expect(host.text(PATHS.agentConf), when).toContain('NODE_NAME=r2');
  expect(host.text(PATHS.authorityKey) !== null, when).toBe(roles.isRegion);
}

/** Nothing but who it is as a rack is left of the join, here and in the cluster. */
function expectClean(host: FakeJoiner, when: string): void {
  const { cluster } = host;
  expect(cluster.row, when).toBeNull();
  expect(
    cluster.members.map(({ name }) => name),
    when,
  ).toEqual(['r1']);
  expect([...cluster.revoked].sort(), when).toEqual(cluster.signed);
  const left = [...host.files.keys()].filter((path) => path !== PATHS.rackKey);
  const confs: readonly string[] = [PATHS.conf, PATHS.agentConf, PATHS.rackConf];
  expect(
    left.filter((path) => !confs.includes(path)),
    when,
  ).toEqual([]);
  const texts = confs.map((path) => host.text(path) ?? '').join('\n');
  expect(texts, when).not.toMatch(/^(NODE_NAME|RACK|REGION_URLS|MAAS_URL)=/m);
  expect(texts, when).toContain('LOG_LEVEL=debug');
  expect(
    [...host.active].filter((unit) => unit !== UNITS.helper),
    when,
  ).toEqual([]);
  expect(
    [...host.enabled].filter((unit) => unit !== UNITS.helper),
    when,
  ).toEqual([]);
  expect(
    Object.values(CLUSTER_UNITS).filter((unit) => host.active.has(unit)),
    when,
  ).toEqual([]);
}

describe("a cluster with an operator's own database", () => {
  const URL_TEXT = 'postgresql://regent:s3cr3t@a.example,b.example/site';
  const external = () => {
    const host = aHost({ isRegion: true, isRack: false });
    host.cluster.databaseUrl = URL_TEXT;
    return host;
  };

  it('gives its URLs to a region node, which shows them nowhere', async () => {
    const host = external();
    expect(await join(host)).toBe(0);
    expect(host.text(PATHS.conf)).toContain(`DATABASE_URL=${URL_TEXT}\n`);
    expect(host.said.join('\n')).not.toContain('s3cr3t');
    expect(host.text(PATHS.agentConf)).not.toContain('s3cr3t');
  });

  it('waits until that database lets the host in, says what is missing, and goes on from there', async () => {
    const host = external();
    host.databaseTrouble = 'no pg_hba.conf entry for host "10.77.0.12"';
    expect(await join(host)).toBe(5);
    expect(host.said.join('\n')).toContain('no pg_hba.conf entry');
    expect(host.text(PATHS.joinDone)).toBeNull();
    host.databaseTrouble = null;
    expect(await join(host)).toBe(0);
  });
});
