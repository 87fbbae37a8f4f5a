import type { Node } from '../../../../contract/cluster/node.ts';
import type { Service } from '../../../../contract/cluster/service.ts';
import { viewHardware } from './hardware.ts';
import { type MachineSurroundings, NO_TESTS } from './machines.ts';
import { uriOf } from '../base/uri.ts';

/** Which of MAAS's kinds a node is. */
const KINDS = {
  rack: { node_type: 2, node_type_name: 'Rack controller' },
  region: { node_type: 3, node_type_name: 'Region controller' },
  both: { node_type: 4, node_type_name: 'Region and rack controller' },
} as const;

function statusOf({ state, isWanted }: Service): string {
  if (!isWanted) return 'off';
  if (state === 'healthy') return 'running';
  return state === 'pending' || state === 'stale' ? 'unknown' : 'degraded';
}

/** A node that runs the agent, as MAAS shows a controller. What Regent does not know of a host is empty. */
export function viewController(
  { id, name, isRack, isRegion, addresses, agent, facts }: Node,
  services: readonly Service[],
  { domain, around }: { readonly domain: string; readonly around: MachineSurroundings },
) {
  const kind = isRack && isRegion ? KINDS.both : isRack ? KINDS.rack : KINDS.region;
  return {
    system_id: id,
    hostname: name,
    fqdn: `${name}.${domain}`,
    description: '',
    domain: around.domains.get(domain) ?? null,
    zone: [...around.zones.values()][0] ?? null,
    ...kind,
    architecture: 'amd64/generic',
    cpu_count: 0,
    cpu_speed: 0,
    memory: 0,
    swap_size: null,
    osystem: facts?.os.id ?? '',
    distro_series: facts?.os.version ?? '',
    hardware_uuid: null,
    hardware_info: viewHardware(undefined),
    power_type: '',
    power_state: agent && !agent.isStale ? 'on' : 'unknown',
    ip_addresses: addresses,
    interface_set: [],
    status_action: '',
    service_set: services.map((service) => ({
      name: service.service,
      status: statusOf(service),
      status_info: service.why,
    })),
    version: agent?.version ?? '',
    tag_names: [],
    current_commissioning_result_id: null,
    current_testing_result_id: null,
    current_installation_result_id: null,
    ...NO_TESTS,
    resource_uri: uriOf(isRack ? 'rackcontrollers' : 'regioncontrollers', id),
  };
}
