import { sentenceOf } from '../core/errors.ts';
import { identityOf, keyOf, kindOf } from '../core/node-identity.ts';
import { mainAddress, regionNodes } from '../model/cluster/cluster.ts';
import type { Snapshot, Version } from '../model/snapshot.ts';
import { acceptDesired } from './kit/accept.ts';
import type { AnyService, Finding } from './kit/contract.ts';
import { instanceOf } from './kit/instances.ts';
import { holdParts } from './kit/parts.ts';
import { nextVersions, type WantedVersion } from './kit/versions.ts';
import { OWN_PROCESSES } from '../model/cluster/node.ts';

/** Services that a node keeps while it leaves: the packet filter lets the other nodes reach it, and etcd removes it before it stops. */
export const LEAVING_KEEPS: readonly string[] = ['firewall', 'dcs'];

/** The desired state of one service on one node: the wire's ServiceDesired (`src/contract/cluster/agent.ts`). */
type ServicePart = { readonly desired: Record<string, unknown> | null; readonly restart: string | null };

/**
 * A node's desired state: the wire's `Desired['body']`. A service that is missing could not be compiled and was never published, so the agent leaves
 * it as it is. If a kind is present, all its instances are: an instance that is missing must not run.
 */
export interface NodeBody {
  readonly services: Readonly<Record<string, ServicePart>>;
  /** Region nodes, so that an agent finds one when others are down; missing if the site is no cluster. */
  readonly regions?: { name: string; address: string; state?: string; isDrained?: boolean }[];
  /** The node's agent must restart once for each new nonce; missing if nobody requested it. */
  readonly agentRestart?: string;
  /** What a rack answers to machines that boot; missing if it knows none. `region/images/boot-records.ts` adds them. */
  readonly boot?: unknown[];
}

/** A finding and the service that it belongs to. */
type ServiceFinding = Finding & { readonly service: string };

/** What compile and lint gave for one node. */
export type CompiledNode = { readonly body: NodeBody; readonly findings: readonly ServiceFinding[] };

/** What to publish for a whole site. `versions` are all rows, to be stored in the transaction that publishes the bodies. */
export type CompiledSite = { readonly versions: readonly Version[]; readonly nodes: ReadonlyMap<string, CompiledNode> };

/** A service with its shared work done; `failure` is the sentence of a `prepare` that threw. */
type PreparedService = { readonly service: AnyService; readonly shared: unknown; readonly failure: string | null };

/**
 * The whole compilation of a snapshot into what every node gets: shared work, then numbers for changed content, then each
 * node with those numbers. `previous`: each node's last published body (missing or null: none).
 */
export function compileSite(
  snapshot: Snapshot,
  services: readonly AnyService[],
  previous: ReadonlyMap<string, NodeBody | null>,
  nowSeconds: number,
): CompiledSite {
  const prepared = prepareServices(snapshot, services, [...previous.values()]);
  const versions = nextVersions(snapshot.versions, versionsOf(snapshot, prepared), nowSeconds);
  const numbered = { ...snapshot, versions };
  const nodes = new Map(
    snapshot.nodes.map((node) => [
      node.id,
      compilePrepared(numbered, node.id, prepared, previous.get(node.id) ?? null),
    ]),
  );
  addSiteFindings(snapshot, services, nodes);
  return { versions, nodes };
}

/** Findings of the whole site are reported once, with the first region node. */
function addSiteFindings(snapshot: Snapshot, services: readonly AnyService[], nodes: Map<string, CompiledNode>): void {
  const reporterId = snapshot.nodes.find((node) => node.isRegion)?.id;
  const node = reporterId === undefined ? undefined : nodes.get(reporterId);
  if (reporterId === undefined || !node) return;
  const found = services.flatMap((service) => {
    try {
      return (service.lintSite?.(snapshot) ?? []).map((finding) => ({ service: service.name, ...finding }));
    } catch (error) {
      return unusable(service.name, sentenceOf(error)).findings.map((finding) => ({
        service: service.name,
        ...finding,
      }));
    }
  });
  nodes.set(reporterId, { ...node, findings: [...node.findings, ...found, ...refusedSettings(snapshot)] });
}

