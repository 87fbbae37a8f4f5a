import { comparisonMarkdown, comparisonText } from '../report/comparison-table.ts';
import { compare, type HeadlineFacts } from '../report/comparison.ts';
import { type RunRead, runsOfOneBuild } from '../report/reading.ts';
import type { Run } from '../report/round.ts';

/** The headline table of stored runs as text and as Markdown; null: there is no run of that build, or since then. */
export function storedTable(
  runs: readonly RunRead[],
  headlines: readonly HeadlineFacts[],
  choice: { readonly version: string | null; readonly since: string | null },
): { readonly text: string; readonly markdown: string } | null {
  const chosen = runsOfOneBuild(runs, choice).filter(({ rounds }) => rounds.length > 0);
  const [first] = chosen;
  if (first === undefined) return null;
  const rows = compare(
    headlines,
    chosen.flatMap(({ rounds }) => rounds),
  );
  const heads: Run[] = chosen.map(({ run }) => run);
  return {
    text: `build ${first.run.version}, ${chosen.length} runs\n\n${comparisonText(rows)}`,
    markdown: comparisonMarkdown(heads, rows),
  };
}
