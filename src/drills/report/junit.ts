import { markup } from './escape.ts';
import { figures } from './figures.ts';
import { countedAs, replay, type ReportedRound, type DrillRun } from './round.ts';
import { broken, outage, sentence } from './formats.ts';

/** JUnit XML as CI servers read it: a suite for each hazard, a test case for each round, its broken checks as the failure. */
export function junit(run: DrillRun, rounds: readonly ReportedRound[]): string {
  const hazards = [...new Set(rounds.map(countedAs))];
  const lines = [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="${markup(run.title)}" ${totals(rounds)}>`,
    ...hazards.flatMap((id) => {
      const own = rounds.filter((round) => countedAs(round) === id);
      const startedAt = own[0]?.verdict.startedAt ?? run.startedAt;
      return [
        // The schema wants a local time without a zone: it is UTC.
        `  <testsuite name="${markup(id)}" ${totals(own)} timestamp="${markup(startedAt.replace(/(\.\d+)?Z$/, ''))}">`,
        ...own.flatMap(testCase),
        '  </testsuite>',
      ];
    }),
    '</testsuites>',
    '',
  ];
  return lines.join('\n');
}

function testCase(round: ReportedRound): string[] {
  const { verdict } = round;
  const name = markup(`round ${verdict.round}, seed ${verdict.seed}`);
  const { writeMs, vipMs, lost } = figures(round);
  const summary = `write outage: ${outage(writeMs)}, VIP: ${outage(vipMs)}, lost: ${lost}`;
  const sentences = broken(verdict).map(sentence);
  const failure = [...sentences, `again: ${replay(verdict, round.label)}`].map(markup).join('\n');
  return [
    `    <testcase classname="${markup(`drills.${verdict.hazard}`)}" name="${name}" time="${duration([round])}">`,
    ...(verdict.isPassed
      ? []
      : [`      <failure type="checks" message="${markup(sentences[0] ?? 'failed')}">${failure}</failure>`]),
    `      <system-out>${markup(summary)}</system-out>`,
    '    </testcase>',
  ];
}

function totals(rounds: readonly ReportedRound[]): string {
  const failed = rounds.filter((round) => !round.verdict.isPassed).length;
  return `tests="${rounds.length}" failures="${failed}" errors="0" skipped="0" time="${duration(rounds)}"`;
}

/** Seconds that were recorded. */
function duration(rounds: readonly ReportedRound[]): string {
  return (rounds.reduce((sum, round) => sum + (round.timeline?.endedAt ?? 0), 0) / 1000).toFixed(3);
}
