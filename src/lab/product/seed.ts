import { setTimeout as delay } from 'node:timers/promises';
import { type Client, createClient } from '../../contract/client.ts';
import { AppError, sentenceOf } from '../../core/errors.ts';
import type { Random } from '../../core/ports.ts';
import type { BmcLogin } from '../machines/config.ts';
import { bareAddress, type LabMachine, type LabNetwork } from '../topology.ts';

/** Where the product's API is, and with which key. */
export type SeedTarget = { readonly url: string; readonly apiKey: string; readonly random: Random };

/**
 * Creates a network that the product is to serve, through its public API: its VLAN, its subnet (the site's router as
 * gateway, if there is one), a dynamic range, and then DHCP on. What is there already stays as it is, so it may be cut
 * off and run again. Throws AppError `lab_product` with the API's message.
 */
export async function seedNetwork(target: SeedTarget, network: LabNetwork): Promise<void> {
  const { served } = network;
  if (!served) return;
  const client = createClient(target);
  try {
    const vlan = await ensureRows(client, network, served);
    await client.call('vlan.set', { params: { vlan }, body: { dhcpOn: true } });
  } catch (cause) {
    throw new AppError(
      'lab_product',
      `The product refused ${network.name} (${network.cidr}): ${sentenceOf(cause)}\nWhat to do: bin/regent status, then run this again.`,
      { cause },
    );
  }
}

/** Racks report their networks some seconds after they have joined, and a busy machine takes longer. */
const PAIR_MS = 120_000;
const AGAIN_MS = 1_000;

/**
 * Names the pair of racks of a network, unless somebody named others; returns whether it did. Waits until the racks have reported that they are
 * on it. Throws AppError `lab_product` with the API's message.
 */
export async function seedPair(target: SeedTarget, network: LabNetwork): Promise<boolean> {
  const [primaryRack, secondaryRack] = network.served?.pair ?? [];
  const client = createClient(target);
  const deadline = performance.now() + PAIR_MS;
  for (;;) {
    try {
      const vlan = await find(client.all('vlan.list', {}), (item) => item.name === network.name);
      if (!vlan || vlan.primaryRack !== null || primaryRack === undefined || secondaryRack === undefined) return false;
      const params = { vlan: `${vlan.fabric}/${vlan.vid}` };
      await client.call('vlan.set', { params, body: { primaryRack, secondaryRack } });
      return true;
    } catch (cause) {
      if (performance.now() > deadline) {
        const problem = `The product refused the racks of ${network.name}: ${sentenceOf(cause)}`;
        throw new AppError('lab_product', `${problem}\nWhat to do: bin/regent rack list, then run this again.`, {
          cause,
        });
      }
      await delay(AGAIN_MS);
    }
  }
}

/**
 * Creates a machine and its BMC in the product, as `scripts/lab machine list` shows it to a person. What is there already stays as it is, but for
 * the access to the BMC, which is the lab's to know. Throws AppError `lab_product` with the API's message.
 */
export async function seedMachine(target: SeedTarget, machine: LabMachine, access: BmcLogin): Promise<void> {
  const client = createClient(target);
  const { name, mac, network } = machine;
  const bmc = `${name}-bmc`;
  const parameters = { ...access };
  try {
    const known = await find(client.all('bmc.list', {}), (item) => item.name === bmc);
    if (known) await client.call('bmc.set', { params: { bmc }, body: { parameters } });
    else await client.call('bmc.create', { body: { name: bmc, powerType: machine.bmc.type, parameters } });
    if (await find(client.all('machine.list', { query: { mac } }), () => true)) return;
    await client.call('machine.create', { body: { hostname: name, bmc, interfaces: [{ mac, vlan: network }] } });
  } catch (cause) {
    const problem = `The product refused the machine ${name}: ${sentenceOf(cause)}`;
    throw new AppError('lab_product', `${problem}\nWhat to do: bin/regent status, then run this again.`, { cause });
  }
}

/** Makes what is missing; returns FABRIC/VID of the VLAN that the subnet lies in. */
async function ensureRows(client: Client, network: LabNetwork, served: NonNullable<LabNetwork['served']>) {
  const { name, cidr } = network;
  const { vid, first, last } = served;
  let subnet = await find(client.all('subnet.list', {}), (item) => item.cidr === cidr);
  if (!subnet) {
    const isMade = (await find(client.all('vlan.list', {}), (item) => item.name === name)) !== null;
    if (!isMade) await client.call('vlan.create', { body: { name, vid } });
    const gateway = network.router === undefined ? {} : { gateway: bareAddress(network.router) };
    subnet = (await client.call('subnet.create', { body: { cidr, vlan: name, ...gateway } })).body;
  }
  const ranges = client.all('range.list', { query: { subnet: cidr } });
  if (!(await find(ranges, (range) => range.kind === 'dynamic')))
    await client.call('range.create', { body: { kind: 'dynamic', first, last, comment: "the lab's clients" } });
  const home = await find(client.all('vlan.list', {}), (vlan) => vlan.id === subnet.vlanId);
  return home ? `${home.fabric}/${home.vid}` : name;
}

async function find<T>(items: AsyncIterable<T>, isIt: (item: T) => boolean): Promise<T | null> {
  for await (const item of items) if (isIt(item)) return item;
  return null;
}
