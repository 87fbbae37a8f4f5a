import type { ChangeFiles, ChangeFindings, PastFinding as WireFinding } from '../../contract/site/screens.ts';
import { PAST_FINDINGS_MAX } from '../../contract/site/screens.ts';
import { findingOf } from '../../contract/base/wire/finding.ts';
import { refuse, type Rejected, rejected } from '../../core/errors.ts';
import type { CompileFindings, PastFinding } from '../../store/publication/compiles.ts';
import { compileOf, findingsOfCompile } from '../../store/publication/compiles.ts';
import {
  nodesWithoutPublicationOf,
  publicationsOf,
  readPublication,
  readPublicationBefore,
} from '../../store/publication/heads.ts';
import { allRows } from '../../store/page.ts';
import { readRefusals } from '../../store/publication/refusals.ts';
import { findChange } from '../../store/queries/site/changes.ts';
import { listNodes } from '../../store/queries/cluster/nodes.ts';
import type { Tx } from '../../store/tx.ts';
import { diffBodies } from '../base/preview.ts';
import { readKnownNodes } from '../base/published.ts';
import { reading } from '../base/use-case.ts';

const NOTHING: CompileFindings = { items: [], gone: [], isCut: false };

/** What a change of the past did, and what was found then. */
export const changeCases = {
  'config.files': reading('config.files', async (tx, { params }, { renderer }) => {
    const { change: id } = params;
    if ((await findChange(tx, id)) === null) refuse(noChange(id));
    const { compile, found } = await readCompile(tx, id);
    const findings = Map.groupBy(found.items, ({ nodeId }) => nodeId);
    const known = new Map((await readKnownNodes(tx)).map((node) => [node.id, node]));
    const nodes: ChangeFiles['nodes'] = [];
    const lost: string[] = [];
    for (const at of await publicationsOf(tx, id, compile?.revision ?? null)) {
      const { nodeId, generation, publishedAt } = at;
      const node = known.get(nodeId);
      if (node === undefined) continue;
      const after = await readPublication(tx, nodeId, { generation });
      const before = await readPublicationBefore(tx, nodeId, generation);
      if (after === null || (before === null && at.afterRevision > 0)) {
        lost.push(node.name);
        continue;
      }
      nodes.push({
        node: node.name,
        files: diffBodies(renderer, node, { before: before?.body ?? null, after: after.body }),
        findings: (findings.get(nodeId) ?? []).map(({ service, ...finding }) => ({ service, ...findingOf(finding) })),
        generation,
        publishedAt,
        first: (compile?.afterRevision ?? at.afterRevision) + 1,
        last: at.revision,
      });
    }
    for (const nodeId of await nodesWithoutPublicationOf(tx, id)) {
      const name = known.get(nodeId)?.name;
      if (name !== undefined && !lost.includes(name) && !nodes.some(({ node }) => node === name)) lost.push(name);
    }
    return { body: { id, nodes, lost: lost.toSorted() } };
  }),

  'config.findings': reading('config.findings', async (tx, { params }) => {
    const { change: id } = params;
    if ((await findChange(tx, id)) === null) refuse(noChange(id));
    const { compile, found, state } = await readCompile(tx, id);
    const names = new Map((await allRows((page) => listNodes(tx, page))).map((node) => [node.id, node.name]));
    const refused = await readRefusals(tx, await publicationsOf(tx, id, compile?.revision ?? null));
    const body: ChangeFindings = {
      id,
      state,
      compiledAt: compile?.at ?? null,
      first: compile === null ? null : compile.afterRevision + 1,
      last: compile?.revision ?? null,
      items: found.items.map(wireOf),
      gone: found.gone.map(wireOf),
      isCut: found.isCut,
      refusals: refused.map(({ nodeId, ...refusal }) => ({ node: names.get(nodeId) ?? nodeId, ...refusal })),
    };
    return { body };
  }),
};

/** The compile that took a change in, with what it found; null: there is none, and `state` says why. */
async function readCompile(tx: Tx, change: number) {
  const compile = await compileOf(tx, change);
  if (typeof compile === 'string') return { state: compile, compile: null, found: NOTHING };
  return { state: 'compiled' as const, compile, found: await findingsOfCompile(tx, compile, PAST_FINDINGS_MAX) };
}

function wireOf({ node, service, isNew, untilAt, ...finding }: PastFinding): WireFinding {
  return { node, service, ...findingOf(finding), isNew, untilAt };
}

function noChange(id: number): Rejected {
  return rejected('not_found', `There is no change ${id}, or it is too old and was deleted.`);
}
