import { comparisonMarkdown, comparisonText } from '../report/comparison-table.ts';
import { compare, type HeadlineFacts } from '../report/comparison.ts';
import { overview } from '../report/overview.ts';
import { type RunRead, runsOfOneBuild } from '../report/reading.ts';
import type { DrillRun } from '../report/round.ts';

/**
 * The headline table of stored runs as text, with every hazard and every round that failed, and as Markdown; null: there is no run of that build,
 * or since then. `runs`: whose they are.
 */
export function storedTable(
  runs: readonly RunRead[],
  headlines: readonly HeadlineFacts[],
  choice: { readonly version: string | null; readonly since: string | null },
): { readonly text: string; readonly markdown: string; readonly runs: readonly RunRead[] } | null {
  const chosen = runsOfOneBuild(runs, choice).filter(({ rounds }) => rounds.length > 0);
  const [first] = chosen;
  if (first === undefined) return null;
  const rounds = chosen.flatMap((one) => one.rounds);
  const rows = compare(headlines, rounds);
  const heads: DrillRun[] = chosen.map(({ run }) => run);
  const merged = { ...first.run, command: `scripts/drill table --build ${first.run.version}` };
  return {
    text: `build ${first.run.version}, ${chosen.length} runs\n\n${overview(merged, rounds)}\n${comparisonText(rows)}`,
    runs: chosen,
    markdown: comparisonMarkdown(heads, rows),
  };
}
