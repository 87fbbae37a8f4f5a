import type { LogLine, NodeLog } from '../../../contract/base/command.ts';
import { printerOf } from '../../change.ts';
import type { Call, CommandSpec } from '../../command-spec.ts';
import { EXIT, type ExitCode, usageError } from '../../exit.ts';
import { printable, safeJson } from '../../format/escape.ts';
import { printData } from '../../format/output.ts';
import { integer, need, option } from '../../values.ts';

/** Pause between two reads of --follow. */
const FOLLOW_MS = 2000;
const LINES_MAX = 500;

/** `regent node logs`. */
export const NODE_LOGS: CommandSpec = {
  verb: 'logs',
  summary:
    'show the last lines of a service’s log on a node, as its agent reads them; text that resembles a secret is ***',
  args: [
    { name: '<node>', help: 'name or id', complete: 'node' },
    { name: '<part>', help: 'a service such as dns or dhcp@k1_k2; agent, helper or region for programs of Regent' },
  ],
  options: [
    { flags: '--lines <number>', help: `how many, at most ${LINES_MAX} (100 when left out)` },
    { flags: '-f, --follow', help: 'go on with what comes, until it is interrupted' },
  ],
  examples: [
    'regent node logs r1 dns',
    'regent node logs k1 dhcp@k1_k2 --lines 500',
    'regent node logs r1 region --follow',
  ],
  run: (call) => (call.options['follow'] === true ? follow(call) : once(call)),
};

async function once(call: Call): Promise<ExitCode> {
  const log = await readLog(call, linesOf(call), null);
  if (!(await printData(printerOf(call), log))) write(call, log);
  return reportMissing(call, log);
}

/** Lines as they come; JSON lines for `-o json`, so that a reader need not wait for the end. */
async function follow(call: Call): Promise<ExitCode> {
  const { format } = printerOf(call);
  if (format === 'csv' || format === 'yaml') throw usageError(`--follow prints lines; it cannot print ${format}.`);
  let [after, silent, lines]: [string | null, string | null, number] = [null, null, linesOf(call)];
  while (!call.io.interrupted.aborted) {
    const log = await readLog(call, lines, after);
    write(call, log);
    // An agent that is away for long says so once.
    if (log.why !== silent) reportMissing(call, log);
    [after, silent] = [log.cursor, log.why];
    if (after !== null) lines = LINES_MAX;
    // There is more: it is fetched at once.
    if (!log.isCut || log.items.length === 0) await call.io.sleep(FOLLOW_MS, call.io.interrupted);
  }
  return EXIT.ok;
}

async function readLog(call: Call, lines: number, after: string | null): Promise<NodeLog> {
  const { client } = await call.region();
  const params = { node: need(call, 0), part: need(call, 1) };
  return (await client.call('node.logs', { params, query: { lines, ...(after === null ? {} : { after }) } })).body;
}

function linesOf(call: Call): number {
  const lines = integer(option(call, 'lines') ?? '100', '--lines');
  if (lines < 1 || lines > LINES_MAX) throw usageError(`--lines: ${lines} is out of range, 1 to ${LINES_MAX}.`);
  return lines;
}

function write(call: Call, { items }: NodeLog): void {
  const isJson = printerOf(call).format === 'json';
  for (const line of items) call.io.out.write(`${isJson ? safeJson(line, 0) : lineText(line)}\n`);
}

/** Prints why there are no lines. */
function reportMissing(call: Call, { why }: NodeLog): ExitCode {
  if (why === null) return EXIT.ok;
  call.io.err.write(`regent: ${printable(why)}\n`);
  return EXIT.error;
}

/** `2026-03-01T10:00:00.123Z named warning: zone example.test: …`; the level of ordinary lines is left out. */
function lineText({ at, program, level, text }: LogLine): string {
  return printable(`${at} ${program}${level === 'info' ? '' : ` ${level}`}: ${text}`);
}
