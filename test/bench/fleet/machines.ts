import type { Client } from '../../../src/contract/client.ts';
import type { Machine } from '../../../src/contract/machines/machine.ts';
import { macOf } from '../../../src/drills/probes/dhcp/packet.ts';
import { collect, each } from '../each.ts';
import type { FleetMachine } from './way.ts';

/** How the machines' names begin: so those of a run that was cut off are found. */
const NAME = 'fleet-';
/** Of their MACs. */
const FAMILY = 0xf1;
/** Calls at once: more only wait for each other. */
const AT_ONCE = 16;

/** Makes machines, in turn on these networks, and lets them be commissioned: no script of the release, as the image `micro` without credentials. */
export async function makeMachines(
  client: Client,
  networks: readonly string[],
  count: number,
): Promise<FleetMachine[]> {
  const made: FleetMachine[] = [];
  await each({ count, atOnce: AT_ONCE }, async (number) => {
    const [hostname, mac] = [`${NAME}${number}`, macOf(FAMILY, number)];
    const interfaces = [{ mac, vlan: networks[number % networks.length] ?? '' }];
    const { body } = await client.call('machine.create', { body: { hostname, interfaces } });
    made[number] = { id: body.id, hostname, mac, number };
  });
  return made;
}

/** Begins the commissioning of all. */
export async function commissionMachines(client: Client, machines: readonly FleetMachine[]): Promise<void> {
  await each({ count: machines.length, atOnce: AT_ONCE }, async (index) => {
    const machine = machines[index]?.id ?? '';
    await client.call('machine.commission', { params: { machine }, body: { skip: ['built-in'] } });
  });
}

/** The machines of this and of earlier runs, as a list tells of them. */
export async function listFleet(client: Client): Promise<Machine[]> {
  const all = await collect(client.all('machine.list', { query: { hostname: NAME } }));
  return all.filter(({ hostname }) => hostname.startsWith(NAME));
}

/** Deletes all of them. */
export async function removeFleet(client: Client): Promise<void> {
  const all = await listFleet(client);
  await each({ count: all.length, atOnce: AT_ONCE }, async (index) => {
    await client.call('machine.delete', { params: { machine: all[index]?.id ?? '' } });
  });
}
