import type { Finding } from '../common.ts';

/** One finding of one node. */
export type NodeFinding = Finding & { readonly node: string; readonly service: string };

/** A finding for people: what it is, since when, and what to do. */
export function findingText(finding: Pick<Finding, 'sentence' | 'since' | 'remedy'>): string {
  const since = finding.since === undefined ? '' : ` (since ${finding.since})`;
  const remedy = finding.remedy === undefined ? '' : ` ${finding.remedy}`;
  return `${finding.sentence.replace(/\.$/, '')}${since}.${remedy}`;
}

/** Each error once, with all nodes that report it. */
export function errorTexts(findings: readonly NodeFinding[]): string[] {
  const errors = findings.filter((finding) => finding.severity === 'error');
  const groups = Map.groupBy(errors, ({ service, code, subject, sentence }) =>
    JSON.stringify([service, code, subject, sentence]),
  );
  return [...groups.values()].flatMap((group) => {
    const [oldest] = group.toSorted((a, b) => ((a.since ?? '') < (b.since ?? '') ? -1 : 1));
    const nodes = [...new Set(group.map(({ node }) => node))].join(', ');
    return oldest === undefined ? [] : [`${oldest.service} on ${nodes}: ${findingText(oldest)}`];
  });
}

/** A finding as the wire has it: what belongs to storage stays behind, and what is not known is left out. */
export function findingOf({ code, severity, subject, sentence, held, remedy, since }: Finding): Finding {
  return {
    code,
    severity,
    subject,
    sentence,
    ...(held === undefined ? {} : { held }),
    ...(remedy === undefined ? {} : { remedy }),
    ...(since === undefined ? {} : { since }),
  };
}
