import { invalid, isRejected, type Rejected, show } from '../../core/errors.ts';
import { formatAddress, formatNetwork, parseAddress, parseNetwork } from '../../core/ip.ts';
import { parseDomainName, parseOwnerName } from '../names/names.ts';
import { NAMED_LAYOUTS, type NamedLayout } from '../machines/deployment/stored/layouts.ts';
import { parseDhcpOptions } from '../networks/dhcp/dhcp-option.ts';
import { parseKernelOptions } from '../machines/tags/kernel-options.ts';
import { TAKEN_PORTS } from '../../core/node-ports.ts';
import { parseProxyUrl } from './proxy-url.ts';
import { parseTtl } from '../names/record.ts';

/** Site-wide settings. Names are those of the MAAS settings where it has them. */
export interface Settings {
  /** Domain of nodes, and of machines that name none. */
  readonly default_domain: string;
  /** TTL in seconds of records that name none. */
  readonly default_ttl: number;
  /** Resolvers that BIND forwards to; empty: it asks the root servers itself. */
  readonly upstream_dns: readonly string[];
  /** BIND's dnssec-validation. */
  readonly dnssec_validation: 'auto' | 'no';
  /** Networks beside the subnets that may use our resolvers. */
  readonly dns_trusted_acl: readonly string[];
  /** Who answers reverse names of private space without a subnet while `upstream_dns` is set: we (there are none), or the upstream. */
  readonly dns_private_reverse: 'here' | 'upstream';
  /** Answers per second to one unknown network before BIND slows it down; 0 switches the limit off. */
  readonly dns_rate_limit: number;
  /** Time sources: names or addresses. Empty: one region serves its own clock, all other nodes follow it. */
  readonly ntp_servers: readonly string[];
  /** Machines ask `ntp_servers` themselves, if there are any, and not their racks. */
  readonly ntp_external_only: boolean;
  /** How the disks of a machine are laid out when it is commissioned, unless somebody requested another layout. */
  readonly default_storage_layout: NamedLayout;
  /** How long a DHCP lease lasts, in seconds. */
  readonly dhcp_lease_time: number;
  /** DHCP options of every client, such as `log-servers=10.0.0.1`. A subnet's and a host's own come before them. */
  readonly dhcp_options: readonly string[];
  /** Region nodes run a caching proxy for the subnets that may use one. */
  readonly enable_http_proxy: boolean;
  /** TCP port of that proxy. */
  readonly maas_proxy_port: number;
  /** Another proxy, `http://host:port`; empty: none. */
  readonly http_proxy: string;
  /** True: our proxy fetches through `http_proxy`. False: machines use that one themselves, and ours is off. */
  readonly use_peer_proxy: boolean;
  /** What our proxy may keep on a node's disk, in MB. */
  readonly proxy_cache_size: number;
  /** Networks that nobody reaches through our proxy, beside those of nodes and BMCs. */
  readonly proxy_closed_networks: readonly string[];
  /** Minutes until a machine that is commissioned, tested or brought into rescue mode counts as failed. */
  readonly node_timeout: number;
  /** Options of the kernel of every machine, before those of its tags; empty: none. */
  readonly kernel_opts: string;
  /** Machines that nobody knows are enlisted when they boot from the network. */
  readonly enlist_machines: boolean;
  /** Enlisted machines that may wait for an operator at one time; more get the answer to try again later. */
  readonly enlist_limit: number;
  /** What all images may take on each region node's disk, in MB. */
  readonly image_limit: number;
  /** Hours between two syncs of a boot source; 0: only on request. */
  readonly image_sync_hours: number;
  /** Boot sources are fetched without a proxy, even if `http_proxy` is set. */
  readonly boot_images_no_proxy: boolean;
  /** What a rack may keep of images on its disk, in MB: what nobody wanted for longest goes first. */
  readonly rack_image_cache: number;
  /** Days until the session of a screen on the wall ends: one that only reads. */
  readonly wall_session_days: number;
  /** API keys are refused that come without TLS from another host. */
  readonly api_keys_tls_only: boolean;
}

