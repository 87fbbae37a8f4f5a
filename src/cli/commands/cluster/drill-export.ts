import { DRILL_FORMATS } from '../../../contract/cluster/drill.ts';
import type { Call } from '../../command-spec.ts';
import { CliError, EXIT, usageError } from '../../exit.ts';
import { safeJson } from '../../format/escape.ts';
import { collect, need, option } from '../../values.ts';

/** `regent drill export`: one round, or all of a run. JSON as stored; the region makes all other formats. */
export async function exportRounds(call: Call): Promise<void> {
  const run = option(call, 'run');
  if ((call.args[0] === undefined) === (run === undefined))
    throw usageError('Name one round, or a run with --run.', ['See: regent drill history -o wide']);
  const formatName = option(call, 'format');
  const format = DRILL_FORMATS.find((known) => known === formatName);
  if (format === undefined) {
    await exportJson(call);
    return;
  }
  const { client } = await call.region();
  const which = run === undefined ? { round: need(call, 0) } : { run };
  call.io.out.write((await client.call('drill.report', { query: { format, ...which } })).body.text);
}

/** Round by round, so that a long run needs little memory. The list is complete JSON only if all rounds came. */
async function exportJson(call: Call): Promise<void> {
  const rounds = await listRoundIds(call);
  const { client } = await call.region();
  for (const [index, round] of rounds.entries()) {
    const { body } = await client.call('drill.show', { params: { round } });
    call.io.out.write(`${index === 0 ? '[' : ','}\n${safeJson(body, 0)}`);
  }
  call.io.out.write('\n]\n');
}

/** Ids of the rounds that are exported; at least one. */
async function listRoundIds(call: Call): Promise<readonly string[]> {
  const run = option(call, 'run');
  if (run === undefined) return [need(call, 0)];
  const { client } = await call.region();
  const rounds = await collect(client.all('drill.list', { query: { run, sort: 'id', fields: 'id' } }));
  if (rounds.length === 0) throw new CliError(EXIT.notFound, 'The run has no rounds that are stored.');
  return rounds.map(({ id }) => String(id));
}
