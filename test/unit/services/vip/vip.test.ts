import { describe, expect, it } from 'vitest';
import type { Snapshot } from '../../../../src/model/snapshot.ts';
import { compileVip } from '../../../../src/services/vip/compile.ts';
import { activateVip, parseProbeVip, roleChangeVip } from '../../../../src/services/vip/daemon.ts';
import type { VipDesired } from '../../../../src/services/vip/desired.ts';
import { parseVipFacts } from '../../../../src/services/vip/facts.ts';
import { HEALTH_JSON, KEEPALIVED_CONF, viewVip } from '../../../../src/services/vip/view.ts';
import { aCluster, clusterSnapshot, emptySnapshot, FACTS } from '../../../kit/snapshots.ts';
import { answer } from '../../../kit/exec-result.ts';
import type { Node } from '../../../../src/model/cluster/node.ts';

function compile(nodeId = 'n-r1', changes: Partial<Snapshot> = {}): VipDesired | null {
  return compileVip(clusterSnapshot(changes), nodeId);
}

function desired(nodeId = 'n-r1', changes: Partial<Snapshot> = {}): VipDesired {
  const part = compile(nodeId, changes);
  if (part === null) throw new Error('there is none');
  return part;
}

const withRegions = (change: (node: Node) => Node) => ({
  nodes: clusterSnapshot().nodes.map((node) => (node.isRegion ? change(node) : node)),
});

describe('compile', () => {
  it('gives every region node the others as peers and a priority of its own', () => {
    expect(desired('n-r2')).toEqual({
      clusterId: 'regent-0f3a9c21',
      router: 51,
      vip: '10.77.0.10/24',
      priority: 145,
      name: 'r2',
      address: '10.77.0.12',
      isMember: true,
      peers: [
        { name: 'r1', address: '10.77.0.11' },
        { name: 'r3', address: '10.77.0.13' },
      ],
    });
    expect(['n-r1', 'n-r2', 'n-r3'].map((id) => desired(id).priority)).toEqual([210, 145, 80]);
  });

  it('is absent on racks, without a cluster and without a floating address', () => {
    expect(compile('n-k1')).toBeNull();
    expect(compileVip(emptySnapshot(), 'n-r1')).toBeNull();
    expect(compile('n-r1', { cluster: aCluster() })).toBeNull();
  });

  it('keeps the address from a node that is joining, unless all are', () => {
    const joining = withRegions((node) => (node.name === 'r3' ? { ...node, state: 'joining' as const } : node));
    expect(desired('n-r3', joining).isMember).toBe(false);
    expect(desired('n-r1', joining).peers).toHaveLength(2);
    const seed = withRegions((node) => ({ ...node, state: 'joining' as const }));
    expect(desired('n-r1', seed).isMember).toBe(true);
  });

  it('says of a drained node alone that it is one', () => {
    const drained = withRegions((node) => ({ ...node, isDrained: node.name === 'r3' }));
    expect(desired('n-r3', drained)).toMatchObject({ isMember: true, isDrained: true });
    expect(desired('n-r1', drained)).toEqual(desired('n-r1'));
    expect(viewVip(desired('n-r1', drained), FACTS).isDrained).toBe(false);
  });

  it('gives many nodes priorities of their own too', () => {
    const many = Array.from(
      { length: 60 },
      (_, index): Node => ({
        id: `n${index}`,
        name: `r${index}`,
        isRegion: true,
        isRack: false,
        addresses: [`10.77.1.${index + 1}`],
        state: 'member',
      }),
    );
    const priorities = many.map((node) => desired(node.id, { nodes: many }).priority);
    expect(new Set(priorities).size).toBe(60);
    expect(Math.min(...priorities)).toBeGreaterThan(0);
  });

  it('refuses what VRRP for IPv4 cannot do, with the rule', () => {
    expect(() => compile('n-r1', { cluster: aCluster({ vip: 'fd00::10/64' }) })).toThrow(
      /is IPv6\. Rule: an IPv4 address/,
    );
    const six = withRegions((node) => (node.name === 'r2' ? { ...node, addresses: ['fd00::12'] } : node));
    expect(() => compile('n-r1', six)).toThrow(/region node r2 has the main address fd00::12/);
    const none = withRegions((node) => (node.name === 'r2' ? { ...node, addresses: [] } : node));
    expect(() => compile('n-r1', none)).toThrow(/region node r2 has no address/);
  });
});

describe('view', () => {
  it('finds the interfaces by their addresses', () => {
    expect(viewVip(desired(), FACTS)).toMatchObject({ interface: 'eth0', vipInterface: 'eth0', isAlone: false });
    const far = { ...desired(), vip: '10.10.10.200/24' };
    expect(viewVip(far, FACTS)).toMatchObject({ interface: 'eth0', vipInterface: 'eth1', bareVip: '10.10.10.200' });
    expect(viewVip({ ...desired(), peers: [] }, FACTS).isAlone).toBe(true);
  });

  it('says so when the address of the node is nowhere, or on a name that cannot be written', () => {
    expect(() => viewVip(desired('n-r2'), FACTS)).toThrow('no interface of this host has the address 10.77.0.12');
    const odd = { ...FACTS, interfaces: FACTS.interfaces.map((nic) => ({ ...nic, name: 'eth0 }' })) };
    expect(() => viewVip(desired(), odd)).toThrow('cannot stand in keepalived.conf');
  });
});

describe('activation', () => {
  it.each([
    [[{ target: KEEPALIVED_CONF, kind: 'added' }], 'restart'],
    [[{ target: KEEPALIVED_CONF, kind: 'changed' }], 'reload'],
    [[{ target: HEALTH_JSON, kind: 'changed' }], 'none'],
  ] as const)('takes %j by %s', (changes, kind) => {
    expect(activateVip(changes).kind).toBe(kind);
  });

  it('does nothing when roles change', () => {
    expect(roleChangeVip({ kind: 'vip', state: 'active' }).kind).toBe('none');
    expect(roleChangeVip({ kind: 'database', state: 'primary' }).kind).toBe('none');
  });
});

describe('probe', () => {
  const status = (uptime: number, keepalived = 'runs') =>
    JSON.stringify({ uptime, keepalived, isHolder: true, isFit: true, why: 'all is well' });
  const ask = (said: string, uptime: string) => parseProbeVip([answer(said), answer(uptime)], desired());

  it('tells who holds the address and why', () => {
    const health = ask(status(100), '101.5 90.0\n');
    expect(health).toMatchObject({
      isHealthy: true,
      detail: expect.stringContaining('holds 10.77.0.10/24 and may: all is well'),
    });
    expect(parseVipFacts(health.facts)).toEqual({ isHolder: true, isFit: true, why: 'all is well' });
    expect(parseVipFacts({ isHolder: 1 })).toBeNull();
  });

  it.each([
    ['keepalived is frozen', status(100, 'frozen'), '101 90', /is frozen/],
    ['keepalived is gone', status(100, 'gone'), '101 90', /has no process/],
    ['the health program hangs', status(100), '109 90', /silent for 9 s/],
    ['the health program writes nonsense', '{}', '101 90', /cannot be read/],
  ])('sees that %s', (_name, said, uptime, detail) => {
    const health = ask(said, uptime);
    expect(health.isHealthy).toBe(false);
    expect(health.detail).toMatch(detail);
  });
});
