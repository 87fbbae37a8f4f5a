import { describe, expect, it } from 'vitest';
import type { Snapshot } from '../../../../src/model/snapshot.ts';
import { compileSite, type NodeBody } from '../../../../src/services/compile-node.ts';
import { partnerIn } from '../../../../src/services/dhcp/pair/handover.ts';
import { movesBetween, networksIn, withHolders } from '../../../../src/services/kit/handover.ts';
import { dhcp } from '../../../../src/services/dhcp/index.ts';
import { type Dice, dice, RANDOM } from '../../../kit/dice.ts';
import { aRack, aRange, aSubnet, aVlan, clusterSnapshot } from '../../../kit/snapshots.ts';
import type { SubnetHolder } from '../../../../src/model/networks/lease.ts';

/** A subnet between servers: nobody serves it before everybody else has stopped. */

const RACKS = [1, 2, 3, 4];
const CIDR = '10.10.1.0/24';
const uuidOf = (rack: number | null) => (rack === null ? null : aRack(rack, `n-k${rack}`).uuid);
type Pair = readonly [primary: number | null, secondary: number | null];

/** Four racks on one VLAN with DHCP; two of them serve it. `accepted`: racks that are. */
function siteOf([primary, secondary]: Pair, accepted: readonly number[] = RACKS): Snapshot {
  const base = clusterSnapshot();
  return {
    ...base,
    nodes: [
      ...base.nodes.filter((node) => node.isRegion),
      ...RACKS.map((rack) => ({
        id: `n-k${rack}`,
        name: `k${rack}`,
        isRegion: false,
        isRack: true,
        addresses: [`10.77.0.2${rack}`],
        state: 'member' as const,
      })),
    ],
    racks: accepted.map((rack) => aRack(rack, `n-k${rack}`)),
    vlans: [aVlan(1, 10, { dhcpOn: true, primaryRackId: uuidOf(primary), secondaryRackId: uuidOf(secondary) })],
    subnets: [aSubnet(1, 'lab1', CIDR, { vlanId: 1 })],
    ranges: [aRange(1, 1, 'dynamic', ['10.10.1.100', '10.10.1.199'])],
    attachments: RACKS.map((rack) => ({
      nodeId: `n-k${rack}`,
      vlanId: 1,
      interface: 'eth1',
      addresses: [`10.10.1.${rack}/24`],
    })),
  };
}

type Bodies = Map<string, NodeBody | null>;

/** The publisher, its database, and hosts that take over what they are given when it suits them. */
class World {
  site: Snapshot;
  pair: Pair;
  published: Bodies = new Map();
  applied: Bodies = new Map();
  /** Not reported yet: what was taken away, and with which generation. */
  #waits: (SubnetHolder & { generation: number })[] = [];
  #generations = new Map<string, number>();
  #taken = new Map<string, number>();
  readonly #locals = new Set<string>();
  readonly #isCareful: boolean;

  constructor(pair: Pair, isCareful = true) {
    this.site = siteOf(pair);
    this.pair = pair;
    this.#isCareful = isCareful;
  }

  change(pair: Pair) {
    this.pair = pair;
    this.site = siteOf(pair);
  }