/** Values that an earlier release took and today's rules refuse. Without this finding nobody would know why the default is in force. */
function refusedSettings({ refusedSettings: refused = [], settings }: Snapshot) {
  return refused.map(({ name, rule }) => ({
    service: 'settings',
    code: 'setting_refused',
    severity: 'warning' as const,
    subject: `setting ${name}`,
    sentence: `The stored value of ${name} is no longer allowed; ${shown(settings[name])} is in force instead. Rule: ${rule}.`,
    remedy: `regent setting set ${name} VALUE, or regent setting set ${name} --default`,
  }));
}

function shown(value: unknown): string {
  return value === '' || (Array.isArray(value) && value.length === 0) ? 'none' : JSON.stringify(value);
}

/** Content that needs a number, of all services. A service that throws has none; `compileNode` reports why. */
export function wantedVersions(snapshot: Snapshot, services: readonly AnyService[]): readonly WantedVersion[] {
  return versionsOf(snapshot, prepareServices(snapshot, services, []));
}

/**
 * One node's desired state from a snapshot whose `versions` are up to date (`compileSite` sees to that). A service that
 * throws, or whose lint finds an error, keeps its part of `previous`, or is left out if it has none. Other services go
 * on. If a service can hold back a single element (a name, a zone, an element of a list), only that is held back
 * (`heldBack`, `parts`).
 */
export function compileNode(
  snapshot: Snapshot,
  nodeId: string,
  services: readonly AnyService[],
  previous: NodeBody | null,
): CompiledNode {
  return compilePrepared(snapshot, nodeId, prepareServices(snapshot, services, [previous]), previous);
}

function prepareServices(
  snapshot: Snapshot,
  services: readonly AnyService[],
  previous: readonly (NodeBody | null)[],
): readonly PreparedService[] {
  return services.map((service) => {
    const before = previous.flatMap((body) => body?.services[service.name]?.desired ?? []);
    try {
      return { service, shared: service.prepare?.(snapshot, before), failure: null };
    } catch (error) {
      return { service, shared: undefined, failure: sentenceOf(error) };
    }
  });
}

function versionsOf(snapshot: Snapshot, prepared: readonly PreparedService[]): readonly WantedVersion[] {
  return prepared.flatMap(({ service, shared, failure }) => {
    if (failure !== null) return [];
    try {
      return (service.versioned?.(snapshot, shared) ?? []).map((key) => ({ service: service.name, ...key }));
    } catch {
      // Without a number the service's compile refuses, and the operator sees that refusal.
      return [];
    }
  });
}

function compilePrepared(
  snapshot: Snapshot,
  nodeId: string,
  prepared: readonly PreparedService[],
  previous: NodeBody | null,
): CompiledNode {
  const parts: Record<string, ServicePart> = {};
  const findings: ServiceFinding[] = [];
  const isLeaving = snapshot.nodes.some((node) => node.id === nodeId && node.state === 'leaving');
  for (const item of prepared) {
    const { name } = item.service;
    if (isLeaving && !LEAVING_KEEPS.includes(name)) {
      parts[name] = { desired: null, restart: null };
      continue;
    }
    const input = { snapshot, nodeId };
    const results = [
      {
        identity: name,
        result: compileService({ ...input, previous: previous?.services[name]?.desired ?? null }, item),
      },
      ...compileInstances(input, item, previous),
    ];
    for (const { identity, result } of results) {
      const found = result.isUsable ? result.findings : result.findings.map((finding) => holding(identity, finding));
      findings.push(...found.map((finding) => ({ service: identity, ...finding })));
      const desired = result.isUsable ? result.desired : previous?.services[identity]?.desired;
      if (desired === undefined) continue;
      const request = snapshot.restarts.find((row) => row.nodeId === nodeId && row.service === identity);
      parts[identity] = { desired, restart: request?.nonce ?? null };
    }
  }
  return { body: { services: parts, ...regionsOf(snapshot), ...agentRestartOf(snapshot, nodeId) }, findings };
}

