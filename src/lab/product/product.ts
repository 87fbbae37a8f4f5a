import { AppError } from '../../core/errors.ts';
import { labStatus } from '../status.ts';
import type { Layout } from '../layout.ts';
import { needState, writeState } from '../state.ts';
import { readLogin } from '../machines/prepare.ts';
import { bareAddress, machinesHost, type Topology } from '../topology.ts';
import { keyInside, writeContext } from './context.ts';
import { installRelease, versionOf } from './install.ts';
import { productHosts, type ProductOrder } from './order.ts';
import { initialise, joinHosts, waitUntilHealthy } from './setup.ts';

/** A lab that runs the product. `isNewKey`: the key was made just now and has not been shown before. */
export interface ProductResult {
  readonly url: string;
  readonly version: string;
  readonly apiKey: string;
  readonly isNewKey: boolean;
  /** The first line of `regent cluster status` at the end. */
  readonly health: string;
}

/**
 * What a person does on real hosts, done in a lab's: `scripts/install` in each, `regent init` on the first, tokens and `regent join`
 * on the others. Then the outer checkout gets its context, and the served networks their rows. Any number of times; only what
 * differs is done.
 */
export async function installProduct(order: ProductOrder): Promise<ProductResult> {
  const { layout } = order;
  const { regions, racks } = productHosts(layout);
  const [first, ...others] = [...regions, ...racks];
  if (regions.length === 0 || !first)
    throw new AppError('lab_product', 'The lab has no region node. What to do: scripts/lab up, as it says.');
  await installRelease(order, [first.name]);
  // Init waits for daemons most of its time; the other hosts take the product meanwhile.
  const [newKey] = await bothEnded(
    initialise(order, first),
    installRelease(
      order,
      others.map((host) => host.name),
    ),
  );
  const { url } = labStatus(layout);
  if (!url) throw new AppError('lab_product', 'The API is not offered outside. What to do: sudo scripts/up');
  const apiKey = writeContext(order.contextFile, url, newKey ?? (await keyInside(layout, first.name)));
  // One node serves the API already.
  await bothEnded(joinHosts(order, first), ensureNetworks(order, url, apiKey));
  await ensurePairs(order, url, apiKey);
  await ensureFirstMachine(order, url, apiKey);
  const result = { url, version: versionOf(order.archive), apiKey, isNewKey: newKey !== null };
  return { ...result, health: await waitUntilHealthy(order) };
}

/** What fails does not leave the other at work behind our back. */
async function bothEnded<A, B>(one: Promise<A>, other: Promise<B>): Promise<[A, B]> {
  await Promise.allSettled([one, other]);
  return Promise.all([one, other]);
}

/** Creates the networks that the product is to serve, each once. */
async function ensureNetworks(order: ProductOrder, url: string, apiKey: string): Promise<void> {
  const state = needState(order.layout);
  const seeded = state.seeded ?? [];
  const wanted = state.topology.networks.filter((network) => network.served && !seeded.includes(network.name));
  if (wanted.length === 0) return;
  // Loaded only here: every other verb does without the API's schemas.
  const { seedNetwork } = await import('./seed.ts');
  for (const network of wanted) {
    order.progress(`VLAN, subnet and DHCP of ${network.name} (${network.cidr})`);
    await seedNetwork({ url, apiKey, random: order.random }, network);
    const now = needState(order.layout);
    writeState(order.layout, { ...now, seeded: [...(now.seeded ?? []), network.name] });
  }
}

/** Sets which racks serve which network, as soon as the racks have reported their networks. */
async function ensurePairs(order: ProductOrder, url: string, apiKey: string): Promise<void> {
  const wanted = needState(order.layout).topology.networks.filter((network) => network.served?.pair);
  if (wanted.length === 0) return;
  const { seedPair } = await import('./seed.ts');
  for (const network of wanted) {
    const isAssigned = await seedPair({ url, apiKey, random: order.random }, network);
    if (isAssigned) order.progress(`${network.name} is served by ${network.served?.pair?.join(' and ')}`);
  }
}

