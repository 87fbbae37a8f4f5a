import { accept } from '../../../core/errors.ts';
import { updateNode } from '../../../store/queries/cluster/nodes.ts';
import { type ClusterSite, hasOwnDatabase, isAtWork, listOf, type SiteNode } from '../site.ts';
import { handDatabase } from './hand-database.ts';
import { type SiteSnapshot, awaitSnapshot, type Move, MoveEnd, stopIfUnwanted, waitFor } from './move-run.ts';
import { addressesOf } from './switchover-order.ts';
import { notBack, notGiven } from './rack-drain.ts';

/** Services that do something else for a drained node: the floating address on it, the calls on all region nodes. */
const TAKEN_S = 90;
const ADDRESS_S = 30;
/** A rack hands over within seconds of its order, and takes its VLANs again when it has the leases. */
const VLANS_S = 90;
/** By then clients whose calls were cut (by the move of the address, or the reload of a haproxy) have called again. */
const SETTLED_MS = 1500;

type DrainRoles = Pick<SiteNode, 'isRegion' | 'isRack'>;

/** What a node has that others can have. */
export function workOf({ isRegion, isRack }: DrainRoles, site: Pick<ClusterSite, 'cluster'>): string {
  const region = isRegion ? ['calls', 'address', ...(hasOwnDatabase(site) ? ['database'] : [])] : [];
  return listOf([...region, ...(isRack ? ['its VLANs'] : [])]);
}

/** Hands a node's work on: what it does as a region node, and the VLANs that it serves as a rack. Throws `MoveEnd`, with the mark still there. */
export async function drainNode(move: Move, name: string): Promise<string> {
  const { isRegion, isRack } = await rolesOf(move, name);
  const done = isRegion ? await drainRegion(move, name) : `${name} is drained`;
  if (!isRack) return done;
  await mark(move, name, true);
  await waitFor(move, `the VLANs of ${name} to go to its partners`, {
    seconds: VLANS_S,
    missing: ({ vlans }) => notGiven(name, vlans),
  });
  return `${done}; it serves no client`;
}

/**
 * Hands a region node's work on: marks it, waits until that is in force, then until it has neither address nor database.
 * Each step reads the state first, so a step that an earlier run did is not done twice. Throws `MoveEnd`, with the mark
 * still there. Gives a sentence.
 */
export async function drainRegion(move: Move, name: string): Promise<string> {
  await relieveOfAddress(move, name);
  await move.ports.wait(SETTLED_MS, move.run.signal);
  const { site, nodes } = await awaitSnapshot(move);
  if (!hasOwnDatabase(site)) return `${name} is drained`;
  const addresses = addressesOf({ site, nodes });
  const drained = site.nodes.flatMap((one) => (one.isDrained ? [one.name] : []));
  const state = await move.ports.patroni.cluster(Object.values(addresses));
  if (state === null) throw new MoveEnd('failed', 'no Patroni answers: who leads the database is not known');
  if (state.leader !== name && state.leader !== null) return `${name} is drained; ${state.leader} leads the database`;
  const handed = await handDatabase(move, { from: name, to: null, drained, addresses });
  return `${name} is drained; ${handed}`;
}

/** The first half of it: the node is marked, and gives calls and the floating address to others; a database it keeps. */
export async function relieveOfAddress(move: Move, name: string): Promise<void> {
  await mark(move, name, true);
  await inForce(move, name);
  stopIfUnwanted(move, `before ${name} had handed its work on`);
  await waitFor(move, `the floating address to leave ${name}`, {
    seconds: ADDRESS_S,
    missing: ({ site }) => (isHolder(site.nodes, name) ? `${name} still holds it` : null),
  });
}

/** Takes the mark back and waits until that is in force. */
export async function undrainNode(move: Move, name: string): Promise<string> {
  const roles = await rolesOf(move, name);
  await mark(move, name, false);
  if (roles.isRegion) await inForce(move, name);
  if (roles.isRack)
    await waitFor(move, `${name} to serve its VLANs again`, {
      seconds: VLANS_S,
      missing: ({ vlans }) => notBack(name, vlans),
    });
  return `${name} takes ${workOf(roles, roles)} again`;
}

async function rolesOf(move: Move, name: string): Promise<DrainRoles & Pick<ClusterSite, 'cluster'>> {
  const { site } = await awaitSnapshot(move);
  const node = site.nodes.find((one) => one.name === name);
  if (node === undefined) throw new MoveEnd('failed', `the node ${name} no longer exists`);
  return { isRegion: node.isRegion, isRack: node.isRack, cluster: site.cluster };
}

/** Writes the mark, where it is not there yet, with its event. */
async function mark(move: Move, name: string, isDrained: boolean): Promise<void> {
  const { nodes, site } = await awaitSnapshot(move);
  const node = nodes.find((one) => one.name === name);
  if (node === undefined) throw new MoveEnd('failed', `the node ${name} no longer exists`);
  if (site.nodes.some((one) => one.id === node.id && one.isDrained === isDrained)) return;
  await move.save(isDrained ? `${name} is marked as drained` : `${name} is no longer marked as drained`, async (tx) => {
    accept(await updateNode(tx, { key: node.id }, { isDrained }));
    tx.emit({ kind: isDrained ? 'node.drained' : 'node.undrained', subject: name, data: { id: node.id } });
  });
}

/** Until the region nodes that answer have taken over what a mark changes. */
async function inForce(move: Move, name: string): Promise<void> {
  const { revision } = await awaitSnapshot(move);
  const marked = new Map<string, number>();
  await waitFor(move, `the mark of ${name} to be in force`, {
    seconds: TAKEN_S,
    missing: (snapshot) => {
      for (const { node, wanted } of snapshot.services) {
        if (!marked.has(node) && (snapshot.compiled.get(node) ?? 0) >= revision) marked.set(node, wanted);
      }
      return notTaken(snapshot, name, marked);
    },
  });
}

/**
 * What is missing until everybody acts by the mark; null: nothing. `marked`: by node's name, the first generation that was seen to have it: what is
 * published later for other reasons is not waited for, since on a busy site something always is. Nodes that are silent are waited for by nobody. Pure.
 */
export function notTaken(snapshot: SiteSnapshot, name: string, marked: ReadonlyMap<string, number>): string | null {
  const fresh = snapshot.site.nodes.filter((node) => node.isRegion && node.isFresh);
  if (!fresh.some((node) => node.name === name)) return `${name} does not report`;
  for (const node of fresh) {
    const generation = marked.get(node.name);
    if (generation === undefined) return `nothing newer is published for ${node.name} yet`;
    const rows = snapshot.services.filter(
      (row) => row.node === node.name && (row.service === 'lb' || (row.service === 'vip' && node.name === name)),
    );
    const late = rows.find((row) => row.isWanted && !isAtWork(row, generation));
    if (late) return `${late.service} on ${late.node} is ${late.state}`;
  }
  return null;
}

function isHolder(nodes: readonly SiteNode[], name: string): boolean {
  return nodes.some((node) => node.name === name && node.facts.vip?.isHolder === true);
}
