/** A rack that is accepted. `why`: it cannot be counted on now, such as `k1 is silent`; null: it can. */
export interface PairingRack {
  readonly uuid: string;
  readonly name: string;
  readonly why: string | null;
}

/** A rack's interface on a VLAN. `rack`: its UUID. `why`: nobody can be served by it, such as `eth1 of k1 is down`; null: clients can be. */
export interface Stand {
  readonly rack: string;
  readonly nic: string;
  readonly why: string | null;
}

/** The racks of a VLAN, by UUID. */
export interface Pair {
  readonly primary: string | null;
  readonly secondary: string | null;
}

/** A VLAN whose clients come to racks, and the racks that it names. `chosen`: who serves it while it names none. `leases`: that its clients hold now. */
export interface PairingVlan {
  readonly id: number;
  readonly pair: Pair;
  readonly chosen: string | null;
  readonly leases: number;
  readonly stands: readonly Stand[];
}

/** What pairs are planned from. Racks in the order of their numbers, VLANs in that of their ids. */
export interface PairingSite {
  readonly racks: readonly PairingRack[];
  readonly vlans: readonly PairingVlan[];
}

/** A VLAN with who may serve it. Racks are named by their place in the site's list. */
export interface Candidates {
  readonly vlan: PairingVlan;
  /** Those that can serve it now. */
  readonly usable: readonly number[];
  /** Those that serve it by the configuration: they know its leases. */
  readonly serving: readonly number[];
  /** The place of a rack that is accepted; -1 for any other. */
  readonly placeOf: (uuid: string | null) => number;
  /** Why a rack cannot serve it; null: it can. */
  readonly whyNot: (uuid: string) => string | null;
}

/**
 * Who may serve each VLAN. Kea knows a client's network by the interface alone, so an interface serves one VLAN: the one that it serves today, else the
 * first one.
 */
export function candidatesOf({ racks, vlans }: PairingSite): Candidates[] {
  const index = new Map(racks.map((rack, place) => [rack.uuid, place]));
  const owners = ownersOf(vlans);
  return vlans.map((vlan) => {
    const whyNot = (uuid: string) => {
      const rack = racks[index.get(uuid) ?? -1];
      if (rack === undefined) return 'a rack that it names is not accepted';
      const stand = vlan.stands.find((one) => one.rack === uuid);
      if (stand === undefined) return `${rack.name} does not stand on it`;
      const isTaken = owners.get(keyOf(stand)) !== vlan.id;
      return rack.why ?? stand.why ?? (isTaken ? `${stand.nic} of ${rack.name} serves elsewhere` : null);
    };
    const placeOf = (uuid: string | null) => index.get(uuid ?? '') ?? -1;
    const standing = new Set(vlan.stands.map(({ rack }) => rack).filter((rack) => whyNot(rack) === null));
    const usable = [...standing].map(placeOf).sort((a, b) => a - b);
    return { vlan, usable, serving: serversOf(vlan).map(placeOf), placeOf, whyNot };
  });
}

/** Who serves a VLAN by the configuration, by UUID. */
function serversOf({ pair, chosen }: PairingVlan): string[] {
  const named = [pair.primary, pair.secondary].filter((uuid) => uuid !== null);
  return chosen === null || named.includes(chosen) ? named : [...named, chosen];
}

/** The VLAN that each interface of a rack serves or may serve. */
function ownersOf(vlans: readonly PairingVlan[]): ReadonlyMap<string, number> {
  const owners = new Map<string, number>();
  const claim = (isClaimed: (vlan: PairingVlan, stand: Stand) => boolean) => {
    for (const vlan of vlans) {
      for (const stand of vlan.stands)
        if (isClaimed(vlan, stand) && !owners.has(keyOf(stand))) owners.set(keyOf(stand), vlan.id);
    }
  };
  claim((vlan, { rack }) => serversOf(vlan).includes(rack));
  claim(() => true);
  return owners;
}

const keyOf = ({ rack, nic }: Stand): string => `${rack} ${nic}`;