/** Creates the first machine in the product, once; the others are the operator's to create, or unknown. */
async function ensureFirstMachine(order: ProductOrder, url: string, apiKey: string): Promise<void> {
  const state = needState(order.layout);
  const machine = machinesHost(state.topology)?.machines[0];
  if (!machine || state.seeded?.includes(machine.name)) return;
  const { seedMachine } = await import('./seed.ts');
  order.progress(`machine ${machine.name} and its BMC`);
  await seedMachine({ url, apiKey, random: order.random }, machine, readLogin(order.layout, machine.name));
  const now = needState(order.layout);
  writeState(order.layout, { ...now, seeded: [...(now.seeded ?? []), machine.name] });
}

/** What `scripts/up` says at its end, but for its log: a line each of what a person needs first. The key is shown only when it is new. */
export function productText(order: Pick<ProductOrder, 'layout' | 'contextFile'>, result: ProductResult): string {
  const { topology } = needState(order.layout);
  return endText(topology, result, { contextFile: order.contextFile, ui: labStatus(order.layout).ui });
}

/** The same of a topology. `ui`: where its web UI is; null: it is not offered. */
export function endText(
  topology: Topology,
  result: ProductResult,
  { contextFile, ui }: { readonly contextFile: string; readonly ui: string | null },
): string {
  const { url, apiKey } = result;
  const holder = topology.vip === undefined ? '' : ` (${bareAddress(topology.vip)} in the lab, whoever holds it)`;
  const key = result.isNewKey
    ? `${apiKey} (the admin's, shown this once; bin/regent reads it from ${contextFile})`
    : `as before, in ${contextFile}`;
  const lines = [
    ...(ui === null ? [] : [['UI', `${ui} (log in with the key)`]]),
    ['API', `${url}${holder}`],
    ['key', key],
    ...(ui === null
      ? []
      : [['trust', `curl -so regent-ca.crt ${url}/ui/ca.crt; import it in the browser as an authority`]]),
    ['try', topology.vip === undefined ? 'bin/regent status' : 'bin/regent cluster status'],
    ['stop', 'sudo scripts/down (--purge removes it without a trace)'],
  ];
  const rows = lines.map(([name = '', text = '']) => `  ${name.padEnd(6)} ${text}\n`);
  return `\nRegent ${result.version} runs in ${topology.name}. ${result.health}\n\n${rows.join('')}`;
}

/** What else can be tried in a lab, a line each. */
export function productHints(layout: Layout): string[] {
  const { topology } = needState(layout);
  return [
    '  bin/regent record create www.regent.internal A 10.10.10.50',
    ...(topology.vip === undefined ? [] : clusterHints(topology)),
    ...clientHints(topology),
    ...machineHints(topology),
  ];
}

function clusterHints({ hosts }: Topology): string[] {
  const [first = '', ...others] = hosts.filter(({ roles }) => roles?.includes('region')).map(({ name }) => name);
  const split =
    others.length === 0 ? [] : [`  sudo scripts/lab partition '${first}|${others.join(',')}'; sudo scripts/lab heal`];
  return [
    `  sudo scripts/lab kill ${first}                              (cut its power; then check again)`,
    `  sudo scripts/lab start ${first}`,
    ...split,
  ];
}

function machineHints(topology: Topology): string[] {
  const name = machinesHost(topology)?.machines[0]?.name;
  if (name === undefined) return [];
  return [
    `  bin/regent machine power on ${name} --boot pxe --wait`,
    `  sudo scripts/lab machine console ${name} --follow  (also: list, screenshot, power)`,
  ];
}

function clientHints(topology: Topology): string[] {
  const vlan = topology.networks.find((network) => network.served)?.name;
  if (vlan === undefined) return [];
  return [
    `  sudo scripts/lab client ${vlan} -- dig +short www.regent.internal`,
    `  sudo scripts/lab client ${vlan} --dhcp           (a machine with a real DHCP client)`,
    '  bin/regent lease list',
  ];
}
