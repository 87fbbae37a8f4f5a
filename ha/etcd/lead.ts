import { Agent } from 'node:https';
import { askEtcd, endpointOf } from '../kit/etcd.ts';
import type { Identity } from '../kit/host.ts';

/** A member that is to lead may be so far behind. Others wait for it, and nothing is decided meanwhile. */
const BEHIND = 50;

/** What an etcd says of itself (`/v3/maintenance/status`; 64-bit numbers are texts). */
export interface Status {
  readonly id: string;
  /** The ID of the leader; '0': nobody leads. */
  readonly leader: string;
  readonly index: number;
  readonly isLearner: boolean;
}

/**
 * Which member should lead etcd instead of this host's own; null: no change is needed, or the cluster is not well enough for one. The leader of etcd
 * should not be on the primary's host: when that host dies, the next leader renews all leases, and the failover takes 1 to 2 s longer.
 */
export function heirOf(own: Status | null, others: readonly (Status | null)[]): Status | null {
  if (own === null || own.leader !== own.id) return null;
  // A member is away. An election now would add another risk.
  const known = others.filter((one) => one !== null);
  if (known.length === 0 || known.length < others.length) return null;
  const fit = known.filter((one) => !one.isLearner && one.leader === own.id && own.index - one.index <= BEHIND);
  return fit.toSorted((a, b) => b.index - a.index)[0] ?? null;
}

/**
 * Hands the lead of etcd on, if this host's own etcd (the first place) has it and all others are well. Gives the new leader's place; null: nothing
 * was done.
 */
export async function handLeadOn(places: readonly string[], identity: Identity): Promise<string | null> {
  const agent = new Agent({ keepAlive: false, ...identity });
  const [own, ...others] = await Promise.all(places.map((place) => statusOf(place, agent).catch(() => null)));
  const heir = heirOf(own ?? null, others);
  const [place] = places;
  if (heir === null || place === undefined) return null;
  const body = JSON.stringify({ targetID: heir.id });
  await askEtcd(endpointOf(place), { path: '/v3/maintenance/transfer-leadership', body }, agent);
  return places[others.indexOf(heir) + 1] ?? null;
}

async function statusOf(place: string, agent: Agent): Promise<Status> {
  const status = (await askEtcd(endpointOf(place), { path: '/v3/maintenance/status', body: '{}' }, agent)) as {
    readonly header?: { readonly member_id?: string };
    readonly leader?: string;
    readonly raftIndex?: string;
    readonly isLearner?: boolean;
  };
  const { header, leader = '0', raftIndex = '0', isLearner = false } = status;
  if (header?.member_id === undefined) throw new Error(`${place} does not report its identity`);
  return { id: header.member_id, leader, index: Number(raftIndex), isLearner };
}
