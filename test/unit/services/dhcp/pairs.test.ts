import { Value } from 'typebox/value';
import { describe, expect, it } from 'vitest';
import type { ExecResult } from '../../../../src/core/host-values.ts';
import { compileSite } from '../../../../src/services/compile-node.ts';
import { dhcp } from '../../../../src/services/dhcp/index.ts';
import { lintPairs } from '../../../../src/services/dhcp/pair/lint.ts';
import { judgePair } from '../../../../src/services/dhcp/pair/health.ts';
import { activateDhcp } from '../../../../src/services/dhcp/daemon.ts';
import { DhcpDesired } from '../../../../src/services/dhcp/desired.ts';
import { tagOf } from '../../../../src/services/dhcp/view.ts';
import { serviceOfFolder } from '../../../../src/services/kit/instances.ts';
import { keyInName, placesOf } from '../../../../src/services/dhcp/places.ts';
import { K1, K2, PAIR_FACTS, pairDesired, pairSnapshot } from '../../../kit/pairs.ts';
import { answer } from '../../../kit/exec-result.ts';

const NONE = { primaryRackId: null, secondaryRackId: null };

describe('who serves a VLAN', () => {
  it('one instance has all VLANs whose racks are the same in the same order', () => {
    const both = pairSnapshot({ 2: { primaryRackId: K1, secondaryRackId: K2 } });
    expect(Object.keys(pairDesired(both, 'k1'))).toEqual(['dhcp', 'dhcp@k1_k2']);
    expect(pairDesired(both, 'k2')['dhcp@k1_k2']).toMatchObject({
      networks: [{ vlanId: 1, address: '10.10.1.3' }, { vlanId: 2 }],
      pair: { role: 'standby', self: 'k2', partner: { name: 'k1', address: '10.77.0.21' } },
    });
  });

  it('where the primary rack has no interface the secondary serves alone, that VLAN only', () => {
    const both = pairSnapshot({ 2: { primaryRackId: K1, secondaryRackId: K2 } });
    const without = (nodeId: string) => ({
      ...both,
      attachments: both.attachments.filter((one) => one.nodeId !== nodeId || one.vlanId !== 2),
    });
    expect(pairDesired(without('n-k1'), 'k1')).toMatchObject({
      dhcp: null,
      'dhcp@k1_k2': { networks: [{ vlanId: 1 }] },
    });
    const { dhcp: alone, 'dhcp@k1_k2': pair } = pairDesired(without('n-k1'), 'k2');
    expect(alone).toMatchObject({ networks: [{ vlanId: 2 }] });
    expect(pair).toMatchObject({ networks: [{ vlanId: 1 }], pair: { role: 'standby' } });
    // The secondary rack lacks it: the pair stays, nobody moves.
    expect(pairDesired(without('n-k2'), 'k1')).toMatchObject({
      'dhcp@k1_k2': { networks: [{ vlanId: 1 }, { vlanId: 2 }] },
    });
  });

  it('each side hears its partner on a port that no other of its pairs has', () => {
    const ports = ['k1', 'k2'].flatMap((rack) => {
      const body = pairDesired(pairSnapshot(), rack);
      return ['dhcp@k1_k2', 'dhcp@k2_k1'].map((identity) => ({ rack, identity, ...Object(body[identity]?.['pair']) }));
    });
    for (const own of ports) {
      const other = ports.find((item) => item.identity === own.identity && item.rack !== own.rack);
      expect(own.partnerPort).toBe(other?.haPort);
      const others = ports.filter((item) => item.rack === own.rack && item !== own);
      expect(others.map((item) => item.haPort)).not.toContain(own.haPort);
    }
  });

  it('both sides name what is alike by the same end of their tags, whatever their own addresses', () => {
    const tagsOf = (snapshot: ReturnType<typeof pairSnapshot>) =>
      ['k1', 'k2'].map((rack) => tagOf(Value.Parse(DhcpDesired, pairDesired(snapshot, rack)['dhcp@k1_k2'])));
    const [one = '', two = ''] = tagsOf(pairSnapshot());
    expect(one.slice(0, 16)).not.toBe(two.slice(0, 16));
    expect(one.slice(16)).toBe(two.slice(16));
    const later = pairSnapshot();
    const changed = { ...later, settings: { ...later.settings, dhcp_lease_time: 4711 } };
    const [third = '', fourth = ''] = tagsOf(changed);
    expect(third.slice(16)).toBe(fourth.slice(16));
    expect(third.slice(16)).not.toBe(one.slice(16));
  });

  it('a drain changes nothing that Kea reads, and the other side not at all', () => {
    const snapshot = pairSnapshot();
    const nodes = snapshot.nodes.map((node) => (node.id === 'n-k1' ? { ...node, isDrained: true } : node));
    const [own, drained] = [snapshot, { ...snapshot, nodes }].map((site) =>
      Value.Parse(DhcpDesired, pairDesired(site, 'k1')['dhcp@k1_k2']),
    );
    expect(drained?.pair).toMatchObject({ isDrained: true });
    expect(own && drained && tagOf(own) === tagOf(drained)).toBe(true);
    expect(pairDesired({ ...snapshot, nodes }, 'k2')).toEqual(pairDesired(snapshot, 'k2'));
  });

  it('a pair’s server waits for its turn before it reads its file anew, a lone one does not', () => {
    const programs = (key: string | null) => {
      const places = placesOf(key);
      const activation = activateDhcp(places, [{ target: places.conf, kind: 'changed' }]);
      const commands = activation.kind === 'command' ? activation.commands : [];
      return commands.map((command) => ('argv' in command ? command.argv[0]?.split('/').at(-1) : 'socket'));
    };
    expect(programs('k1_k2')).toEqual(['in-turn', 'carry', 'socket']);
    expect(programs(null)).toEqual(['carry', 'socket']);
  });

  it('of two racks that nobody named one serves, and the pair is proposed', () => {
    const plain = pairSnapshot({ 1: NONE, 2: NONE });
    expect(pairDesired(plain, 'k1')['dhcp']).toMatchObject({ networks: [{ vlanId: 1 }, { vlanId: 2 }] });
    expect(pairDesired(plain, 'k2')).toEqual({ dhcp: null });
    expect(lintPairs(plain).map(({ code, remedy }) => [code, remedy])).toEqual([
      ['pair_possible', 'regent vlan set vlan10 --primary-rack k1 --secondary-rack k2'],
      ['pair_possible', 'regent vlan set vlan20 --primary-rack k1 --secondary-rack k2'],
    ]);
  });

  it('a primary rack alone has its VLAN in its own server', () => {
    const one = pairSnapshot({ 2: { primaryRackId: K2, secondaryRackId: null } });
    expect(pairDesired(one, 'k2')['dhcp']).toMatchObject({ networks: [{ vlanId: 2 }] });
    expect(pairDesired(one, 'k1')).toEqual({ dhcp: null, 'dhcp@k1_k2': expect.anything() });
    expect(lintPairs(one).map(({ code }) => code)).toEqual(['pair_possible']);
  });

  it('a rack of the pair that does not stand on the VLAN is told', () => {
    const snapshot = pairSnapshot();
    const half = {
      ...snapshot,
      attachments: snapshot.attachments.filter((attachment) => attachment.nodeId !== 'n-k2' || attachment.vlanId !== 1),
    };
    expect(Object.keys(pairDesired(half, 'k2'))).toEqual(['dhcp', 'dhcp@k2_k1']);
    expect(lintPairs(half).map(({ code, subject }) => [code, subject])).toEqual([['rack_not_on_vlan', 'VLAN vlan10']]);
  });

  it('who decides about a pair is none of Kea’s business: other regions leave its file as it is', () => {
    const desired = pairDesired(pairSnapshot(), 'k1')['dhcp@k1_k2'];
    const fewer = { ...desired, pair: { ...Object(desired?.['pair']), regions: [] } };
    const tag = (value: unknown) => dhcp.view(value as never, PAIR_FACTS).file.tag;
    expect(tag(fewer)).toBe(tag(desired));
  });
});

