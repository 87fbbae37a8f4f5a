import type { PendingConfig } from '../../../contract/site/config.ts';
import type { ChangeFiles } from '../../../contract/site/screens.ts';

/** How far a change is. `waits`: nodes that have not applied it; `served`: services with changed files, and where. */
export interface ChangeProgress {
  readonly nodes: number;
  readonly applied: number;
  readonly waits: readonly string[];
  readonly served: readonly { readonly service: string; readonly nodes: readonly string[] }[];
}

/** Compares what a change did to the files of nodes with what each node has applied. */
export function progressOf(files: ChangeFiles, pending: Pick<PendingConfig, 'nodes'>): ChangeProgress {
  const applied = new Map(pending.nodes.map((node) => [node.node, node]));
  const touched = files.nodes.filter((node) => node.files.length > 0);
  const waits = touched
    .filter(({ node, generation }) => {
      const now = applied.get(node);
      return now !== undefined && !now.isCurrent && (now.applied ?? 0) < generation;
    })
    .map(({ node }) => node);
  const pairs = touched.flatMap(({ node, files: list }) => list.map(({ service }) => ({ service, node })));
  const served = [...Map.groupBy(pairs, ({ service }) => service)].map(([service, list]) => ({
    service,
    nodes: [...new Set(list.map(({ node }) => node))],
  }));
  return { nodes: touched.length, applied: touched.length - waits.length, waits, served };
}