type InstanceResult = { readonly identity: string; readonly result: ServiceResult };

/** Each instance stands alone, as a service does. If it is unknown which instances there must be, all published ones stay as they are. */
function compileInstances(
  { snapshot, nodeId }: Omit<CompileInput, 'previous'>,
  { service, shared, failure }: PreparedService,
  previous: NodeBody | null,
): readonly InstanceResult[] {
  const { instances, name } = service;
  if (!instances) return [];
  const published = Object.entries(previous?.services ?? {}).filter(
    ([identity]) => kindOf(identity) === name && keyOf(identity) !== null,
  );
  const keep = (why: string) => published.map(([identity]) => ({ identity, result: unusable(identity, why) }));
  if (failure !== null) return keep(failure);
  try {
    return [...instances.compile(snapshot, nodeId, shared)].map(([key, wanted]) => {
      const identity = identityOf(name, key);
      const instance = instanceOf(service, key);
      if (!instance) return { identity, result: unusable(identity, `"${key}" is not a key of ${name}`) };
      const before = previous?.services[identity]?.desired ?? null;
      return { identity, result: acceptPart(instance, wanted, before) };
    });
  } catch (error) {
    return keep(sentenceOf(error));
  }
}

/** An error for which the whole service stays as it is. */
function holding(service: string, finding: Finding): Finding {
  return finding.severity === 'error' ? { ...finding, held: `service ${service}` } : finding;
}

function agentRestartOf(snapshot: Snapshot, nodeId: string): Pick<NodeBody, 'agentRestart'> {
  const request = snapshot.restarts.find((row) => row.nodeId === nodeId && row.service === OWN_PROCESSES.agent);
  return request ? { agentRestart: request.nonce } : {};
}

function regionsOf(snapshot: Snapshot): Pick<NodeBody, 'regions'> {
  if (snapshot.cluster === null) return {};
  const regions = regionNodes(snapshot).map((node) => ({
    name: node.name,
    address: mainAddress(node),
    ...(node.state === 'member' ? {} : { state: node.state }),
    ...(node.isDrained ? { isDrained: true } : {}),
  }));
  return { regions };
}

interface ServiceResult {
  readonly isUsable: boolean;
  readonly desired: Record<string, unknown> | null;
  readonly findings: readonly Finding[];
}

interface CompileInput {
  readonly snapshot: Snapshot;
  readonly nodeId: string;
  readonly previous: Record<string, unknown> | null;
}

function compileService({ snapshot, nodeId, previous }: CompileInput, item: PreparedService): ServiceResult {
  const { service, shared, failure } = item;
  if (failure !== null) return unusable(service.name, failure);
  try {
    const wanted: Record<string, unknown> | null = service.compile(snapshot, nodeId, shared);
    if (wanted === null) return { isUsable: true, desired: wanted, findings: [] };
    const held = service.heldBack?.(shared, snapshot) ?? [];
    const result = acceptPart(service, wanted, previous);
    return { ...result, findings: [...held, ...result.findings] };
  } catch (error) {
    return unusable(service.name, sentenceOf(error));
  }
}

function acceptPart(
  service: AnyService,
  wanted: Record<string, unknown>,
  previous: Record<string, unknown> | null,
): ServiceResult {
  try {
    const { desired, findings: left, lint } = holdParts(service, wanted, previous);
    // Nothing is published that the nodes would refuse.
    acceptDesired(service, desired);
    const isUsable = lint.every((finding) => finding.severity !== 'error');
    return { isUsable, desired, findings: [...left, ...lint] };
  } catch (error) {
    return unusable(service.name, sentenceOf(error));
  }
}

function unusable(name: string, sentence: string): ServiceResult {
  const finding: Finding = { code: 'compile_failed', severity: 'error', subject: `service ${name}`, sentence };
  return { isUsable: false, desired: null, findings: [finding] };
}
