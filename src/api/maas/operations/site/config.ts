import type { RouteInput } from '../../../../contract/routes.ts';
import { json, text } from '../../answer.ts';
import type { Args } from '../../args.ts';
import type { Handlers } from '../../handler.ts';
import { badValue } from '../base/refusals.ts';
import { imageOf } from '../images/images.ts';
import { flagOf, isStored, storeValue, readStoredValue, wholeOf } from '../base/stored-config.ts';
import { isDefault, urlOfDefault } from '../images/repositories.ts';

type SiteSettingValue = RouteInput<'setting.set'>['body']['value'];
type ValueForm = 'text' | 'optional' | 'number' | 'flag' | 'joined' | 'list';

/**
 * Settings of MAAS that Regent has: its own name, and the form that MAAS gives the value. `joined`: one text with blanks between; `optional`, and `list`, which
 * is also such a text: null when empty.
 */
const KNOWN: Readonly<Record<string, { readonly setting: string; readonly kind: ValueForm }>> = {
  default_dns_ttl: { setting: 'default_ttl', kind: 'number' },
  upstream_dns: { setting: 'upstream_dns', kind: 'list' },
  dnssec_validation: { setting: 'dnssec_validation', kind: 'text' },
  dns_trusted_acl: { setting: 'dns_trusted_acl', kind: 'joined' },
  ntp_servers: { setting: 'ntp_servers', kind: 'joined' },
  ntp_external_only: { setting: 'ntp_external_only', kind: 'flag' },
  default_storage_layout: { setting: 'default_storage_layout', kind: 'text' },
  enable_http_proxy: { setting: 'enable_http_proxy', kind: 'flag' },
  maas_proxy_port: { setting: 'maas_proxy_port', kind: 'number' },
  http_proxy: { setting: 'http_proxy', kind: 'text' },
  use_peer_proxy: { setting: 'use_peer_proxy', kind: 'flag' },
  boot_images_no_proxy: { setting: 'boot_images_no_proxy', kind: 'flag' },
  kernel_opts: { setting: 'kernel_opts', kind: 'optional' },
  node_timeout: { setting: 'node_timeout', kind: 'number' },
};

/** Settings of MAAS that have no effect here, with the values that hold in Regent. Those of `stored-config.ts` are stored as given; the others cannot be changed. */
const FIXED: Readonly<Record<string, string | number | boolean | null>> = {
  maas_name: 'regent',
  theme: '',
  prefer_v4_proxy: false,
  maas_internal_domain: 'maas-internal',
  allow_only_trusted_transfers: true,
  remote_syslog: null,
  maas_syslog_port: 5247,
  network_discovery: 'disabled',
  active_discovery_interval: 0,
  default_boot_interface_link_type: 'auto',
  default_osystem: 'custom',
  default_distro_series: '',
  default_min_hwe_kernel: '',
  enable_kernel_crash_dump: false,
  commissioning_distro_series: '',
  enable_third_party_drivers: false,
  windows_kms_host: null,
  enable_disk_erasing_on_release: false,
  disk_erase_with_secure_erase: false,
  disk_erase_with_quick_erase: false,
  boot_images_auto_import: false,
  curtin_verbose: false,
  force_v1_network_yaml: false,
  enable_analytics: false,
  experimental_switch_provisioning: false,
  completed_intro: true,
  max_node_commissioning_results: 10,
  max_node_testing_results: 10,
  max_node_installation_results: 10,
  max_node_release_results: 10,
  subnet_ip_exhaustion_threshold_count: 0,
  refresh_token_duration: 0,
  release_notifications: false,
  use_rack_proxy: true,
  prometheus_enabled: true,
  prometheus_push_gateway: null,
  prometheus_push_interval: 0,
  promtail_enabled: false,
  promtail_port: 0,
  enlist_commissioning: false,
  maas_auto_ipmi_user: '',
  maas_auto_ipmi_user_privilege_level: '',
  maas_auto_ipmi_k_g_bmc_key: '',
  maas_auto_ipmi_cipher_suite_id: '',
  maas_auto_ipmi_workaround_flags: null,
  vcenter_server: '',
  vcenter_username: '',
  vcenter_password: '',
  vcenter_datacenter: '',
  hardware_sync_interval: '0',
  tls_cert_expiration_notification_enabled: false,
  tls_cert_expiration_notification_interval: 0,
  session_length: 0,
  auto_vlan_creation: false,
};