  publish() {
    const known = { ...this.site, subnetHolders: this.#waits };
    const seen = this.#isCareful ? withHolders(known, [dhcp], this.published) : this.site;
    const compiled = compileSite(seen, [dhcp], this.published, 1);
    for (const [id, { body }] of compiled.nodes) {
      const before = this.published.get(id) ?? null;
      if (JSON.stringify(before) === JSON.stringify(body)) continue;
      const generation = (this.#generations.get(id) ?? 0) + 1;
      const { gone, here } = movesBetween([dhcp], id, { before, after: body });
      this.#waits = this.#waits.filter((wait) => !here.some((one) => isSame(one, wait)));
      this.#waits = this.#waits.filter((wait) => !gone.some((one) => isSame(one, wait)));
      this.#waits.push(...gone.map((one) => ({ ...one, generation })));
      this.#generations.set(id, generation);
      this.published.set(id, body);
    }
    this.#noteLocals();
    return compiled;
  }

  /** An old server on the host that serves first from now on, which looks there itself (`ha/kea/carry`), until it has ended. */
  #noteLocals() {
    const [primary, secondary] = this.pair;
    const now = secondary === null ? `n-k${primary}` : `dhcp@k${primary}_k${secondary}`;
    if (!this.holders(this.published).some((one) => groupOf(one) === now)) return;
    for (const old of this.holders(this.applied))
      if (old.nodeId === `n-k${primary}` && groupOf(old) !== now)
        this.#locals.add(`${old.nodeId} ${old.service} ${now}`);
  }

  isLocal(old: SubnetHolder, other: SubnetHolder) {
    return this.#locals.has(`${old.nodeId} ${old.service} ${groupOf(other)}`);
  }

  holders(bodies: Bodies) {
    return [...bodies].flatMap(([id, body]) => networksIn([dhcp], id, body));
  }

  apply(id: string) {
    const before = this.applied.get(id) ?? null;
    this.applied.set(id, this.published.get(id) ?? null);
    for (const { service } of movesBetween([dhcp], id, { before, after: this.applied.get(id) ?? null }).gone)
      for (const name of this.#locals) if (name.startsWith(`${id} ${service} `)) this.#locals.delete(name);
    this.#taken.set(id, this.#generations.get(id) ?? 0);
  }

  report(id: string) {
    const taken = this.#taken.get(id) ?? 0;
    this.#waits = this.#waits.filter((wait) => wait.nodeId !== id || wait.generation > taken);
  }

  /** Everybody does everything. */
  settle() {
    for (let round = 0; round < 3; round += 1) {
      this.publish();
      for (const rack of RACKS) {
        this.apply(`n-k${rack}`);
        this.report(`n-k${rack}`);
      }
    }
  }

  serving(bodies: Bodies = this.applied) {
    return [...bodies]
      .flatMap(([id, body]) => networksIn([dhcp], id, body))
      .map(({ nodeId, service }) => `${nodeId} ${service}`);
  }
}

const isSame = (a: SubnetHolder, b: SubnetHolder) =>
  a.nodeId === b.nodeId && a.service === b.service && a.cidr === b.cidr;

const groupOf = ({ service, nodeId }: SubnetHolder) => (service === 'dhcp' ? nodeId : service);

/** Servers on two hosts that do not know of each other. */
function rivals(world: World): string[] {
  const all = world.holders(world.applied);
  return all.flatMap((one) =>
    all
      .filter((other) => other.nodeId !== one.nodeId && groupOf(other) !== groupOf(one))
      .filter((other) => !world.isLocal(one, other) && !world.isLocal(other, one))
      .map((other) => `${one.nodeId} ${one.service} and ${other.nodeId} ${other.service}`),
  );
}

const PAIRS: readonly Pair[] = [
  [1, 2],
  [2, 1],
  [1, 3],
  [3, 4],
  [4, 3],
  [1, null],
  [2, null],
  [4, null],
  [null, null],
];

/** A day of changes, with hosts that are late. Gives the first moment at which two served; null: never. */
function badDay(random: Dice, isCareful: boolean): string | null {
  const world = new World(random.pick(PAIRS), isCareful);
  world.settle();
  for (let step = 0; step < 40; step += 1) {
    const id = `n-k${random.pick(RACKS)}`;
    const roll = random.next();
    if (roll < 0.15) world.change(random.pick(PAIRS));
    else if (roll < 0.5) world.publish();
    else if (roll < 0.8) world.apply(id);
    else world.report(id);
    const [found] = rivals(world);
    if (found !== undefined) return `step ${step}: ${found}`;
  }
  world.settle();
  // Nobody waits for ever: in the end somebody serves.
  return world.serving().length === 0 && world.pair[0] !== null ? 'nobody serves in the end' : null;
}

describe('a subnet that goes to other racks', () => {
  it('is never served by two, however late hosts are, and is served in the end', () => {
    for (let run = 0; run < 150; run += 1) {
      const seed = RANDOM.seed + run;
      expect(badDay(dice(seed), true), `REGENT_CLUSTER_SEED=${seed}`).toBeNull();
    }
  });

  it('would be served by two if nobody waited', () => {
    const found = Array.from({ length: 40 }, (_, run) => badDay(dice(run), false));
    expect(found.filter((why) => why?.includes(' and ')).length).toBeGreaterThan(8);
  });

  it('waits for each rack of the old pair, and says so', () => {
    const world = new World([1, 2]);
    world.settle();
    expect(world.serving()).toEqual(['n-k1 dhcp@k1_k2', 'n-k2 dhcp@k1_k2']);
    world.site = siteOf([3, 4]);
    const told = () => {
      const { nodes } = world.publish();
      return [...nodes.values()].flatMap(({ findings }) => findings).filter(({ code }) => code === 'subnet_waits');
    };
    expect(told().map(({ sentence }) => sentence)).toEqual([
      `${CIDR} has no DHCP until k1 and k2 report that they have stopped serving it: two servers could give one address to two machines.`,
    ]);
    expect(world.serving(world.published)).toEqual([]);
    for (const id of ['n-k1', 'n-k2']) world.apply(id);
    world.report('n-k1');
    expect(told()[0]).toMatchObject({
      subject: `subnet ${CIDR}`,
      severity: 'warning',
      remedy: expect.stringContaining('regent rack reject k2'),
    });
    expect(world.serving(world.published)).toEqual([]);
    world.report('n-k2');
    expect(told()).toEqual([]);
    expect(world.serving(world.published)).toEqual(['n-k3 dhcp@k3_k4', 'n-k4 dhcp@k3_k4']);
  });

  it('waits for no rack that an operator has rejected, and waits again when it is accepted', () => {
    const world = new World([1, null]);
    world.settle();
    world.site = siteOf([2, null], [2, 3, 4]);
    world.publish();
    expect(world.serving(world.published)).toEqual(['n-k2 dhcp']);
    world.settle();
    world.site = siteOf([3, null]);
    world.publish();
    world.publish();
    expect(world.serving(world.published)).toEqual([]);
  });

  it('does not wait for the host that serves first: that one looks by itself', () => {
    const world = new World([1, null]);
    world.settle();
    world.site = siteOf([1, 2]);
    world.publish();
    expect(world.serving(world.published)).toEqual(['n-k1 dhcp@k1_k2', 'n-k2 dhcp@k1_k2']);
  });

  it('waits where another subnet with the same addresses was', () => {
    const world = new World([1, null]);
    world.settle();
    const next = siteOf([2, null]);
    world.site = { ...next, subnets: [aSubnet(9, 'other', '10.10.0.0/16', { vlanId: 1 })], ranges: [] };
    world.publish();
    expect(world.serving(world.published)).toEqual([]);
  });
});

it('names the partner of a pair’s instance', () => {
  expect(partnerIn('dhcp@k1_k2', 'k1')).toBe('k2');
  expect(partnerIn('dhcp@k1_k2', 'k2')).toBe('k1');
  expect(partnerIn('dhcp', 'k1')).toBeNull();
});
