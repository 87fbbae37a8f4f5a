import { formatCount } from '../../core/count-text.ts';
import { findingText } from '../../contract/base/wire/finding.ts';
import type { NodeDiff, Preview } from '../../contract/base/common.ts';
import { printable, printableLines } from './escape.ts';

const GREEN = '\u001b[32m';
const RED = '\u001b[31m';
const RESET = '\u001b[0m';

/** Lines of a dry run: every file of every node that would change, with its diff, and lint's findings. */
export function previewLines(
  preview: Pick<Preview, 'nodes'> & Partial<Pick<Preview, 'object'>>,
  hasColor: boolean,
): string[] {
  const files = preview.nodes.reduce((count, node) => count + node.files.length, 0);
  const nodes = preview.nodes.filter((node) => node.files.length > 0).length;
  const summary =
    files === 0
      ? 'Dry run: no file of any node would change. Nothing was changed.'
      : `Dry run: ${formatCount(files, 'file')} on ${formatCount(nodes, 'node')} would change. Nothing was changed.`;
  return [...preview.nodes.flatMap((node) => nodeLines(node, hasColor)), ...warningLines(preview.object), summary];
}

/** What the object itself would warn of, such as a certificate of another name. */
function warningLines(object: unknown): string[] {
  if (typeof object !== 'object' || object === null || !('warnings' in object)) return [];
  const { warnings } = object;
  if (!Array.isArray(warnings)) return [];
  return warnings.filter((text) => typeof text === 'string').map((text) => `warning: ${printable(text)}`);
}

/** Lines of one node's differences and findings; none when there are none. */
export function nodeLines(node: NodeDiff, hasColor: boolean): string[] {
  const lines = node.files.flatMap((file) => [
    `${printable(node.node)}  ${printable(file.service)}  ${printable(file.target)}  ${file.change}`,
    ...diffLines(file.diff, hasColor),
    '',
  ]);
  const findings = node.findings.map(
    (finding) =>
      `${printable(node.node)}  ${printable(finding.service)}  ${finding.severity}: ${printable(finding.subject)}: ${printable(findingText(finding))} [${printable(finding.code)}]`,
  );
  return [...lines, ...findings];
}

/** Does any finding prevent its service from taking the change? */
export function hasErrors(nodes: readonly NodeDiff[]): boolean {
  return nodes.some((node) => node.findings.some((finding) => finding.severity === 'error'));
}

function diffLines(diff: string, hasColor: boolean): string[] {
  const lines = printableLines(diff).replace(/\n$/, '').split('\n');
  return lines.map((line) => {
    if (!hasColor || line.startsWith('+++') || line.startsWith('---')) return `  ${line}`;
    const color = line.startsWith('+') ? GREEN : line.startsWith('-') ? RED : null;
    return color === null ? `  ${line}` : `  ${color}${line}${RESET}`;
  });
}
