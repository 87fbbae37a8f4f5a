import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { type DayClient, dayClient, type Values } from './client.ts';

/* An operator's day through the MAAS API alone, against a site that runs. A second run finds what the first one made. */

const USAGE = `REGENT_KEY=CONSUMER:TOKEN:SECRET node test/day/maas.ts ADDRESS --mac MAC --cidr CIDR [option…]

  ADDRESS                 such as http://10.77.0.10:5240
  --mac MAC               of the machine, which boots from the network: it is enlisted by itself, or made with its power
  --cidr CIDR             the network that the racks and the machine stand on
  --pool FIRST-LAST       its dynamic range
  --vlan ID               the VLAN of the network, where it has no subnet yet
  --hostname NAME         of the machine (default: day-1)
  --power TYPE            how it is switched, with --power-parameter NAME=VALUE…; its password in REGENT_DAY_POWER_PASS
  --series NAME           the image (default: the only one)
  --ssh-key FILE          a public key that the deployed machine lets in
  --keep                  what was made stays
`;
const POLL_MS = 5_000;
const MINUTE_MS = 60_000;
/** Deadlines of what machines do. */
const WAITS = { enlisted: 15 * MINUTE_MS, ready: 30 * MINUTE_MS, deployed: 45 * MINUTE_MS };
const NAMES = { zone: 'day-hall', pool: 'day-pool', tag: 'day', record: 'day-www' } as const;

interface Named {
  readonly id: number;
  readonly name: string;
  readonly resource_uri: string;
}
interface Machine {
  readonly system_id: string;
  readonly status_name: string;
  readonly hostname: string;
  readonly resource_uri: string;
  readonly power_type: string;
  readonly tag_names: readonly string[];
  readonly zone: Named;
}
interface Subnet extends Named {
  readonly cidr: string;
  readonly vlan: Named & { readonly dhcp_on: boolean };
}
interface Range {
  readonly type: string;
  readonly start_ip: string;
  readonly end_ip: string;
}

type Options = ReturnType<typeof readOptions>;

function readOptions(words: readonly string[]) {
  const { values, positionals } = parseArgs({
    args: [...words],
    allowPositionals: true,
    options: {
      mac: { type: 'string' },
      cidr: { type: 'string' },
      pool: { type: 'string' },
      vlan: { type: 'string' },
      hostname: { type: 'string', default: 'day-1' },
      power: { type: 'string' },
      'power-parameter': { type: 'string', multiple: true, default: [] },
      series: { type: 'string' },
      'ssh-key': { type: 'string' },
      keep: { type: 'boolean', default: false },
    },
  });
  const [address] = positionals;
  const { mac, cidr } = values;
  const key = process.env['REGENT_KEY'];
  if (address === undefined || mac === undefined || cidr === undefined || !key) return null;
  return { ...values, address, mac: mac.toLowerCase(), cidr, key };
}

const begun = performance.now();
function say(text: string): void {
  console.log(`${((performance.now() - begun) / 1000).toFixed(1).padStart(7)} s  ${text}`);
}

/** Makes what is not there; `name` is its path below those of its kind. */
async function make(
  maas: DayClient,
  [what, kind]: readonly [string, string],
  name: string,
  values: Values,
): Promise<void> {
  const found = await maas.find(`${kind}/${name}/`);
  if (found === null) await maas.post(`${kind}/`, null, { name, ...values });
  say(`${what}: ${found === null ? 'made' : 'there already'}`);
}

async function places(maas: DayClient): Promise<Named> {
  await make(maas, ['zone', 'zones'], NAMES.zone, { description: 'of the day' });
  await make(maas, ['tag', 'tags'], NAMES.tag, { comment: 'of the day' });
  const pools = await maas.get<Named[]>('resourcepools/');
  const pool = pools.find(({ name }) => name === NAMES.pool);
  say(`resource pool: ${pool ? 'there already' : 'made'}`);
  return pool ?? maas.post<Named>('resourcepools/', null, { name: NAMES.pool });
}