export type SettingName = keyof Settings;

/** What holds before anyone set anything. */
export const DEFAULT_SETTINGS: Settings = {
  default_domain: 'regent.internal',
  default_ttl: 30,
  upstream_dns: [],
  dnssec_validation: 'auto',
  dns_trusted_acl: [],
  dns_private_reverse: 'here',
  dns_rate_limit: 20,
  ntp_servers: [],
  ntp_external_only: false,
  default_storage_layout: 'flat',
  dhcp_lease_time: 600,
  dhcp_options: [],
  enable_http_proxy: true,
  maas_proxy_port: 8000,
  http_proxy: '',
  use_peer_proxy: true,
  proxy_cache_size: 4096,
  proxy_closed_networks: [],
  node_timeout: 30,
  kernel_opts: '',
  enlist_machines: true,
  enlist_limit: 200,
  image_limit: 102_400,
  image_sync_hours: 24,
  boot_images_no_proxy: false,
  rack_image_cache: 20_480,
  wall_session_days: 90,
  api_keys_tls_only: false,
};

const LIST_MAX = 16;
/** A setting's text is no longer. */
const SITE_OPTIONS_MAX = 255;

type Parser<N extends SettingName> = (value: unknown, field: string) => Settings[N] | Rejected;

const PARSERS: { readonly [N in SettingName]: Parser<N> } = {
  default_domain: (value, field) => text(value, field, (item) => parseDomainName(item, field)),
  default_ttl: (value, field) =>
    typeof value === 'number' ? parseTtl(value, field) : invalid(field, `${show(value)} is not a number`, 'seconds'),
  upstream_dns: (value, field) => list(value, field, (item) => canonicalAddress(item, field)),
  dnssec_validation: (value, field) => (value === 'auto' || value === 'no' ? value : refuseValidation(value, field)),
  dns_trusted_acl: (value, field) =>
    list(value, field, (item) => {
      const network = parseNetwork(item, field);
      return isRejected(network) ? network : formatNetwork(network);
    }),
  dns_private_reverse: (value, field) =>
    value === 'here' || value === 'upstream'
      ? value
      : invalid(
          field,
          `${show(value)} is unknown`,
          'here (no such names exist) or upstream (upstream_dns resolves them)',
        ),
  dns_rate_limit: (value, field) => whole(value, field, 0, 1000),
  ntp_servers: (value, field) =>
    list(value, field, (item) => {
      const address = canonicalAddress(item, field);
      return isRejected(address) ? parseOwnerName(item, field) : address;
    }),
  ntp_external_only: yesOrNo,
  default_storage_layout: (value, field) =>
    NAMED_LAYOUTS.find((layout) => layout === value) ??
    invalid(field, `${show(value)} cannot be made`, `one of ${NAMED_LAYOUTS.join(', ')}`),
  dhcp_lease_time: parseLeaseTime,
  dhcp_options: (value, field) =>
    Array.isArray(value) && value.every((item) => typeof item === 'string')
      ? parseDhcpOptions(value, field)
      : invalid(field, `${show(value)} is not a list of texts`, 'a list of options'),
  enable_http_proxy: yesOrNo,
  maas_proxy_port: (value, field) => {
    const port = whole(value, field, 1024, 65_535);
    if (isRejected(port) || !TAKEN_PORTS.includes(port)) return port;
    const rule = `none of ${describePorts(TAKEN_PORTS)}, which other daemons of a node use`;
    return invalid(field, `${port} is taken`, rule);
  },
  http_proxy: (value, field) => text(value, field, (item) => parseProxyUrl(item, field)),
  use_peer_proxy: yesOrNo,
  proxy_cache_size: (value, field) => whole(value, field, 64, 1_048_576),
  proxy_closed_networks: (value, field) =>
    list(value, field, (item) => {
      const network = parseNetwork(item, field);
      return isRejected(network) ? network : formatNetwork(network);
    }),
  node_timeout: (value, field) => whole(value, field, 1, 1440),
  kernel_opts: (value, field) => text(value, field, (item) => parseKernelOptions(item, field, SITE_OPTIONS_MAX)),
  enlist_machines: yesOrNo,
  enlist_limit: (value, field) => whole(value, field, 1, 10_000),
  image_limit: (value, field) => whole(value, field, 256, 16_777_216),
  image_sync_hours: (value, field) => whole(value, field, 0, 8760),
  boot_images_no_proxy: yesOrNo,
  rack_image_cache: (value, field) => whole(value, field, 256, 1_048_576),
  wall_session_days: (value, field) => whole(value, field, 1, 3660),
  api_keys_tls_only: yesOrNo,
};

