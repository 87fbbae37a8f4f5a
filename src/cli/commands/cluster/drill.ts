import type { DrillRecording, DrillRound } from '../../../contract/cluster/drill.ts';
import { printerOf } from '../../change.ts';
import type { Call, NounSpec } from '../../command.ts';
import { CliError, EXIT, usageError } from '../../exit.ts';
import { safeJson } from '../../format/escape.ts';
import { printList, printOne, type Shape } from '../../format/output.ts';
import { moment, stamp } from '../../format/when.ts';
import { collect, integer, need, option, text } from '../../values.ts';

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
    { header: 'run', wide: true, value: (round) => round.run },
    { header: 'version', wide: true, value: (round) => round.version },
  ],
};

/** `regent drill`. */
export const DRILL: NounSpec = {
  noun: 'drill',
  summary: 'drills: bad days made on purpose, and what was measured of them',
  commands: [
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
    {
      verb: 'show',
      summary: 'show a round: every check with its limit and what was measured',
      args: [{ name: '<round>', ...WHICH }],
      examples: ['regent drill show 12', 'regent drill show 12 -o json   # with the whole recording'],
      run: async (call) => {
        const { client } = await call.region();
        const { body } = await client.call('drill.show', { params: { round: need(call, 0) } });
        await printOne(printerOf(call), detailed(call), body);
      },
    },
    {
      verb: 'export',
      summary: 'print rounds with their verdicts and recordings: one, or all of a run',
      args: [{ name: '[round]', ...WHICH }],
      options: [
        { flags: '--run <uuid>', help: 'all rounds of this run, in the order in which they were stored' },
        { flags: '--format <format>', help: 'json (also when left out): a list of rounds', values: ['json'] },
      ],
      examples: [
        'regent drill export 12 > round.json',
        'regent drill export --run 018f3c1e-0000-7000-8000-000000000001',
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

/** Round by round, so that a long run needs no memory. The list is whole JSON only when all of them came. */
async function exportRounds(call: Call): Promise<void> {
  const rounds = await wanted(call);
  const { client } = await call.region();
  for (const [index, round] of rounds.entries()) {
    const { body } = await client.call('drill.show', { params: { round } });
    call.io.out.write(`${index === 0 ? '[' : ','}\n${safeJson(body, 0)}`);
  }
  call.io.out.write('\n]\n');
}

/** Ids of the rounds that are exported; at least one. */
async function wanted(call: Call): Promise<readonly string[]> {
  const run = option(call, 'run');
  if ((call.args[0] === undefined) === (run === undefined)) {
    throw usageError('Name one round, or a run with --run.', ['See: regent drill history -o wide']);
  }
  if (run === undefined) return [need(call, 0)];
  const { client } = await call.region();
  const rounds = await collect(client.all('drill.list', { query: { run, sort: 'id', fields: 'id' } }));
  if (rounds.length === 0) throw new CliError(EXIT.notFound, 'The run has no rounds that are stored.');
  return rounds.map(({ id }) => String(id));
}

function verdictOf(round: DrillRound): string {
  return round.isPassed ? 'passed' : 'failed';
}

function detailed(call: Call): Shape<DrillRecording> {
  return {
    ...SHAPE,
    details: (round) => [
      ['Round', `${round.id}: ${round.hazard}, round ${round.round}`],
      ['Verdict', verdictOf(round)],
      ['Started', moment(round.startedAt, call.io.now())],
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
