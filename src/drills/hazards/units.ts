import type { Cast } from '../../judge/timeline.ts';
import { type Chance, pick } from './draw.ts';
import type { Act } from './hazard.ts';

/** A process of a host that a drill kills or stops. */
interface Unit {
  /** As the environment knows it: a unit of systemd, or `postgres`. */
  readonly unit: string;
  /** In sentences. */
  readonly text: string;
  /** The role of the host on which the unit matters. */
  readonly where: TargetRole;
}

/** A part that a host plays, or the kind of hosts of which one is drawn. */
export type TargetRole = 'primary' | 'holder' | 'standby' | 'leader' | 'region' | 'rack' | 'any';

/** What every region node runs, and racks in part. Where it does not matter which host, chance decides. */
export const UNITS = {
  postgres: { unit: 'postgres', text: 'PostgreSQL', where: 'primary' },
  patroni: { unit: 'patroni.service', text: 'Patroni', where: 'primary' },
  etcd: { unit: 'etcd.service', text: 'etcd', where: 'leader' },
  keeper: { unit: 'regent-keeper.service', text: 'the keeper', where: 'primary' },
  way: { unit: 'regent-etcd-way.service', text: "Patroni's way to etcd", where: 'primary' },
  haproxy: { unit: 'haproxy.service', text: 'haproxy', where: 'holder' },
  keepalived: { unit: 'keepalived.service', text: 'keepalived', where: 'holder' },
  regiond: { unit: 'regent-regiond.service', text: 'regiond', where: 'holder' },
  named: { unit: 'named.service', text: 'named', where: 'region' },
  squid: { unit: 'squid.service', text: 'Squid', where: 'holder' },
  agent: { unit: 'regent-agent.service', text: 'the agent', where: 'any' },
} as const satisfies Record<string, Unit>;

/** The name of a unit in the table. */
export type UnitName = keyof typeof UNITS;

/** Names of all units, in the table's order. */
export const UNIT_NAMES = Object.keys(UNITS) as UnitName[];

/** The host that plays the part, or one that is drawn. Throws AppError `drill_cast` when the cluster has none. */
export function hostAt(role: TargetRole, cast: Cast, chance: Chance): string {
  switch (role) {
    case 'primary':
      return cast.primary;
    case 'holder':
      return cast.holder;
    case 'leader':
      return cast.etcdLeader;
    case 'standby':
      return pick(cast.standbys, chance);
    case 'region':
      return pick(cast.regions, chance);
    case 'rack':
      return pick(cast.racks, chance);
    case 'any':
      return pick([...cast.regions, ...cast.racks], chance);
  }
}

/** The other rack of the pair in which this one is the primary one. In the lab each rack's partner is the next one; a rack alone has itself. */
export function partnerOf(host: string, { racks }: Cast): string {
  return racks[(racks.indexOf(host) + 1) % racks.length] ?? host;
}

/** The instance of Kea that serves the rack's own VLAN, and its leases. A rack alone has its own server. */
export function keaOf(host: string, cast: Cast): { readonly unit: string; readonly leases: string } {
  const partner = partnerOf(host, cast);
  if (partner === host) return { unit: 'kea-dhcp4-server.service', leases: '/var/lib/kea/kea-leases4.csv' };
  const key = `${host}_${partner}`;
  return { unit: `kea-dhcp4@${key}.service`, leases: `/var/lib/kea/kea-leases4-${key}.csv` };
}

/** An operator's command; root's key is on the host where the cluster began. */
export function regent({ regions: [host = ''] }: Pick<Cast, 'regions'>, ...argv: readonly string[]): Act {
  return { do: 'regent', host, argv };
}

/** Descriptions of a process's place. */
export const WHERE: Readonly<Record<TargetRole, string>> = {
  primary: 'of the primary',
  holder: 'of the VIP holder',
  standby: 'of a standby',
  leader: 'that leads',
  region: 'of a region node',
  rack: 'of a rack',
  any: 'of a host',
};

/** The parts of a region node that decide what its loss costs, as text. */
export const PARTS = {
  primary: "the primary's host",
  standby: "a standby's host",
  holder: "the VIP holder's host",
} as const satisfies Partial<Record<TargetRole, string>>;
