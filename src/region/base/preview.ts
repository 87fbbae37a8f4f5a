import type { FileDiff, NodeDiff } from '../../contract/base/common.ts';
import { sentenceOf } from '../../core/errors.ts';
import type { HostFacts } from '../../core/host-values.ts';
import type { Snapshot } from '../../model/snapshot.ts';
import { type CompiledSite, compileSite, type NodeBody } from '../../services/compile-node.ts';
import type { AnyService, Templates } from '../../services/kit/contract.ts';
import { unifiedDiff } from '../../services/kit/diff.ts';
import { serviceOf, withInstances } from '../../services/kit/instances.ts';
import { renderService } from '../../services/kit/render.ts';
import { findingOf } from '../../contract/base/wire/finding.ts';
import { withClosedBmcs } from './closed-addresses.ts';

/** The parts that turn desired state into files. */
export type Renderer = { readonly services: readonly AnyService[]; readonly templates: Templates };

/** One node of a comparison. `facts` null: it never reported, usual ones are taken. */
export type ComparedNode = { readonly id: string; readonly name: string; readonly facts: HostFacts | null };

/** Facts of a node that never reported: a Debian 13 host. */
function usualFacts(name: string): HostFacts {
  return { hostname: name, os: { id: 'debian', version: '13' }, isContainer: false, interfaces: [], versions: {} };
}

/** What a dry run compares: all configuration before and after, and what is published. `nowSeconds`: for numbers of new content. */
export interface PreviewInput {
  readonly before: Snapshot;
  readonly after: Snapshot;
  readonly published: ReadonlyMap<string, NodeBody | null>;
  readonly facts: ReadonlyMap<string, HostFacts>;
  readonly nowSeconds: number;
}

/** Both sides of a change, compiled. */
export type ComparedSites = { readonly old: CompiledSite; readonly next: CompiledSite };

/** Compiles the configuration before and after a change. Pure. */
export function compileChange(renderer: Renderer, input: PreviewInput): ComparedSites {
  const { before, after, published, nowSeconds } = input;
  const old = compileSite(withClosedBmcs(before), renderer.services, published, nowSeconds);
  // The numbers that the first compile gave are in force for the second one, as they would be.
  const next = compileSite(
    { ...withClosedBmcs(after), versions: old.versions },
    renderer.services,
    bodiesOf(old, published),
    nowSeconds,
  );
  return { old, next };
}

/** What a change would do to the real files of every node, by the functions that the nodes use themselves. Pure. */
export function previewChange(renderer: Renderer, input: PreviewInput, { old, next }: ComparedSites): NodeDiff[] {
  const { before, after, facts } = input;
  const nodes = new Map([...before.nodes, ...after.nodes].map((node) => [node.id, node]));
  return [...nodes.values()].flatMap((node) => {
    const compared = { id: node.id, name: node.name, facts: facts.get(node.id) ?? null };
    const files = diffBodies(renderer, compared, {
      before: old.nodes.get(node.id)?.body ?? null,
      after: next.nodes.get(node.id)?.body ?? null,
    });
    const findings = (next.nodes.get(node.id)?.findings ?? []).map((finding) => ({
      service: finding.service,
      ...findingOf(finding),
    }));
    return files.length > 0 || findings.length > 0 ? [{ node: node.name, files, findings }] : [];
  });
}

function bodiesOf(
  site: CompiledSite,
  published: ReadonlyMap<string, NodeBody | null>,
): ReadonlyMap<string, NodeBody | null> {
  return new Map([...published, ...bodiesIn(site)]);
}

/** The desired states that were compiled. */
export function bodiesIn(site: CompiledSite): ReadonlyMap<string, NodeBody> {
  return new Map([...site.nodes].map(([id, node]) => [id, node.body]));
}

/** Differences of all files of a node between two desired states; a service that cannot be rendered says so in its diff. */
export function diffBodies(
  renderer: Renderer,
  node: ComparedNode,
  bodies: { readonly before: NodeBody | null; readonly after: NodeBody | null },
): FileDiff[] {
  const facts = node.facts ?? usualFacts(node.name);
  const named = [bodies.before, bodies.after].flatMap((body) => Object.keys(body?.services ?? {}));
  return withInstances(renderer.services, named).flatMap((service) => {
    const oldPart = bodies.before?.services[service.name]?.desired ?? null;
    const newPart = bodies.after?.services[service.name]?.desired ?? null;
    if (JSON.stringify(oldPart) === JSON.stringify(newPart)) return [];
    const oldFiles = filesOf({ renderer, service, facts, desired: oldPart });
    const newFiles = filesOf({ renderer, service, facts, desired: newPart });
    const targets = [...new Set([...oldFiles.keys(), ...newFiles.keys()])].sort();
    return targets.flatMap((target) => {
      const before = oldFiles.get(target) ?? null;
      const after = newFiles.get(target) ?? null;
      const diff = unifiedDiff(target, before, after);
      if (diff === '') return [];
      const change = before === null ? 'added' : after === null ? 'removed' : 'changed';
      return [{ service: service.name, target, change, diff } as const];
    });
  });
}

/** The files of one service of a node's body, by their paths; secrets masked. */
export function filesOfService(
  renderer: Renderer,
  node: ComparedNode,
  { name, body }: { readonly name: string; readonly body: NodeBody },
): ReadonlyMap<string, string> {
  const service = serviceOf(renderer.services, name);
  if (service === undefined) return new Map();
  const facts = node.facts ?? usualFacts(node.name);
  return filesOf({ renderer, service, facts, desired: body.services[name]?.desired ?? null });
}

interface Rendering {
  readonly renderer: Renderer;
  readonly service: AnyService;
  readonly facts: HostFacts;
  readonly desired: unknown;
}

/**
 * The generation is in the header, which no difference shows. Secrets are masked: only their number shows that one has
 * changed.
 */
function filesOf({ renderer, service, facts, desired }: Rendering): Map<string, string> {
  if (desired === null) return new Map();
  try {
    const files = renderService(service, service.mask?.(desired) ?? desired, {
      facts,
      templates: renderer.templates,
      generation: 0,
    });
    return new Map(files.filter((file) => file.isCopy !== true).map((file) => [file.target, file.content]));
  } catch (error) {
    return new Map([[`${service.folder}/(cannot be rendered)`, `${sentenceOf(error)}\n`]]);
  }
}
