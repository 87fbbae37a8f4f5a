/** By what lists of machines, devices and controllers can be cut down. */
export const FILTERS = [
  'hostname cpu_count:int mem:int mac_address id domain zone pool agent_name fabrics not_fabrics vlans not_vlans subnets not_subnets',
  'link_speed:int status pod not_pod pod_type not_pod_type devices arch not_arch tags not_tags fabric_classes not_fabric_classes',
  'not_in_zone system_id not_in_pool storage interfaces cpu_speed owner not_owner power_state not_power_state deployment_target',
  'not_deployment_target not_id not_hostname not_domain not_agent_name not_status simple_status not_simple_status',
].join(' ');