async function network(maas: DayClient, { cidr, pool, vlan }: NonNullable<Options>): Promise<void> {
  const subnets = await maas.get<Subnet[]>('subnets/');
  const known = subnets.find((one) => one.cidr === cidr);
  const subnet = known ?? (await maas.post<Subnet>('subnets/', null, { cidr, ...(vlan ? { vlan } : {}) }));
  say(`subnet ${cidr}: ${known ? 'there already' : 'made'}`);
  const ranges = await maas.get<(Range & { readonly subnet: Named })[]>('ipranges/');
  if (!ranges.some((one) => one.type === 'dynamic' && one.subnet.id === subnet.id)) {
    const [first = '', last = ''] = (pool ?? '').split('-');
    if (last === '') throw new Error(`${cidr} has no dynamic range: --pool FIRST-LAST`);
    await maas.post('ipranges/', null, { type: 'dynamic', start_ip: first, end_ip: last, subnet: String(subnet.id) });
    say(`range ${first}-${last}: made`);
  }
  const racks = await maas.get<{ readonly system_id: string; readonly hostname: string }[]>('rackcontrollers/');
  const [primary, secondary] = racks;
  if (!subnet.vlan.dhcp_on) {
    const pair = {
      ...(primary ? { primary_rack: primary.system_id } : {}),
      ...(secondary ? { secondary_rack: secondary.system_id } : {}),
    };
    await maas.put(subnet.vlan.resource_uri, { dhcp_on: 'true', ...pair });
  }
  const served = await maas.get<{ dhcp_on: boolean; primary_rack: string | null; secondary_rack: string | null }>(
    subnet.vlan.resource_uri,
  );
  if (!served.dhcp_on) throw new Error(`DHCP of ${cidr} is not on`);
  say(`DHCP of ${cidr}: on, by ${served.primary_rack ?? 'any rack'} and ${served.secondary_rack ?? 'any other'}`);
  const free = await maas.get<object[]>(`subnets/${subnet.id}/`, { op: 'unreserved_ip_ranges' });
  const statistics = await maas.get<{ readonly usage_string: string }>(`subnets/${subnet.id}/`, { op: 'statistics' });
  say(`${cidr}: ${statistics.usage_string} used, ${free.length} free ranges`);
}

async function record(maas: DayClient): Promise<string> {
  const domains = await maas.get<(Named & { readonly is_default: boolean })[]>('domains/');
  const fqdn = `${NAMES.record}.${domains.find((one) => one.is_default)?.name ?? ''}`;
  const [known] = await maas.get<Named[]>('dnsresources/', { fqdn });
  const made = known ?? (await maas.post<Named>('dnsresources/', null, { fqdn, ip_addresses: '192.0.2.80' }));
  say(`DNS record ${fqdn}: ${known ? 'there already' : 'made'}`);
  return made.resource_uri;
}

async function keyOf(maas: DayClient, file: string | undefined): Promise<void> {
  if (file === undefined) return;
  const { readFile } = await import('node:fs/promises');
  const key = (await readFile(file, 'utf8')).trim();
  const known = await maas.get<{ readonly key: string }[]>('account/prefs/sshkeys/');
  if (!known.some((one) => one.key === key)) await maas.post('account/prefs/sshkeys/', null, { key });
  say('SSH key: there');
}

/** Waits until a machine has a status; ends at one that it cannot leave by itself. */
async function until(maas: DayClient, id: string, wanted: string, deadlineMs: number): Promise<Machine> {
  const end = performance.now() + deadlineMs;
  for (let last = ''; ; await delay(POLL_MS)) {
    const machine = await maas.get<Machine>(`machines/${id}/`);
    if (machine.status_name !== last) say(`machine ${machine.hostname}: ${machine.status_name}`);
    last = machine.status_name;
    if (last === wanted) return machine;
    if (/fail|broken/i.test(last)) throw new Error(`The machine is ${last}, not ${wanted}.`);
    if (performance.now() > end) throw new Error(`The machine is still ${last}, not ${wanted}.`);
  }
}