describe('an instance that cannot be published', () => {
  it('keeps its last part, and the others go on', () => {
    const good = compileSite(pairSnapshot(), [dhcp], new Map(), 0).nodes.get('n-k1')?.body ?? null;
    const broken = pairSnapshot();
    const nodes = broken.nodes.map((node) => (node.name === 'k2' ? { ...node, addresses: ['not an address'] } : node));
    const next = compileSite({ ...broken, nodes }, [dhcp], new Map([['n-k1', good]]), 0).nodes.get('n-k1');
    expect(next?.body.services['dhcp@k1_k2']).toEqual(good?.services['dhcp@k1_k2']);
    expect(next?.findings.map(({ service, held }) => [service, held])).toContainEqual([
      'dhcp@k1_k2',
      'service dhcp@k1_k2',
    ]);
  });
});

describe('names of an instance', () => {
  it.each([
    ['/etc/kea/regent-k1_k2', 'k1_k2'],
    ['/etc/kea/regent-k1_k2/check/kea-dhcp4-k1_k2.conf', 'k1_k2'],
    ['kea-dhcp4@rack-a_rack-b.service', 'rack-a_rack-b'],
    ['/run/kea/kea4-k1_k2.sock', 'k1_k2'],
    ['k1_k2', 'k1_k2'],
    ['/etc/kea/regent/kea-dhcp4.conf', null],
    ['/etc/kea/regent-k1_k2/../../shadow', 'k1_k2'],
    ['/etc/shadow', null],
    ['kea-dhcp4@k1.service', null],
  ])('%s → %s', (name, key) => {
    expect(keyInName(name)).toBe(key);
  });

  it.each([
    ['/etc/kea/regent', 'dhcp'],
    ['/etc/kea/regent-k1_k2', 'dhcp@k1_k2'],
    ['/etc/kea/regent-k1_k2/check', undefined],
    ['/etc/kea/regent-k1', undefined],
    ['/etc/kea', undefined],
  ])('the folder %s is of %s', (folder, name) => {
    expect(serviceOfFolder([dhcp], folder)?.name).toBe(name);
  });
});

