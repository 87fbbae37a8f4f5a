import type { Observation, ServiceObservation } from '../../../contract/cluster/agent.ts';
import type { VlanServer } from '../../../contract/networks/vlan.ts';
import { identityOf } from '../../../core/node-identity.ts';
import { pairKey } from '../../../services/dhcp/pair/compile.ts';
import { pairFactsIn } from '../../../services/dhcp/pair/health.ts';
import { racksAway, type ServingSite, servingOf, type VlanServer as Server } from '../../../model/networks/serving.ts';
import { isStale, type TrackedNode } from '../../base/tracking.ts';

/** Who is to serve a VLAN, and who does. */
export type ServedBy = VlanServer;

/** A VLAN with DHCP: its name, what sentences call it, and who serves it. */
export interface VlanServerState {
  readonly vlan: string;
  readonly label: string;
  readonly server: ServedBy;
}

type ReportingRack = Pick<TrackedNode, 'id' | 'name' | 'report' | 'isGone'>;

/**
 * Who is to serve each VLAN with DHCP, and who does, by what the racks say now. A rack that is silent says nothing. Pure; `now` in ms. VLANs that
 * no rack serves are left out.
 */
export function vlanServers(
  site: ServingSite,
  known: readonly ReportingRack[],
  now: number,
): ReadonlyMap<number, VlanServer> {
  const nodes = new Map(known.map((node) => [node.id, node]));
  const serving = servingOf(site);
  return new Map(
    [...serving.servers].flatMap(([vlanId, server]) => {
      const shown = viewServer(server, nodes, now);
      const away = [...racksAway(site, serving, vlanId)].flatMap((id) => nodes.get(id)?.name ?? []);
      return shown ? [[vlanId, withAway(shown, away)] as const] : [];
    }),
  );
}

/** A VLAN whose racks do not all stand on it has nobody who takes over. `away`: names of those that do not. */
function withAway(server: VlanServer, away: readonly string[]): VlanServer {
  if (away.length === 0) return server;
  const why = `${away.join(' and ')} ${away.length === 1 ? 'has' : 'have'} no interface with an address on the VLAN.`;
  const isUnserved = server.secondary === null ? away.includes(server.primary) : away.length > 1;
  return {
    ...server,
    ...(isUnserved ? { servedBy: null, since: null } : {}),
    isWhole: false,
    why: `${why} ${server.why}`,
  };
}

/** The same, with the VLANs' names. */
export function servedVlans(site: ServingSite, known: readonly ReportingRack[], now: number): VlanServerState[] {
  const servers = vlanServers(site, known, now);
  return site.vlans.flatMap(({ id, name }) => {
    const server = servers.get(id);
    return server ? [{ vlan: name, label: `VLAN ${name}`, server }] : [];
  });
}

function viewServer(server: Server, nodes: ReadonlyMap<string, ReportingRack>, now: number): VlanServer | null {
  const primary = nodes.get(server.primary.nodeId);
  const secondary = server.secondary === null ? null : (nodes.get(server.secondary.nodeId) ?? null);
  if (!primary) return null;
  const names = { primary: primary.name, secondary: secondary?.name ?? null, isChosen: server.isChosen };
  return secondary ? { ...names, ...ofPair(primary, secondary, now) } : { ...names, ...ofOne(primary, now) };
}

type Now = Pick<VlanServer, 'servedBy' | 'since' | 'isWhole' | 'why'>;

function ofOne(node: ReportingRack, now: number): Now {
  const row = reportOf(node, 'dhcp', now);
  const serves = row?.state === 'healthy';
  return {
    servedBy: serves ? node.name : null,
    since: serves ? row.since : null,
    isWhole: false,
    why: serves ? `${node.name} serves alone: nobody takes over when it dies.` : silence(node, row),
  };
}

function ofPair(primary: ReportingRack, secondary: ReportingRack, now: number): Now {
  const identity = identityOf('dhcp', pairKey(primary.name, secondary.name));
  const sides = [primary, secondary].map((node) => {
    const row = reportOf(node, identity, now);
    return { node, row, facts: pairFactsIn(row?.facts) };
  });
  const serving = sides.filter(({ facts }) => facts?.isServing === true);
  const isWhole = sides.every(({ facts, row }) => facts?.kea === 'hot-standby' && row?.state === 'healthy');
  const troubles = sides.filter(({ row, facts }) => row?.state !== 'healthy' || facts?.kea !== 'hot-standby');
  const reasons = troubles.map(({ node, row }) => silence(node, row));
  return {
    servedBy: serving.map(({ node }) => node.name).join(' and ') || null,
    since: serving[0]?.facts?.since ?? null,
    isWhole,
    why: isWhole ? `${secondary.name} is ready to take over.` : reasons.join(' '),
  };
}

function reportOf(node: ReportingRack, service: string, now: number): Observation['services'][number] | undefined {
  if (isStale(node, now)) return undefined;
  return node.report?.services.find((row) => row.service === service);
}

function silence(node: ReportingRack, row: ServiceObservation | undefined): string {
  return row ? `${node.name}: ${row.why}` : `${node.name} reports nothing.`;
}
