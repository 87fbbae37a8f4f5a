import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { planPairs, withPlan } from '../../../../src/services/dhcp/pairing/plan.ts';
import type { Pair, PairingSite, PairingVlan } from '../../../../src/services/dhcp/pairing/site.ts';
import { patient } from '../../../kit/machine.ts';

const rack = (number: number, why: string | null = null) => ({ uuid: `u${number}`, name: `k${number}`, why });
const stand = (number: number, nic = 'eth1', why: string | null = null) => ({ rack: `u${number}`, nic, why });
const pair = (primary: number | null, secondary: number | null): Pair => ({
  primary: primary === null ? null : `u${primary}`,
  secondary: secondary === null ? null : `u${secondary}`,
});

/** A VLAN on which these racks stand by an interface of its own. */
function vlan(id: number, racks: readonly number[], changes: Partial<PairingVlan> = {}): PairingVlan {
  const chosen = changes.pair?.primary ? null : racks.length > 0 ? `u${Math.min(...racks)}` : null;
  const stands = racks.map((number) => stand(number, `eth${id}`));
  return { id, pair: pair(null, null), chosen, leases: 0, stands, ...changes };
}

/** The site after the plan, nobody's leases forgotten. */
const uses = (site: PairingSite, role: keyof Pair) =>
  site.racks.map(({ uuid }) => site.vlans.filter((one) => one.pair[role] === uuid).length);
const range = (count: number) => Array.from({ length: count }, (_, index) => index + 1);

