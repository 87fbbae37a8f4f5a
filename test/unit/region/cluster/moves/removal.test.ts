import { describe, expect, it } from 'vitest';
import { AppError, isRejected } from '../../../../../src/core/errors.ts';
import { createRemovalJob } from '../../../../../src/region/cluster/moves/removal.ts';
import { checkEtcdWithout, planRemoval } from '../../../../../src/region/cluster/moves/removal-preflight.ts';
import type { VlanServerState } from '../../../../../src/region/networks/dhcp/servers.ts';
import type { EtcdPort } from '../../../../../src/region/cluster/trust/port.ts';
import { aSite, type NodeChanges } from '../fixture.ts';
import { type Disturbance, type FakeCluster, fakeCluster, lookOf, portsOf, runJob } from './fake.ts';

const DEAD = { silentFor: 60 };
const WISH = { isPlaceReserved: false, isForced: false, vlans: [] };
const vlan = (primary: string, secondary: string | null): VlanServerState => {
  const server = { primary, secondary, isChosen: true, servedBy: primary, since: null, isWhole: true, why: '' };
  return { vlan: 'fabric-1/vlan10', label: 'VLAN vlan10', server };
};
type Change = (cluster: FakeCluster) => void;
const told = (
  name: string,
  change: Change = () => {},
  wish: Partial<typeof WISH> & { vlans?: VlanServerState[] } = {},
) => {
  const cluster = fakeCluster();
  change(cluster);
  const plan = planRemoval(lookOf(cluster).site, name, { ...WISH, ...wish });
  return isRejected(plan) ? plan.message : plan.sentence;
};
/** The same on a site of five; `nodes`: what differs. */
const ofFive = (name: string, nodes: Readonly<Record<string, NodeChanges>>) => {
  const plan = planRemoval(aSite({ regions: 5, nodes }), name, WISH);
  return isRejected(plan) ? plan.message : plan.sentence;
};

