import type { LabNetwork } from '../../../lab/topology.ts';
import type { Environment } from '../environment.ts';

/** Addresses of a /21 from the tenth on: with stock settings leases of one round are there in the next ones. */
const [FIRST, LAST] = ['.120.10', '.127.250'] as const;

/**
 * Gives each served VLAN of the lab a further subnet with 2,033 addresses, which many machines need: the lab's own pool has 51. It stays. What is there already
 * is left alone. Throws what the API answers.
 */
export async function ensurePools({ client, topology }: Pick<Environment, 'client' | 'topology'>): Promise<void> {
  for (const network of topology.networks.filter(({ served }) => served !== undefined)) {
    const prefix = prefixOf(network);
    const cidr = `${prefix}.120.0/21`;
    if (await has(client.all('subnet.list', {}), (subnet) => subnet.cidr === cidr)) continue;
    await client.call('subnet.create', { body: { cidr, vlan: network.name } });
    const [first, last] = [`${prefix}${FIRST}`, `${prefix}${LAST}`];
    await client.call('range.create', { body: { kind: 'dynamic', first, last, comment: 'machines of drills' } });
  }
}

/** The first two octets of a network of the lab: no two have them in common. */
const prefixOf = ({ cidr }: LabNetwork): string => cidr.split('.').slice(0, 2).join('.');

async function has<T>(items: AsyncIterable<T>, isIt: (item: T) => boolean): Promise<boolean> {
  for await (const item of items) if (isIt(item)) return true;
  return false;
}
