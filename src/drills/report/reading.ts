import { invalid, type Rejected } from '../../core/errors.ts';
import type { Expectation } from '../../judge/rules.ts';
import type { RoundVerdict } from '../../judge/verdict.ts';
import type { ReportedRound, DrillRun } from './round.ts';
import { list, object, optional, orNull, type ValueShape, simple, literal } from './shape.ts';
import { VERDICT } from './stored.ts';

/** A run and its rounds without their recordings, as files have them. */
export type RunRead = { readonly run: DrillRun; readonly rounds: readonly ReportedRound[] };

/** The format of a file that grows line by line: first the run, then a round on each line. */
export const LINES_FORMAT = 'regent-drill-rounds';

interface LineRead extends Pick<ReportedRound, 'label'> {
  readonly hazard: Omit<ReportedRound['hazard'], 'expects'> & { readonly expects?: readonly Expectation[] };
  readonly verdict: RoundVerdict;
}

const text = simple('a text', (value) => typeof value === 'string');
const number = simple('a number', (value) => typeof value === 'number');
const RUN = object({ title: text, command: text, startedAt: text, place: text, version: text });
const ROUND = object({
  hazard: object({
    id: text,
    title: text,
    row: text,
    group: text,
    headline: orNull(text),
    expects: optional(
      list(
        object({ probe: text, withinMs: optional(number), failures: optional(number), failedShare: optional(number) }),
      ),
    ),
  }),
  label: optional(literal('baseline')),
  verdict: VERDICT,
});
const REPORT = object({ format: literal('regent-drill-report'), run: RUN, rounds: list(ROUND) });
const HEAD = object({ format: literal(LINES_FORMAT), run: RUN });

/** Reads `report.json`. `name`: of the file, for the refusal. */
export function parseReport(name: string, content: string): RunRead | Rejected {
  const value = jsonOf(content);
  if (!fits<{ run: DrillRun; rounds: readonly LineRead[] }>(REPORT, value)) return refused(name, REPORT, value);
  return { run: value.run, rounds: value.rounds.map(roundOf) };
}

/** Reads `rounds.jsonl`. Its last line may be half of one, where a run was cut off: it is left out. */
export function parseLines(name: string, content: string): RunRead | Rejected {
  const [first = '', ...rest] = content.split('\n');
  const head = jsonOf(first);
  if (!fits<{ run: DrillRun }>(HEAD, head)) return refused(name, HEAD, head);
  const rounds: ReportedRound[] = [];
  for (const [index, line] of rest.slice(0, -1).entries()) {
    const round = jsonOf(line);
    if (!fits<LineRead>(ROUND, round)) return refused(`${name}, line ${index + 2}`, ROUND, round);
    rounds.push(roundOf(round));
  }
  return { run: head.run, rounds };
}

/** The runs of one build: that of the newest run, or `version`; since a moment (ISO 8601), if there is one. Oldest first. */
export function runsOfOneBuild(
  runs: readonly RunRead[],
  choice: { readonly version: string | null; readonly since: string | null },
): readonly RunRead[] {
  const sorted = runs
    .filter(({ run }) => choice.since === null || run.startedAt >= choice.since)
    .toSorted((a, b) => Date.parse(a.run.startedAt) - Date.parse(b.run.startedAt));
  const version = choice.version ?? sorted.at(-1)?.run.version;
  return sorted.filter(({ run }) => run.version === version);
}

function roundOf({ hazard, verdict, label }: LineRead): ReportedRound {
  return { hazard: { ...hazard, expects: hazard.expects ?? [] }, verdict, timeline: null, ...(label && { label }) };
}

const fits = <T>(shape: ValueShape, value: unknown): value is T => shape(value, '') === null;

function refused(name: string, shape: ValueShape, value: unknown): Rejected {
  return invalid('report', `${name} cannot be read: ${shape(value, 'it') ?? 'unknown'}`, 'a report of scripts/drill');
}

function jsonOf(content: string): unknown {
  try {
    return JSON.parse(content);
  } catch {
    return undefined;
  }
}
