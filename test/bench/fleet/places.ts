import type { Client } from '../../../src/contract/client.ts';
import { must, run } from '../../../src/lab/command.ts';
import { execHost } from '../../../src/lab/exec.ts';
import type { Layout } from '../../../src/lab/layout.ts';
import { addressOf, type LabNetwork, type Topology } from '../../../src/lab/topology.ts';
import { collect } from '../each.ts';

/** A network of the lab that the product serves, with a subnet of the fleet's own beside the lab's. */
export interface FleetPlace {
  readonly network: LabNetwork;
  /** Network namespace that machines are in, and an address that it has there. */
  readonly netns: string;
  readonly address: string;
  /** Addresses of the racks in the lab's own subnet, where machines are sent to. */
  readonly racks: readonly string[];
  readonly cidr: string;
  readonly first: string;
  readonly last: string;
  /** Who needs an address in the fleet's subnet: whoever stands on its VLAN. */
  readonly cards: readonly { readonly host: string | null; readonly device: string; readonly address: string }[];
}

const TIMEOUT_MS = 10_000;
/** Addresses that nobody else of the lab has: a /20 for each network from 10.64.0.0 on, of which 11 blocks of 256 are for machines. */
const SECOND = 64;
const FIRST_BLOCK = 4;
const MOST_PER_PLACE = 11 * 256;
/** The lab's own address of its client. */
const CLIENT = 100;

/** Where `count` machines can be: on every network that the lab serves, each with its share of addresses. Throws when they are too many. Pure. */
export function placesOf(layout: Layout, { networks, hosts, clients }: Topology, count: number): FleetPlace[] {
  const served = networks.filter((network) => network.served && clients.some(({ name }) => name === network.name));
  // One that asks twice may be offered another address, and each network has room for some more.
  const share = Math.ceil(count / served.length) + 32;
  if (!(share <= MOST_PER_PLACE))
    throw new Error(`${count} machines on ${served.length} networks are too many, or there is no network`);
  return served.map((network, index) => {
    const prefix = `10.${SECOND + index}`;
    const racks = hosts.flatMap(({ name, nics, roles = [] }) => {
      const nic = roles.includes('rack') ? nics.find((one) => one.network === network.name) : undefined;
      return nic ? [{ host: name, nic }] : [];
    });
    const device = clients.find(({ name }) => name === network.name)?.nic.device ?? '';
    const last = FIRST_BLOCK * 256 + share - 1;
    return {
      network,
      netns: layout.clientNetns(network.name),
      address: `${prefix}.0.${CLIENT}`,
      racks: racks.map(({ nic }) => addressOf(nic)),
      cidr: `${prefix}.0.0/20`,
      first: `${prefix}.${FIRST_BLOCK}.0`,
      last: `${prefix}.${last >> 8}.${last & 255}`,
      cards: [
        ...racks.map(({ host, nic }, at) => ({ host, device: nic.device, address: `${prefix}.0.${at + 1}/20` })),
        { host: null, device, address: `${prefix}.0.${CLIENT}/20` },
      ],
    };
  });
}

/** Gives each place its addresses and its subnet. What is there already stays, so it may be cut off and run again. */
export async function openPlaces(layout: Layout, client: Client, places: readonly FleetPlace[]): Promise<void> {
  for (const place of places) {
    await dropAddresses(place);
    for (const { host, device, address } of place.cards)
      await ipIn(layout, host ?? place, ['addr', 'replace', address, 'dev', device]);
    const { cidr, first, last, network } = place;
    if (!(await hasSubnet(client, cidr))) await client.call('subnet.create', { body: { cidr, vlan: network.name } });
    const comment = 'machines of npm run bench -- fleet';
    for (const range of await rangesOf(client, cidr))
      if (range.last !== last) await client.call('range.delete', { params: { range: String(range.id) } });
    if ((await rangesOf(client, cidr)).length === 0)
      await client.call('range.create', { body: { kind: 'dynamic', first, last, comment } });
  }
}

/** Takes them away again, with the addresses of all machines. */
export async function closePlaces(layout: Layout, client: Client, places: readonly FleetPlace[]): Promise<void> {
  for (const place of places) {
    await dropAddresses(place);
    for (const { id } of await rangesOf(client, place.cidr))
      await client.call('range.delete', { params: { range: String(id) } });
    if (await hasSubnet(client, place.cidr)) await client.call('subnet.delete', { params: { subnet: place.cidr } });
    for (const { host, device, address } of place.cards)
      await ipIn(layout, host ?? place, ['addr', 'del', address, 'dev', device]).catch(() => undefined);
  }
}

/** Whoever was cut off has left addresses that may be somebody else's by now. */
async function dropAddresses({ netns, cards }: FleetPlace): Promise<void> {
  for (const { host, device } of cards) {
    if (host !== null) continue;
    const shown = await must(['ip', '-n', netns, '-o', '-4', 'addr', 'show', 'dev', device], { timeoutMs: TIMEOUT_MS });
    const input = [...shown.matchAll(/ inet (\S+)\/32 /g)].map(
      ([, address]) => `addr del ${address}/32 dev ${device}\n`,
    );
    await run(['ip', '-n', netns, '-force', '-batch', '-'], { timeoutMs: TIMEOUT_MS, input: input.join('') });
  }
}

async function hasSubnet(client: Client, cidr: string): Promise<boolean> {
  for await (const subnet of client.all('subnet.list', { query: { cidr } })) if (subnet.cidr === cidr) return true;
  return false;
}

async function rangesOf(client: Client, cidr: string) {
  return (await hasSubnet(client, cidr)) ? await collect(client.all('range.list', { query: { subnet: cidr } })) : [];
}

async function ipIn(
  layout: Layout,
  where: string | Pick<FleetPlace, 'netns'>,
  words: readonly string[],
): Promise<void> {
  if (typeof where !== 'string') {
    await must(['ip', '-n', where.netns, ...words], { timeoutMs: TIMEOUT_MS });
    return;
  }
  const { code, stderr } = await execHost(layout, where, ['ip', ...words], { timeoutMs: TIMEOUT_MS });
  if (code !== 0) throw new Error(`ip ${words.join(' ')} in ${where}: ${stderr.trim()}`);
}

/** The racks' web servers, by their addresses. */
export function originsOf({ racks }: FleetPlace, port: number): string[] {
  return racks.map((address) => `http://${address}:${port}`);
}