describe('a plan of pairs', () => {
  it('gives four new racks with 40 VLANs ten of each role, and one partner each', () => {
    const site = { racks: range(4).map((one) => rack(one)), vlans: range(40).map((id) => vlan(id, [1, 2, 3, 4])) };
    const plan = planPairs(site);
    expect(plan).toMatchObject({ stays: [], left: [], limit: 11 });
    const after = withPlan(site, plan);
    expect([uses(after, 'primary'), uses(after, 'secondary')]).toEqual([
      [10, 10, 10, 10],
      [10, 10, 10, 10],
    ]);
    expect(new Set(after.vlans.map((one) => `${one.pair.primary} ${one.pair.secondary}`))).toEqual(
      new Set(['u1 u2', 'u2 u3', 'u3 u4', 'u4 u1']),
    );
    expect(plan.changes[0]?.reasons).toEqual(['it names no rack, and only k1 serves it']);
  });

  it('leaves good pairs alone, and gives the others a secondary rack', () => {
    const site = {
      racks: [rack(1), rack(2), rack(3)],
      vlans: [vlan(1, [1, 2, 3], { pair: pair(3, 1) }), vlan(2, [1, 2], { pair: pair(2, null) }), vlan(3, [1, 2])],
    };
    const plan = planPairs(site);
    expect(plan.stays).toEqual([1]);
    expect(plan.changes).toEqual([
      { vlan: 2, before: pair(2, null), after: pair(2, 1), reasons: ['it has no secondary rack'] },
      { vlan: 3, before: pair(null, null), after: pair(1, 2), reasons: ['it names no rack, and only k1 serves it'] },
    ]);
  });

  it('replaces a dead rack: its partner is the primary rack then', () => {
    const site = {
      racks: [rack(1, 'k1 is silent'), rack(2), rack(3)],
      vlans: [
        vlan(1, [1, 2, 3], { pair: pair(1, 2), leases: 5 }),
        vlan(2, [1, 2, 3], { pair: pair(2, 1), leases: 5 }),
        vlan(3, [1, 2], { pair: pair(1, 2) }),
        vlan(4, [1, 2], { pair: pair(1, null), leases: 1 }),
        vlan(5, [1], { pair: pair(1, null) }),
        vlan(6, [1, 3], { pair: pair(1, null) }),
      ],
    };
    expect(planPairs(site)).toMatchObject({
      changes: [
        { vlan: 1, after: pair(2, 3), reasons: ['k1 is silent'] },
        { vlan: 2, after: pair(2, 3), reasons: ['k1 is silent'] },
        {
          vlan: 6,
          after: pair(3, null),
          reasons: ['k1 is silent', 'make sure that the replaced rack no longer serves it', 'only k3 can serve it'],
        },
      ],
      stays: [],
      left: [
        { vlan: 3, why: 'k1 is silent, only k2 can serve it, and nobody takes over' },
        { vlan: 4, why: 'k1 is silent, clients hold leases (1), and no rack that knows of them can serve it now' },
        { vlan: 5, why: 'k1 is silent, no rack can serve it now' },
      ],
    });
  });

  it.each([
    ['does not stand there any more', vlan(1, [2, 3], { pair: pair(1, 2) }), 'k1 does not stand on it'],
    ['is not accepted', vlan(1, [2, 3], { pair: pair(9, 2) }), 'a rack that it names is not accepted'],
    [
      'has no link there',
      vlan(1, [], { pair: pair(1, 2), stands: [stand(1, 'eth1', 'eth1 of k1 is down'), stand(2), stand(3)] }),
      'eth1 of k1 is down',
    ],
  ])('replaces a rack that %s', (_, one, why) => {
    const plan = planPairs({ racks: [rack(1), rack(2), rack(3)], vlans: [one] });
    expect(plan.changes).toMatchObject([{ after: pair(2, 3), reasons: [why] }]);
  });

  it('never has an interface serve two VLANs', () => {
    const on = (id: number, changes: Partial<PairingVlan> = {}) =>
      vlan(id, [], { stands: [stand(1), stand(2), stand(3, `eth${id}`)], ...changes });
    const plan = planPairs({
      racks: [rack(1), rack(2), rack(3)],
      vlans: [on(1), on(2, { pair: pair(1, 2), chosen: null })],
    });
    expect(plan.stays).toEqual([2]);
    expect(plan.changes).toMatchObject([{ vlan: 1, after: pair(3, null) }]);
    expect(plan.changes[0]?.reasons).toContain('only k3 can serve it');
  });

  it('keeps a rack that knows of the leases in the pair', () => {
    const site = {
      racks: [rack(1), rack(2), rack(3)],
      vlans: range(9).map((id) => vlan(id, [1, 2, 3], { leases: 3 })),
    };
    const plan = planPairs(site);
    expect(uses(withPlan(site, plan), 'primary')).toEqual([3, 3, 3]);
    for (const { after } of plan.changes) expect([after.primary, after.secondary]).toContain('u1');
    expect(plan.changes.find(({ after }) => after.primary === 'u2')?.reasons).toContain(
      'k1 stays, because clients hold leases (3)',
    );
  });

  it('relieves a rack that has too much, by a swap where that is enough', () => {
    const site = { racks: [rack(1), rack(2)], vlans: range(8).map((id) => vlan(id, [1, 2], { pair: pair(1, 2) })) };
    const plan = planPairs(site);
    expect(plan.limit).toBe(5);
    expect(plan.changes).toHaveLength(3);
    expect(plan.changes.every(({ after }) => after.primary === 'u2' && after.secondary === 'u1')).toBe(true);
    expect(plan.changes[0]?.reasons).toEqual(['k1 would be primary rack of more than 5 VLANs']);
  });
});

/** Sites of 1 to 10 racks and up to 60 VLANs, with dead racks, leases, good and bad pairs, shared interfaces. */
const sites: fc.Arbitrary<PairingSite> = fc.integer({ min: 1, max: 10 }).chain((count) => {
  const some = fc.subarray(range(count));
  const named = fc.integer({ min: 1, max: count });
  const place = fc.record({
    on: some,
    primary: fc.option(named),
    secondary: fc.option(named),
    leases: fc.constantFrom(0, 0, 4),
    isShared: fc.integer({ max: 9, min: 0 }).map((one) => one === 0),
  });
  return fc.tuple(fc.array(place, { maxLength: 60 }), some).map(([places, alive]) => ({
    racks: range(count).map((one) => rack(one, alive.includes(one) || one % 3 > 0 ? null : `k${one} is silent`)),
    vlans: places.map(({ on, primary, secondary, leases, isShared }, index) =>
      vlan(index + 1, on, {
        pair: pair(primary, primary === null || secondary === primary ? null : secondary),
        leases,
        ...(isShared ? { stands: on.map((one) => stand(one, 'eth0')) } : {}),
        ...(primary === null ? {} : { chosen: null }),
      }),
    ),
  }));
});

