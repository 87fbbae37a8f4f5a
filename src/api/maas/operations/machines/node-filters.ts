import { AGENT_NAME, type Annotations } from '../../../../model/site/annotation.ts';
import { MACHINE_STATUS } from '../../../../model/machines/machine-states.ts';
import type { Args } from '../../args.ts';
import type { MaasMachine } from '../../objects/machines/machines.ts';

type FilterValue = string | number | null;
/** Values of a machine that a filter compares: one of them has to be the requested one. */
type FilterReader = (machine: Filtered) => readonly FilterValue[];
/** The members of a machine that filters compare. */
type Filtered = Pick<
  MaasMachine,
  | 'hostname'
  | 'fqdn'
  | 'system_id'
  | 'domain'
  | 'zone'
  | 'pool'
  | 'owner'
  | 'architecture'
  | 'cpu_count'
  | 'memory'
  | 'interface_set'
> & {
  readonly status: number;
  readonly power_state: string;
  readonly tag_names: readonly string[];
  readonly ephemeral_deploy?: boolean;
};

const named = (object: object | null): FilterValue =>
  object !== null && 'name' in object ? String(object.name) : null;
const vlansOf = (machine: Filtered) => machine.interface_set.flatMap(({ vlan }) => (vlan ? [vlan] : []));
const subnetsOf = (machine: Filtered) =>
  machine.interface_set.flatMap(({ links }) => links.flatMap(({ subnet }) => (subnet ? [subnet] : [])));

/** Filters by their names; `not_NAME` is the opposite of each. */
const READERS: Readonly<Record<string, FilterReader>> = {
  hostname: ({ hostname, fqdn }) => [hostname, fqdn],
  mac_address: ({ interface_set }) => interface_set.map(({ mac_address }) => mac_address),
  id: ({ system_id }) => [system_id],
  system_id: ({ system_id }) => [system_id],
  domain: ({ domain }) => [named(domain)],
  zone: ({ zone }) => [named(zone)],
  pool: ({ pool }) => [named(pool)],
  owner: ({ owner }) => [owner],
  status: ({ status }) => [status, statusName(status)],
  simple_status: ({ status }) => [statusName(status).replace(/^failed_.*/, 'failed')],
  power_state: ({ power_state }) => [power_state],
  deployment_target: ({ ephemeral_deploy = false }) => [ephemeral_deploy ? 'memory' : 'disk'],
  arch: ({ architecture }) => [architecture, architecture.split('/')[0] ?? ''],
  fabrics: (machine) => vlansOf(machine).flatMap(({ fabric, fabric_id }) => [fabric, fabric_id, `fabric-${fabric_id}`]),
  // By their numbers, which specifiers were made into (`constraints.ts`).
  vlans: (machine) => vlansOf(machine).map(({ id }) => `id:${id}`),
  subnets: (machine) => subnetsOf(machine).map(({ id }) => `id:${id}`),
};
/** Filters that are the opposite of one with another name. */
const OPPOSITES: Readonly<Record<string, string>> = { not_in_zone: 'zone', not_in_pool: 'pool' };

/** Filters that no machine of Regent passes if they have a value. */
const NOTHING_PASSES = [
  'pod',
  'pod_type',
  'devices',
  'fabric_classes',
  'storage',
  'interfaces',
  'cpu_speed',
  'link_speed',
];

export const MAC = /^[0-9a-f]{2}(?:[:-][0-9a-f]{2}){5}$/i;
const HOST = /^[a-z0-9-]{1,63}$/i;

/** The filters that the list of API v1 also has, if there is one value of each. Pure. */
export function queryOf(args: Args): { readonly mac?: string; readonly hostname?: string } {
  const [macs, names] = [args.list('mac_address'), args.list('hostname').map((name) => name.split('.')[0] ?? '')];
  const [mac = '', hostname = ''] = [macs[0], names[0]];
  return {
    ...(macs.length === 1 && MAC.test(mac) ? { mac } : {}),
    ...(names.length === 1 && HOST.test(hostname) ? { hostname } : {}),
  };
}

/** Filters with a few possible values, before which MAAS takes `=`. */
const CHOICE_FILTERS = ['deployment_target', 'power_state', 'simple_status', 'status'];

/** As values are compared: a MAC address may have hyphens. */
const plain = (name: string, text: string) =>
  name === 'mac_address'
    ? text.toLowerCase().replaceAll('-', ':')
    : text.toLowerCase().replace(CHOICE_FILTERS.includes(name) ? /^=/ : '', '');

/** Names of tags: tools write several with blanks or commas between. */
export function tagNames(values: readonly string[]): string[] {
  return values.flatMap((value) => value.split(/[\s,]+/)).filter((name) => name !== '');
}

/** May a machine pass, judged by its names? So that one of many is found before all of them are shown. Pure. */
export function mayPass(
  machine: {
    readonly id: string;
    readonly hostname: string;
    readonly fqdn: string;
    readonly interfaces: readonly { readonly mac: string }[];
    readonly annotations?: Annotations;
  },
  args: Args,
): boolean {
  const has = (name: string, values: () => readonly string[]) => {
    const wanted = args.list(name);
    return wanted.length === 0 || wanted.some((one) => values().includes(plain(name, one)));
  };
  return (
    isOfAgent(machine, args) &&
    has('id', () => [machine.id]) &&
    has('system_id', () => [machine.id]) &&
    has('hostname', () => [machine.hostname, machine.fqdn]) &&
    has('mac_address', () => machine.interfaces.map(({ mac }) => mac))
  );
}

/** Does the machine belong to the requested tool? Devices and machines that no tool has named have an empty name. Pure. */
export function isOfAgent({ annotations = {} }: { readonly annotations?: Annotations }, args: Args): boolean {
  const name = annotations[AGENT_NAME] ?? '';
  const wanted = args.list('agent_name');
  return (wanted.length === 0 || wanted.includes(name)) && !args.list('not_agent_name').includes(name);
}

/** Does a machine pass all filters of a call? A filter that Regent does not have lets nothing pass if it has a value. Pure. */
export function passes(machine: Filtered, args: Args): boolean {
  const [cpus, memory] = [args.number('cpu_count'), args.number('mem')];
  if (cpus !== undefined && machine.cpu_count < cpus) return false;
  if (memory !== undefined && machine.memory < memory) return false;
  if (!tagNames(args.list('tags')).every((tag) => machine.tag_names.includes(tag))) return false;
  if (NOTHING_PASSES.some((name) => args.text(name))) return false;
  if (tagNames(args.list('not_tags')).some((tag) => machine.tag_names.includes(tag))) return false;
  return Object.entries(READERS).every(([name, reader]) => {
    const opposites = [`not_${name}`, ...Object.keys(OPPOSITES).filter((other) => OPPOSITES[other] === name)];
    const values = reader(machine).map((value) => String(value).toLowerCase());
    const has = (wanted: readonly string[]) => wanted.some((one) => values.includes(plain(name, one)));
    const wanted = args.list(name);
    if (wanted.length > 0 && !has(wanted)) return false;
    return !has(opposites.flatMap((other) => args.list(other)));
  });
}

/** The name of a status in filters: `failed_testing`. */
function statusName(number: number): string {
  const state = Object.entries(MACHINE_STATUS).find(([, status]) => status.number === number)?.[0] ?? '';
  return state.replaceAll('-', '_');
}
