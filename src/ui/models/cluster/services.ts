import type { ClusterStatus } from '../../../contract/cluster/status.ts';
import type { Service } from '../../../contract/cluster/service.ts';
import { serviceTone, serviceStateText, type Tone, worst } from '../base/tone.ts';

/** Services of one kind on one node: one, or its instances (`dhcp@vlan10`). */
export interface ServiceCell {
  readonly node: string;
  readonly kind: string;
  readonly tone: Tone;
  /** The state of the worst of these services, as text. */
  readonly label: string;
  readonly services: readonly Service[];
}

/** Services by node. A node without the service has no cell. */
export interface ServiceGrid {
  readonly nodes: readonly string[];
  readonly kinds: readonly string[];
  cell(kind: string, node: string): ServiceCell | null;
}

/** The kind of a service. The kind of an instance `kind@key` is the part before the `@`. */
export const kindOf = (service: string): string => service.split('@')[0] ?? service;

/** Makes the grid, without services that are neither desired nor present. */
export function serviceGrid(services: readonly Service[]): ServiceGrid {
  const shown = services.filter((service) => service.isWanted || service.state !== 'absent');
  const cells = Map.groupBy(shown, (service) => keyOf(kindOf(service.service), service.node));
  const made = new Map([...cells].map(([key, list]) => [key, cellOf(list)]));
  return {
    nodes: distinct(shown.map((service) => service.node)),
    kinds: distinct(shown.map((service) => kindOf(service.service))),
    cell: (kind, node) => made.get(keyOf(kind, node)) ?? null,
  };
}

/** The summary of all services of the cluster. `ill`: sentences. */
export function serviceCounts(cluster: ClusterStatus): {
  readonly wanted: number;
  readonly healthy: number;
  readonly ill: readonly string[];
} {
  const sum = (pick: (row: ClusterStatus['services'][number]) => number) =>
    cluster.services.reduce((total, row) => total + pick(row), 0);
  const ill = cluster.services
    .filter((row) => row.ill.length > 0)
    .map((row) => `${row.service} on ${row.ill.join(', ')}`);
  return { wanted: sum((row) => row.wanted), healthy: sum((row) => row.healthy), ill };
}

function cellOf(services: readonly Service[]): ServiceCell {
  const tone = worst(services.map((service) => serviceTone(service.state)));
  const first = services.find((service) => serviceTone(service.state) === tone);
  return {
    node: first?.node ?? '',
    kind: kindOf(first?.service ?? ''),
    tone,
    label: first === undefined ? '' : serviceStateText(first.state),
    services,
  };
}

const keyOf = (kind: string, node: string): string => `${kind}\u0000${node}`;
const NUMBERED = new Intl.Collator('en', { numeric: true });
const distinct = (names: readonly string[]): readonly string[] => [...new Set(names)].sort(NUMBERED.compare);