/** Why what somebody would rely on is not changed, and what to do instead. */
const WHY: Readonly<Record<string, string>> = {
  remote_syslog: 'machines have their logs in their own journal; user data or a script set up a forwarder',
  use_rack_proxy: 'machines always reach the regions through their racks, of which each VLAN may have two',
  allow_only_trusted_transfers: 'no zone is open to all; regent domain set NAME --transfer-to says who may copy one',
  default_boot_interface_link_type:
    'an interface gets its address when the machine is deployed; link_subnet says otherwise',
  enable_kernel_crash_dump: 'an image brings what it needs for that; kernel_opts has the option of the kernel',
  maas_auto_ipmi_k_g_bmc_key: 'a key of a BMC is given with that BMC: power_parameters k_g',
  vcenter_password: 'no machine of vCenter is known here',
  refresh_token_duration: 'keys are valid until they are deleted',
};

/** Settings of the site by the names that MAAS has. */
export const CONFIG_HANDLERS: Handlers = {
  'Maas.get_config': async ({ site, lists, args }) => {
    const name = nameOf(args);
    // What was a setting once and is a package repository now, by its name.
    if (isDefault(name)) return json(await urlOfDefault(site, name));
    const known = Object.hasOwn(KNOWN, name) ? KNOWN[name] : undefined;
    if (!known) return json((isStored(name) ? await readStoredValue(lists, name) : undefined) ?? fixedOf(name));
    const { value } = await site.call('setting.show', { params: { setting: known.setting } });
    const shown = Array.isArray(value) ? value.map(plain).join(' ') : value;
    return json(['optional', 'list'].includes(known.kind) && shown === '' ? null : shown);
  },
  'Maas.set_config': async ({ site, args }) => {
    // An empty one clears.
    if (!args.has('value')) badValue('value', 'it is missing', 'the new value; an empty one clears');
    const name = nameOf(args);
    const known = Object.hasOwn(KNOWN, name) ? KNOWN[name] : undefined;
    if (!known) {
      const fixed = fixedOf(name);
      if (isStored(name)) {
        const given = args.text('value') ?? '';
        if (name === 'default_distro_series' && given !== '') await imageOf(site, given);
        await storeValue(site, name, given, fixed);
        return text('OK');
      }
      // A tool that says again what stands anyway is not refused.
      if (isSame(fixed, args.text('value') ?? '')) return text('OK');
      const why = WHY[name] === undefined ? 'it has no meaning here' : `it cannot be changed here: ${WHY[name]}`;
      return badValue('name', `${name}: ${why}`, `one of ${Object.keys(KNOWN).join(', ')}`);
    }
    const given = valueOf(args.text('value') ?? '', known.kind);
    const value = name === 'dns_trusted_acl' && Array.isArray(given) ? given.map(asNetwork) : given;
    await site.call('setting.set', { params: { setting: known.setting }, body: { value } });
    return text('OK');
  },
};

/** Names that settings had in releases of MAAS that clients know. */
const EARLIER: Readonly<Record<string, string>> = { ntp_server: 'ntp_servers' };

function nameOf(args: Args): string {
  const name = args.text('name') ?? '';
  return Object.hasOwn(EARLIER, name) ? (EARLIER[name] ?? name) : name;
}

/** MAAS takes addresses in place of networks, and shows them as they were given. */
function asNetwork(address: string): string {
  if (/^[\d.]+$/.test(address)) return `${address}/32`;
  return address.includes(':') && !address.includes('/') ? `${address}/128` : address;
}

const plain = (network: string | number) => String(network).replace(/^([\d.]+)\/32$|^([\da-f:]+)\/128$/i, '$1$2');

function fixedOf(name: string): string | number | boolean | null {
  if (Object.hasOwn(FIXED, name)) return FIXED[name] ?? null;
  return badValue(
    'name',
    `${name} is no setting`,
    `one of ${[...Object.keys(KNOWN), ...Object.keys(FIXED)].sort().join(', ')}`,
  );
}

function isSame(fixed: string | number | boolean | null, given: string): boolean {
  if (typeof fixed !== 'boolean') return String(fixed ?? '') === given;
  return (fixed ? ['true', '1', 'yes', 'on'] : ['false', '0', 'no', 'off', '']).includes(given.toLowerCase());
}

function valueOf(given: string, kind: ValueForm): SiteSettingValue {
  if (kind === 'number') return wholeOf(given);
  if (kind === 'flag') return flagOf(given);
  if (kind === 'text' || kind === 'optional') return given;
  return given.split(/[\s,]+/).filter((item) => item !== '');
}
