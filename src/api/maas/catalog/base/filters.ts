/** By what lists of machines, devices and controllers can be cut down. */
export const FILTERS = [
  'hostname cpu_count:float mem:float mac_address id domain zone pool agent_name fabrics not_fabrics vlans not_vlans subnets not_subnets',
  'link_speed:float status pod not_pod pod_type not_pod_type devices arch not_arch tags not_tags fabric_classes not_fabric_classes',
  'not_in_zone system_id not_in_pool storage interfaces cpu_speed:float owner not_owner power_state not_power_state deployment_target',
  'not_deployment_target not_id not_hostname not_domain not_agent_name not_status simple_status not_simple_status',
].join(' ');

/** Parameters that are no constraints and are ignored beside them, by MAAS's own list. */
export const BESIDE_CONSTRAINTS: readonly string[] = [
  'agent_name',
  'bridge_all',
  'bridge_fd',
  'bridge_stp',
  'bridge_type',
  'comment',
  'dry_run',
  'verbose',
];

/** Parameters that MAAS's documents have for `allocate`, and that it refuses like unknown ones. */
export const NO_CONSTRAINTS: readonly string[] = [
  'enable_hw_sync',
  'ephemeral_deploy',
  'install_kvm',
  'install_rackd',
  'register_vmhost',
];

/** MAAS's sentences about numbers that are none. */
export const NUMBER_SENTENCES: Readonly<Record<string, string>> = {
  cpu_count: 'Invalid CPU count: number required.',
  cpu_speed: 'Invalid CPU speed: number required.',
  link_speed: 'Invalid link speed: number required.',
  mem: 'Invalid memory: number of MiB required.',
};
