import { showOf } from '../base/plain.ts';
import type { DrillHazard, DrillRecording, DrillRound } from '../../../contract/cluster/drill.ts';
import { DRILL_FORMATS } from '../../../contract/cluster/drill.ts';
import { printerOf } from '../../change.ts';
import type { Call, NounSpec } from '../../command-spec.ts';
import { usageError } from '../../exit.ts';
import { printList, type Shape } from '../../format/output.ts';
import { moment, stamp } from '../../format/when.ts';
import { integer, option, text } from '../../values.ts';
import { exportRounds } from './drill-export.ts';
import { DRILL_RUNS } from './drill-run.ts';

const ROUNDS_MAX = 1000;
const WHICH = { help: 'id of the round, see: regent drill history', complete: 'drill' } as const;

const SHAPE: Shape<DrillRound> = {
  kind: 'round of a drill',
  name: (round) => String(round.id),
  columns: [
    { header: 'id', value: (round) => String(round.id) },
    { header: 'started', value: (round) => stamp(round.startedAt) },
    { header: 'hazard', value: (round) => round.hazard },
    { header: 'round', value: (round) => String(round.round) },
    { header: 'verdict', value: verdictOf },
    { header: 'broken', value: (round) => round.broken.join(', ') },
    { header: 'seed', value: (round) => String(round.seed) },
    { header: 'where', value: placeOf },
    { header: 'run', wide: true, value: (round) => round.run },
    { header: 'version', wide: true, value: (round) => round.version },
  ],
};

const HAZARD: Shape<DrillHazard> = {
  kind: 'hazard',
  name: (hazard) => hazard.id,
  columns: [
    { header: 'id', value: (hazard) => hazard.id },
    { header: 'group', value: (hazard) => hazard.group },
    { header: 'title', value: (hazard) => hazard.title },
    { header: 'long', wide: true, value: (hazard) => (hazard.isLong ? 'yes' : 'no') },
  ],
};

/** `regent drill`. */
export const DRILL: NounSpec = {
  noun: 'drill',
  summary: 'drills: failures on purpose, and their measurements',
  commands: [
    {
      verb: 'list',
      summary: 'list the hazards that this version knows',
      examples: ['regent drill list', 'regent drill list -o name'],
      run: async (call) => {
        const { client } = await call.region();
        await printList(printerOf(call), HAZARD, (await client.call('drill.hazards', {})).body.items);
      },
    },
    ...DRILL_RUNS,
    {
      verb: 'history',
      summary: 'list rounds of drills, newest first',
      options: [
        { flags: '--hazard <id>', help: 'only rounds of this hazard, such as host-kill-primary' },
        { flags: '--failed', help: 'only rounds in which a check did not hold' },
        { flags: '--run <uuid>', help: 'only rounds of this run' },
        { flags: '--limit <number>', help: `how many, at most ${ROUNDS_MAX} (20 when left out)` },
      ],
      examples: ['regent drill history --failed', 'regent drill history --hazard host-kill-primary --limit 100'],
      run: history,
    },
    showOf(
      'drill.show',
      'round',
      {
        summary: 'show a round: every check with its limit and what was measured',
        args: [{ name: '<round>', ...WHICH }],
        examples: ['regent drill show 12', 'regent drill show 12 -o json   # with the whole recording'],
      },
      detailed,
    ),
    {
      verb: 'export',
      summary: 'print rounds with their verdicts and recordings: one, or all of a run',
      args: [{ name: '[round]', ...WHICH }],
      options: [
        { flags: '--run <uuid>', help: 'all rounds of this run, in the order in which they were stored' },
        {
          flags: '--format <format>',
          help: 'json (also when left out): a list of rounds; html: a page with the drawings; junit: XML for CI; text',
          values: ['json', ...DRILL_FORMATS],
        },
      ],
      examples: [
        'regent drill export 12 > round.json',
        'regent drill export --run 018f3c1e-0000-7000-8000-000000000001 --format html > report.html',
      ],
      run: exportRounds,
    },
  ],
};

async function history(call: Call): Promise<void> {
  const limit = integer(option(call, 'limit') ?? '20', '--limit');
  if (limit < 1 || limit > ROUNDS_MAX) throw usageError(`--limit: ${limit} is out of range, 1 to ${ROUNDS_MAX}.`);
  const { client } = await call.region();
  const passed = call.options['failed'] === true ? { passed: false } : {};
  const query = { limit, ...passed, ...text(call, 'hazard'), ...text(call, 'run') };
  await printList(printerOf(call), SHAPE, (await client.call('drill.list', { query })).body.items);
}

function verdictOf(round: DrillRound): string {
  return round.isPassed ? 'passed' : 'failed';
}

/** A region of an earlier release does not send it, and had only rounds of labs. */
function placeOf(round: Partial<Pick<DrillRound, 'label'>>): string {
  return round.label ?? 'lab';
}

function detailed(call: Call): Shape<DrillRecording> {
  return {
    ...SHAPE,
    details: (round) => [
      ['Round', `${round.id}: ${round.hazard}, round ${round.round}`],
      ['Verdict', verdictOf(round)],
      ['Started', moment(round.startedAt, call.io.now())],
      ['Where', placeOf(round)],
      ['Seed', String(round.seed)],
      ['Run', round.run],
      ['Version', round.version],
      ['Checks', round.verdict.checks.map(checkLine)],
    ],
  };
}

function checkLine({ what, probe, isHeld, limit, measured }: DrillRecording['verdict']['checks'][number]): string {
  const subject = probe === undefined ? what : `${what} of ${probe}`;
  return `${isHeld ? 'held  ' : 'BROKEN'}  ${subject}: ${measured} (limit ${limit})`;
}