describe('whatever the site', () => {
  it('names racks that can serve, each interface once, and loses no lease', () => {
    fc.assert(
      fc.property(sites, (site) => {
        const plan = planPairs(site);
        const after = withPlan(site, plan);
        const changed = new Set(plan.changes.map((line) => line.vlan));
        const used = new Set<string>();
        for (const one of site.vlans) {
          const next = after.vlans.find(({ id }) => id === one.id);
          const now = [next?.pair.primary, next?.pair.secondary].filter((uuid) => typeof uuid === 'string');
          expect(new Set(now).size).toBe(now.length);
          if (!changed.has(one.id)) continue;
          for (const uuid of now) {
            const place = one.stands.find((item) => item.rack === uuid);
            expect(place).toBeDefined();
            expect(site.racks.find((item) => item.uuid === uuid)?.why).toBeNull();
            expect(used.has(`${uuid} ${place?.nic}`)).toBe(false);
            used.add(`${uuid} ${place?.nic}`);
          }
          const before = [one.pair.primary, one.pair.secondary, one.chosen];
          expect(one.leases === 0 || now.some((uuid) => before.includes(uuid))).toBe(true);
        }
        expect([...plan.stays, ...changed, ...plan.left.map(({ vlan: id }) => id)].sort((a, b) => a - b)).toEqual(
          site.vlans.map(({ id }) => id),
        );
        expect(planPairs(structuredClone(site))).toEqual(plan);
      }),
    );
  });

  it('is content with what it has planned', () => {
    fc.assert(
      fc.property(sites, (site) => {
        const calm = { ...site, vlans: site.vlans.map((one) => ({ ...one, leases: 0 })) };
        expect(planPairs(withPlan(calm, planPairs(calm))).changes).toEqual([]);
      }),
    );
  });

  it('gives no rack more than its share and one, where that can be had', () => {
    fc.assert(
      fc.property(sites, (site) => {
        // Each VLAN by interfaces of its own, and every one of them can have a pair: then the oracle is a matching.
        const living = new Set(site.racks.flatMap(({ uuid, why }) => (why === null ? [uuid] : [])));
        const vlans = site.vlans
          .map((one) => ({ ...one, leases: 0, stands: one.stands.map((s) => ({ ...s, nic: `eth${one.id}` })) }))
          .filter((one) => one.stands.filter((s) => living.has(s.rack)).length > 1);
        const plan = planPairs({ ...site, vlans });
        const after = withPlan({ ...site, vlans }, plan);
        const able = vlans.map((one) => one.stands.map((s) => s.rack).filter((uuid) => living.has(uuid)));
        const others = after.vlans.map((one, at) => (able[at] ?? []).filter((uuid) => uuid !== one.pair.primary));
        const isHeld = (role: keyof Pair, lists: readonly (readonly string[])[]) =>
          !isPossible(lists, plan.limit) || Math.max(0, ...uses(after, role)) <= plan.limit;
        expect(isHeld('primary', able) && isHeld('secondary', others)).toBe(true);
      }),
    );
  });

  it('plans 200 VLANs of ten racks within 50 ms', () => {
    const site = {
      racks: range(10).map((one) => rack(one, one === 4 ? 'k4 is silent' : null)),
      // The worst case: all on one rack, and few racks to choose from.
      vlans: range(200).map((id) =>
        vlan(id, id % 2 ? range(10) : [1, 2, 1 + (id % 9)], { pair: pair(1, id % 3 ? 2 : 4), leases: id % 5 }),
      ),
    };
    const times = range(20).map(() => {
      const start = performance.now();
      planPairs(site);
      return performance.now() - start;
    });
    expect(Math.min(...times)).toBeLessThan(patient(50));
  });
});

/** May each list give one of its racks, so that no rack is given more than `limit` times? By augmenting one at a time. */
function isPossible(lists: readonly (readonly string[])[], limit: number): boolean {
  const given = new Map<string, number[]>();
  const place = (at: number, tried: Set<string>): boolean => {
    for (const uuid of lists[at] ?? []) {
      if (tried.has(uuid)) continue;
      tried.add(uuid);
      const held = given.get(uuid) ?? [];
      const freed = held.length < limit ? held.length : held.findIndex((other) => place(other, tried));
      if (freed < 0) continue;
      given.set(uuid, held.toSpliced(freed, 1, at));
      return true;
    }
    return false;
  };
  return lists.every((_, at) => place(at, new Set()));
}