async function enlisted(maas: DayClient, options: NonNullable<Options>): Promise<Machine> {
  const { mac, hostname, power } = options;
  const find = async () => (await maas.get<Machine[]>('machines/', { mac_address: mac }))[0];
  const end = performance.now() + WAITS.enlisted;
  let machine = await find();
  while (machine === undefined && power === undefined) {
    if (performance.now() > end) throw new Error(`No machine with the card ${mac} was enlisted.`);
    await delay(POLL_MS);
    machine = await find();
  }
  if (machine?.power_type || power === undefined) return machine as Machine;
  const parameters = Object.fromEntries(
    options['power-parameter'].map((text) => {
      const [name = '', ...value] = text.split('=');
      return [`power_parameters_${name}`, value.join('=')];
    }),
  );
  const pass = process.env['REGENT_DAY_POWER_PASS'];
  return maas.post<Machine>('machines/', null, {
    architecture: 'amd64/generic',
    hostname,
    mac_addresses: mac,
    power_type: power,
    commission: 'false',
    ...parameters,
    ...(pass ? { power_parameters_power_pass: pass } : {}),
  });
}

async function machineDay(maas: DayClient, options: NonNullable<Options>): Promise<void> {
  const { system_id: id, status_name: status } = await enlisted(maas, options);
  say(`machine ${id}: ${status}`);
  await maas.put(`machines/${id}/`, { zone: NAMES.zone, pool: NAMES.pool });
  await maas.post(`tags/${NAMES.tag}/`, 'update_nodes', { add: id });
  if (status === 'New') await maas.post(`machines/${id}/`, 'commission');
  await until(maas, id, 'Ready', WAITS.ready);
  const taken = await maas.post<Machine>('machines/', 'allocate', {
    tags: NAMES.tag,
    zone: NAMES.zone,
    agent_name: 'day',
  });
  if (taken.system_id !== id) throw new Error(`${taken.system_id} was allocated, not ${id}.`);
  await maas.post(`machines/${id}/`, 'set_owner_data', { purpose: 'a day' });
  await maas.post(`machines/${id}/`, 'deploy', options.series ? { distro_series: options.series } : {});
  await until(maas, id, 'Deployed', WAITS.deployed);
  await maas.post(`machines/${id}/`, 'release', { comment: 'the day is over' });
  await until(maas, id, 'Ready', WAITS.ready);
  const events = await maas.get<{ readonly count: number }>('events/', { op: 'query', id, limit: '100' });
  say(`events of the machine: ${events.count}`);
}

/** The machine goes back to where it was, and what the day made goes. */
async function clean(maas: DayClient, mac: string, pool: Named, recordUri: string): Promise<void> {
  const [machine] = await maas.get<Machine[]>('machines/', { mac_address: mac });
  if (machine) await maas.put(machine.resource_uri, { zone: 'default', pool: 'default' });
  for (const uri of [recordUri, `tags/${NAMES.tag}/`, `zones/${NAMES.zone}/`, pool.resource_uri])
    await maas.remove(uri);
  say('record, tag, zone and pool: deleted');
}

const options = readOptions(process.argv.slice(2));
if (options === null) {
  console.error(USAGE);
  process.exitCode = 2;
} else {
  const maas = dayClient(options.address, options.key);
  try {
    const { username } = await maas.get<{ readonly username: string }>('users/', { op: 'whoami' });
    say(`user ${username}`);
    const pool = await places(maas);
    await network(maas, options);
    const recordUri = await record(maas);
    await keyOf(maas, options['ssh-key']);
    await machineDay(maas, options);
    if (!options.keep) await clean(maas, options.mac, pool, recordUri);
    say('the day is done');
  } catch (error) {
    say(`FAILED: ${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = 1;
  }
}