describe('health of a pair', () => {
  const pair = Object(pairDesired(pairSnapshot(), 'k2')['dhcp@k1_k2']?.['pair']);
  const answers = (kea: string | null, scopes: string[], decided: object | null): ExecResult[] => [
    answer({
      result: 0,
      arguments: { 'high-availability': [{ 'ha-servers': { local: { state: kea, scopes }, remote: {} } }] },
    }),
    decided === null ? answer('', { code: 1 }) : answer(decided),
  ];
  const judged = (kea: string | null, scopes: string[], decided: object | null) =>
    judgePair({ isHealthy: true, detail: 'Kea answers' }, answers(kea, scopes, decided), pair);

  it('the standby that is ready is healthy, and serves nothing', () => {
    const health = judged('hot-standby', [], { state: 'standby', why: 'k1 is heard' });
    expect(health).toMatchObject({ isHealthy: true, facts: { pair: { isServing: false, kea: 'hot-standby' } } });
    expect(health.facts?.['pair']).toMatchObject({ hearsPartner: null, isWhole: null });
    for (const [partnerHeardMs, hearsPartner] of [
      [150, true],
      [9_000, false],
      [null, false],
    ] as const) {
      const { facts } = judged('hot-standby', [], { state: 'standby', why: 'k1 is heard', partnerHeardMs });
      expect(facts?.['pair']).toMatchObject({ hearsPartner });
    }
    expect(health.detail).toBe('Kea is ready to take over from k1: k1 is heard');
  });

  it('the survivor is healthy and says that its partner is away', () => {
    const health = judged('partner-down', ['k1'], { state: 'taken-over', why: 'two regions of three agreed' });
    expect(health).toMatchObject({ isHealthy: true, facts: { pair: { isServing: true } } });
    expect(health.detail).toContain('and k1 is away');
  });

  it('one that has left the pair because clocks differ is healthy while it serves, and says why', () => {
    const decided = { state: 'serving', why: 'k2 serves; its clock is 60 s behind' };
    const health = judged('terminated', ['k1'], decided);
    expect(health).toMatchObject({ isHealthy: true, facts: { pair: { isServing: true, kea: 'terminated' } } });
    expect(health.detail).toBe('Kea serves alone, because clocks differ: k2 serves; its clock is 60 s behind');
    expect(judged('terminated', [], { state: 'standby', why: '' })).toMatchObject({ isHealthy: false });
  });

  it('a drained side that has given the pair to its partner is as it should be, and is not started', () => {
    const drained = { ...pair, isDrained: true };
    const aside = { state: 'fenced', why: 'an operator has drained it', owner: 'k1' };
    const health = judgePair({ isHealthy: false, detail: 'down' }, answers(null, [], aside), drained);
    expect(health).toMatchObject({ isHealthy: true, isOutOfReach: true });
    expect(
      judgePair({ isHealthy: false, detail: 'down' }, answers(null, [], { ...aside, owner: 'k2' }), drained),
    ).toMatchObject({ isHealthy: false });
  });

  it.each([
    ['fenced', 'hot-standby', { state: 'fenced', why: 'no region is heard' }, 'no region is heard'],
    ['nobody decides', 'hot-standby', null, 'regent-pairs.service'],
    ['waits for its partner', 'waiting', { state: 'standby', why: '' }, 'until it has found its partner'],
  ])('%s: not healthy, and no restart would help', (_, kea, decided, words) => {
    const health = judged(kea, [], decided);
    expect(health).toMatchObject({ isHealthy: false, isOutOfReach: true });
    expect(health.detail).toContain(words);
  });
});
