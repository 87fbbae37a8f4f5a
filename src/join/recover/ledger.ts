import { type Epoch, formatEpoch } from '../../core/epoch.ts';
import { digestOf } from '../../core/stable-json.ts';
import type { Desired } from '../../contract/cluster/agent.ts';
import type { Recovered } from '../../model/cluster/node.ts';
import { INIT_DEFAULTS } from '../init/options.ts';
import { type Seed } from '../init/seed.ts';
import type { RecoverNote } from './note.ts';

/** Services whose configuration names the other region nodes. Each other one stays as it is until the region publishes. */
const OF_THE_CLUSTER = ['dcs', 'db', 'lb', 'vip'];

/** What everybody is to know of this recovery. */
export function recoveredOf(epoch: Epoch, signature: string, lost: Recovered['lost']): Recovered {
  return { epoch: formatEpoch(epoch), id: epoch.at(-1)?.id ?? '', signature, lost };
}

/** The cluster of one that the ordinary compiler makes the configuration of. */
export function seedOf(note: RecoverNote, recovered: Recovered): Seed {
  const { nodeId, name, address, clusterId, vip, virtualRouter, isDatabaseExternal } = note;
  const { domain } = INIT_DEFAULTS;
  return { nodeId, name, address, clusterId, vip, virtualRouter, isDatabaseExternal, domain, recovered };
}

/**
 * The ledger of the node that is left: what it held, with the daemons of the cluster as those of a cluster of one. The database's common configuration
 * gets the next number, so that it replaces the one that made commits wait for standbys. The same for the same note.
 */
export function recoveredDesired(before: Desired, note: RecoverNote, seed: Desired['body']): Desired {
  const lost = new Set(note.lost.map(({ address }) => address));
  const services = { ...before.body.services };
  for (const name of OF_THE_CLUSTER) {
    const part = seed.services[name];
    if (part !== undefined) services[name] = part;
  }
  const { db, firewall } = services;
  if (db?.desired) services['db'] = { ...db, desired: { ...db.desired, version: note.held.databaseVersion + 1 } };
  if (firewall?.desired) services['firewall'] = { ...firewall, desired: withoutAddresses(firewall.desired, lost) };
  const body = { ...before.body, services, regions: [{ name: note.name, address: note.address }] };
  return { ...before, generation: note.held.generation + 1, digest: digestOf(body), body };
}

/** The packet filter lets the lost hosts in no more. */
function withoutAddresses(desired: Record<string, unknown>, lost: ReadonlySet<string>): Record<string, unknown> {
  const without = (value: unknown) => (Array.isArray(value) ? value.filter((item) => !lost.has(String(item))) : value);
  return { ...desired, members: without(desired['members']), nodes: without(desired['nodes']) };
}