describe('may a node be taken out', () => {
  it('says what will be done, and what may be lost', () => {
    expect(told('r3')).toBe(
      'r3 hands on calls, address and database, stops what it runs and is shut out; 2 region nodes are left, which can lose none; no acknowledged write is lost',
    );
    expect(told('r3', (it) => (it.nodes['r3'] = DEAD), { isPlaceReserved: true })).toBe(
      'r3 is silent: it is shut out; 2 region nodes are left, which can lose none; no acknowledged write is lost; its place is reserved for another host',
    );
    expect(ofFive('r5', {})).toContain('4 region nodes are left, which can lose 1');
  });

  it.each<[string, string, Change, RegExp]>([
    ['nobody of that name', 'r9', () => {}, /There is no node "r9"\. Nodes: r1, r2, r3 and k1/],
    [
      'a node that is alive, while another one is lost',
      'r2',
      (it) => (it.nodes['r3'] = DEAD),
      /without r2 etcd would have 1 of 2 voters \(r3 does not answer\), and its majority is 2\. Remove the lost nodes first\.$/,
    ],
    [
      'Patroni is paused',
      'r3',
      (it) => (it.nodes['r1'] = { db: { role: 'primary', isPaused: true } }),
      /Patroni is paused/,
    ],
  ])('refuses: %s', (_, name, change, why) => expect(told(name, change)).toMatch(why));

  it('refuses the last region node, and any where nobody leads', () => {
    const alone = planRemoval(aSite({ regions: 1 }), 'r1', WISH);
    expect(isRejected(alone) && alone.message).toMatch(/r1 is the last region node/);
    expect(told('r3', (it) => (it.leader = null))).toMatch(/no region node reports that it is the primary/);
  });

  it('refuses where nobody would be left for a commit to wait for', () => {
    const change: Change = (it) => {
      const members = [
        { name: 'r1', role: 'primary' as const, state: 'running', timeline: 7, lagBytes: null, isSynchronous: false },
        { name: 'r2', role: 'standby' as const, state: 'starting', timeline: 7, lagBytes: 0, isSynchronous: false },
        { name: 'r3', role: 'standby' as const, state: 'streaming', timeline: 7, lagBytes: 0, isSynchronous: true },
      ];
      it.nodes['r1'] = { db: { role: 'primary', members } };
    };
    expect(told('r3', change)).toMatch(/without r3 the database would not take writes: no other standby streams/);
  });

  it('replaces nobody who is alive and well, unless it is forced', () => {
    expect(told('r3', () => {}, { isPlaceReserved: true })).toMatch(/r3 is alive and well\..*--force/);
    expect(told('r3', () => {}, { isPlaceReserved: true, isForced: true })).toMatch(/its place is reserved/);
  });

  it('leaves a node alone that is joining just now', () => {
    expect(told('r3', (it) => (it.nodes['r3'] = { state: 'joining' }))).toMatch(/r3 is joining just now.*leave --undo/);
  });

  it('takes two of five out only one after the other', () => {
    expect(ofFive('r5', { r4: DEAD, r5: DEAD })).toMatch(/4 region nodes are left/);
    expect(ofFive('r3', { r4: DEAD, r5: DEAD })).toMatch(/without r3 etcd would have 2 of 4 voters \(r4 and r5/);
  });

  it('of a rack keeps its VLANs with its partner; the only rack of one stays', () => {
    const dead: Change = (it) => (it.nodes['k1'] = DEAD);
    const site = (change: Change) => {
      const cluster = fakeCluster();
      change(cluster);
      const { nodes, ...rest } = lookOf(cluster).site;
      return { ...rest, nodes: nodes.map((node) => (node.name === 'k1' ? { ...node, isFresh: false } : node)) };
    };
    const ask = (vlans: VlanServerState[], isPlaceKept: boolean) => {
      const plan = planRemoval(site(dead), 'k1', { ...WISH, isPlaceReserved: isPlaceKept, vlans });
      return isRejected(plan) ? plan.message : plan.sentence;
    };
    expect(ask([vlan('k1', 'k2')], false)).toMatch(/^k1 is silent: it is shut out; VLAN vlan10 to k2 alone; no ack/);
    expect(ask([vlan('k1', null)], false)).toMatch(
      /only rack of VLAN vlan10.*vlan set fabric-1\/vlan10 --primary-rack/,
    );
    expect(ask([vlan('k1', null)], true)).toMatch(/its place is reserved for another host$/);
  });
});

/** etcd of a fake cluster: removes members at once, unless it refuses. */
function etcdOf(cluster: FakeCluster, refusal: string | null = null): EtcdPort {
  return {
    members: async () =>
      cluster.voters.map((name) => ({
        id: name,
        name,
        isLearner: false,
        peerUrls: [`https://10.77.0.1${name.slice(1)}:2380`],
      })),
    storedLearners: async () => [],
    remove: async (id) => {
      if (refusal !== null) throw new AppError('etcd', refusal);
      cluster.actions.push(`etcd loses ${id}`);
      cluster.voters = cluster.voters.filter((name) => name !== id);
    },
  };
}

const remove = (
  cluster: FakeCluster,
  name: string,
  how: Disturbance & { isForced?: boolean; etcd?: EtcdPort } = {},
) => {
  const order = {
    node: name,
    id: `n-${name}`,
    addresses: [`10.77.0.1${name.slice(1)}`],
    isPlaceKept: false,
    isForced: how.isForced ?? false,
    wasDrained: false,
  };
  const kind = createRemovalJob({ ...portsOf(cluster), etcd: how.etcd ?? etcdOf(cluster) });
  return runJob(cluster, kind, order, how);
};
const OUT = (name: string) => ({
  state: 'done',
  result: `${name} is removed; if its host ever comes back, on it: regent leave.`,
});

describe('the removal of a node', () => {
  it('that is alive: drained, its daemons stop, etcd loses it, it is shut out', async () => {
    const cluster = fakeCluster();
    expect((await remove(cluster, 'r1')).end).toEqual(OUT('r1'));
    expect(cluster.actions).toEqual([
      'node.drained r1',
      'switchover r1 to any at 10.77.0.11',
      'node.leaving r1',
      'etcd loses r1',
      expect.stringMatching(/^node\.removed /),
    ]);
  });

  it('that is lost: etcd loses it, it is shut out', async () => {
    const cluster = fakeCluster();
    cluster.nodes['r3'] = DEAD;
    expect((await remove(cluster, 'r3')).end).toEqual(OUT('r3'));
    expect(cluster.actions).toEqual(['etcd loses r3', expect.stringMatching(/^node\.removed /)]);
  });

  it('that dies meanwhile goes on as of one that is lost', async () => {
    const cluster = fakeCluster();
    const { tick } = cluster;
    cluster.tick = () => {
      tick();
      if (cluster.leaving.has('r3')) cluster.nodes['r3'] = DEAD;
    };
    expect((await remove(cluster, 'r3')).end).toEqual(OUT('r3'));
  });

  it('goes on where another region left it, whatever it was at', async () => {
    for (const dieAt of ['r1 is marked', 'r1 hands', 'r2 leads', 'r1 stops what', 'r1 leaves etcd', 'r1 is shut out']) {
      const cluster = fakeCluster();
      const first = await remove(cluster, 'r1', { dieAt });
      // Who dies after the last step has told its end, and nobody writes it down.
      expect(first.end === null || dieAt === 'r1 is shut out', dieAt).toBe(true);
      const second = await remove(cluster, 'r1', { checkpoint: first.saved });
      expect(second.end, dieAt).toEqual(OUT('r1'));
      const once = cluster.actions.map((action) => action.replace(/^(node\.removed).*/, '$1'));
      expect(new Set(once).size, dieAt).toBe(once.length);
      expect(once.at(-1), dieAt).toBe('node.removed');
    }
  });

  it('whose daemons do not stop takes its marks back; by force it goes all the same', async () => {
    const stuck = () => {
      const cluster = fakeCluster();
      cluster.broken.add('r3/db');
      return cluster;
    };
    const cluster = stuck();
    const { end } = await remove(cluster, 'r3');
    expect(end).toMatchObject({
      state: 'failed',
      result: expect.stringMatching(/db on r3 is unhealthy.*r3 stays and takes/),
    });
    expect([cluster.leaving.size, cluster.drained.size, cluster.voters.length]).toEqual([0, 0, 3]);
    expect((await remove(stuck(), 'r3', { isForced: true })).end).toEqual(OUT('r3'));
  });

  it('that an operator ends takes its marks back', async () => {
    for (const abortAt of ['r3 is marked', 'r3 stops what']) {
      const cluster = fakeCluster();
      expect((await remove(cluster, 'r3', { abortAt })).end, abortAt).toMatchObject({ state: 'aborted' });
      expect([cluster.leaving.size, cluster.drained.size, cluster.voters.length], abortAt).toEqual([0, 0, 3]);
    }
  });

  it('that etcd refuses fails with its words', async () => {
    const cluster = fakeCluster();
    cluster.nodes['r3'] = DEAD;
    const etcd = etcdOf(cluster, 're-configuration failed due to not enough started members');
    const { end } = await remove(cluster, 'r3', { etcd });
    expect(end).toMatchObject({
      state: 'failed',
      result: expect.stringContaining('not enough started members; r3 stays'),
    });
  });

  it('asks for the majority again before etcd loses a voter', async () => {
    const cluster = fakeCluster();
    cluster.nodes['r3'] = DEAD;
    const { tick } = cluster;
    let looks = 0;
    cluster.tick = () => {
      tick();
      if (++looks > 1) cluster.nodes['r2'] = DEAD;
    };
    expect((await remove(cluster, 'r3')).end).toMatchObject({
      state: 'failed',
      result: expect.stringMatching(/1 of 2 voters/),
    });
    expect(cluster.actions).toEqual([]);
  });

  it('of who is gone already is done', async () => {
    const cluster = fakeCluster();
    cluster.gone.add('r3');
    expect((await remove(cluster, 'r3')).end).toEqual({ state: 'done', result: 'r3 is gone already.' });
  });
});

it('etcd needs a word of somebody else', () => {
  const site = aSite({ regions: 2, nodes: { r1: { silentFor: 60 } } });
  const refusal = checkEtcdWithout(site, 'r2');
  expect(refusal?.message).toMatch(/no node but r2 has reported it lately/);
});
