import type { SiteLists } from '../../site-lists.ts';
import { type Site, step } from '../../site.ts';
import { badValue } from './refusals.ts';

type StoredValue = string | number | boolean | null;

/**
 * Settings of MAAS that have no effect here, and that tools read back after they wrote them: they are stored as annotations of the site. Two kinds have an effect:
 * a deployment without a series takes the default one, and a release takes the three for erasing.
 */
const STORED_SETTINGS: readonly string[] = [
  'maas_name',
  'theme',
  'enable_disk_erasing_on_release',
  'disk_erase_with_quick_erase',
  'disk_erase_with_secure_erase',
  'maas_auto_ipmi_user',
  'maas_auto_ipmi_user_privilege_level',
  'maas_auto_ipmi_cipher_suite_id',
  'maas_auto_ipmi_workaround_flags',
  'promtail_enabled',
  'prometheus_push_gateway',
  'session_length',
  'vcenter_server',
  'vcenter_username',
  'vcenter_datacenter',
  'windows_kms_host',
  'completed_intro',
  'enable_analytics',
  'release_notifications',
  'network_discovery',
  'active_discovery_interval',
  'auto_vlan_creation',
  'boot_images_auto_import',
  'curtin_verbose',
  'force_v1_network_yaml',
  'default_osystem',
  'default_distro_series',
  'default_min_hwe_kernel',
  'commissioning_distro_series',
  'enable_third_party_drivers',
  'enlist_commissioning',
  'experimental_switch_provisioning',
  'hardware_sync_interval',
  'maas_internal_domain',
  'maas_syslog_port',
  'max_node_commissioning_results',
  'max_node_testing_results',
  'max_node_installation_results',
  'max_node_release_results',
  'prefer_v4_proxy',
  'prometheus_enabled',
  'prometheus_push_interval',
  'promtail_port',
  'subnet_ip_exhaustion_threshold_count',
  'tls_cert_expiration_notification_enabled',
  'tls_cert_expiration_notification_interval',
];

/** Their names among the annotations. */
const nameOf = (name: string) => `config.${name}`;

/** Is a setting stored as it is given? */
export function isStored(name: string): boolean {
  return STORED_SETTINGS.includes(name);
}

/** The stored value of a setting; undefined: nobody has set it. */
export async function readStoredValue(lists: SiteLists, name: string): Promise<StoredValue | undefined> {
  const texts = (await lists.annotations()).find(({ kind }) => kind === 'site')?.texts ?? {};
  const text = texts[nameOf(name)];
  return text === undefined ? undefined : (JSON.parse(text) as StoredValue);
}

/** Stores it, in the form that it has in MAAS: `usual` has that form. */
export async function storeValue(site: Site, name: string, given: string, usual: StoredValue): Promise<void> {
  // As JSON, an empty text is stored, too.
  const texts = { [nameOf(name)]: JSON.stringify(read(given, usual)) };
  await site.together([step('annotation.set', { params: { kind: 'site', object: 'site' }, body: { texts } })]);
}

function read(given: string, usual: StoredValue): StoredValue {
  if (typeof usual === 'number') return wholeOf(given);
  if (typeof usual === 'boolean') return flagOf(given);
  return given.length <= 200 ? given : badValue('value', 'it is too long', 'at most 200 characters');
}

/** A whole number as clients write it. */
export function wholeOf(given: string): number {
  return /^\d{1,9}$/.test(given) ? Number(given) : badValue('value', 'it is not usable', 'a whole number');
}

/** True or false as clients write it. */
export function flagOf(given: string): boolean {
  const text = given.toLowerCase();
  if (['true', '1', 'yes', 'on'].includes(text)) return true;
  return ['false', '0', 'no', 'off', ''].includes(text)
    ? false
    : badValue('value', 'it is not usable', 'true or false');
}
