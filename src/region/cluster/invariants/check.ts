import type { InvariantState } from '../../../contract/cluster/doctor.ts';
import type { NodeFacts } from '../facts.ts';
import { type ClusterSite, hasOwnDatabase, collectFacts, listOf, silence, type SiteNode } from '../site.ts';

/** What was found, and what to do; a remedy of '' if there is nothing to do. */
export type InvariantVerdict = { readonly state: InvariantState; readonly detail: string; readonly remedy: string };

/** Something that must always be true, as data. Its judgement is pure. */
export interface InvariantCheck {
  readonly id: string;
  readonly title: string;
  /** Why it matters. */
  readonly explanation: string;
  /** Left out if there is nothing to judge, such as the floating address of a site without one. */
  concerns(site: ClusterSite): boolean;
  judge(site: ClusterSite): InvariantVerdict;
}

export const ok = (detail: string): InvariantVerdict => ({ state: 'ok', detail, remedy: '' });
export const warning = (detail: string, remedy: string): InvariantVerdict => ({ state: 'warning', detail, remedy });
export const broken = (detail: string, remedy: string): InvariantVerdict => ({ state: 'broken', detail, remedy });
export const unknown = (detail: string, remedy: string): InvariantVerdict => ({ state: 'unknown', detail, remedy });

/** What to do about a node that says nothing. */
export function askNode(names: readonly string[]): string {
  const which = names.length === 1 ? names[0] : 'each of these';
  return `On ${which}: systemctl status regent-agent regent-helper; journalctl -u regent-agent -n 50. If the host is down, start it: it comes back by itself.`;
}

/** The verdict "unknown" about the nodes without fresh facts; null: each of these nodes has some. */
export function judgeSilence(
  site: ClusterSite,
  nodes: readonly SiteNode[],
  kind: keyof NodeFacts,
): InvariantVerdict | null {
  const { silent } = collectFacts(nodes, kind);
  if (silent.length === 0) return null;
  const clauses = silent.map((node) => silence(node, kind, site.now));
  return unknown(`${sentence(listOf(clauses))}`, askNode(silent.map((node) => node.name)));
}

/** Ends with a full stop. It may begin with a node's name, which stays as it is. */
export const sentence = (text: string): string => text.replace(/\.?$/, '.');

/** Is the site a cluster of whole hosts? */
export const isCluster = (site: ClusterSite): boolean => site.cluster !== null;

/** Is it a cluster whose nodes also run the database? */
export const runsDatabase = (site: ClusterSite): boolean => isCluster(site) && hasOwnDatabase(site);