/** BIND's `yes` takes trust anchors that somebody writes by hand, and has none without them: then each answer of a signed zone fails. */
function refuseValidation(value: unknown, field: string): Rejected {
  const rule = 'auto (by the keys of the root, which named keeps up to date, RFC 5011) or no';
  const problem = value === 'yes' ? 'it needs trust anchors written by hand, and Regent has none' : 'is unknown';
  return invalid(field, `${show(value)}: ${problem}`, rule);
}

/** The time sources that machines ask themselves; none: they ask their racks. Pure. */
export function externalTime({ ntp_external_only, ntp_servers }: Settings): readonly string[] {
  return ntp_external_only ? ntp_servers : [];
}

/** Is this the name of a setting? */
export const isSettingName = (name: string): name is SettingName => Object.hasOwn(PARSERS, name);

/** Checks a setting's value and gives its canonical form. */
export function parseSetting<N extends SettingName>(name: N, value: unknown): Settings[N] | Rejected {
  return PARSERS[name](value, name);
}

/** Parses how long a DHCP lease lasts, in seconds. */
export function parseLeaseTime(value: unknown, field: string): number | Rejected {
  return whole(value, field, 60, 604_800);
}

function whole(value: unknown, field: string, least: number, most: number): number | Rejected {
  if (typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most) return value;
  return invalid(field, `${show(value)} is out of range`, `a whole number from ${least} to ${most}`);
}

/** Ordered ports as a rule says them: `2378 to 2380, 5432`. */
function describePorts(ports: readonly number[]): string {
  const runs: [number, number][] = [];
  for (const port of ports) {
    const last = runs.at(-1);
    if (last !== undefined && last[1] === port - 1) last[1] = port;
    else runs.push([port, port]);
  }
  return runs.map(([first, last]) => (first === last ? `${first}` : `${first} to ${last}`)).join(', ');
}

function yesOrNo(value: unknown, field: string): boolean | Rejected {
  return typeof value === 'boolean'
    ? value
    : invalid(field, `${show(value)} is neither true nor false`, 'true or false');
}

function text<T>(value: unknown, field: string, parse: (item: string) => T | Rejected): T | Rejected {
  return typeof value === 'string' ? parse(value) : invalid(field, `${show(value)} is not a text`, 'a text');
}

function list(value: unknown, field: string, parse: (item: string) => string | Rejected): readonly string[] | Rejected {
  if (!Array.isArray(value) || value.length > LIST_MAX)
    return invalid(field, `${show(value)} is not a list`, `a list of at most ${LIST_MAX} texts`);
  const items: string[] = [];
  for (const item of value) {
    const parsed = text(item, field, parse);
    if (isRejected(parsed)) return parsed;
    if (!items.includes(parsed)) items.push(parsed);
  }
  return items;
}

function canonicalAddress(item: string, field: string): string | Rejected {
  const address = parseAddress(item, field);
  return isRejected(address) ? address : formatAddress(address);
}

/** A setting whose stored value is refused. The value itself may be a secret and is not shown; `rule`: what a value must be. */
export type RefusedSetting = { readonly name: SettingName; readonly rule: string };
