import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { CommandRunner } from '../../agent/commands/runner.ts';
import type { CommandArgs } from '../../contract/command-kinds.ts';
import { type ReadSupportResult, SUPPORT_PIECE } from '../../contract/cluster/support.ts';
import { formatCount } from '../../core/count-text.ts';
import { AppError } from '../../core/errors.ts';
import { type ExecResult, nameOfCommand, type Command } from '../../core/host-values.ts';
import { maskText } from '../../core/masked.ts';
import type { Clock } from '../../core/ports.ts';
import { PART_MAX } from '../../core/support-bundle.ts';
import type { JournalLine, ReadJournal } from '../../host/observe/journal-lines.ts';
import { readSupportFacts, SUPPORT_FACTS } from '../../host/observe/support-facts.ts';
import { PORTS } from '../../model/cluster/cluster.ts';
import { probeDcs } from '../../services/dcs/daemon.ts';
import type { AnyService } from '../../services/kit/contract.ts';
import { logUnitsOf } from '../../services/kit/log-units.ts';

/** What a node's share of a support bundle is read from. */
export interface SupportPorts {
  readonly services: readonly AnyService[];
  readonly read: ReadJournal;
  /** Asks Patroni and etcd of this host. */
  readonly ask: (question: Command) => Promise<ExecResult>;
}

/** A text, and what was left out of it. */
interface SupportText {
  readonly text: string;
  readonly cut: string | null;
}

/** Which part; `since` null: all that is stored. `address`: this node's own, null: it is no region node. */
export interface SupportQuestion {
  readonly part: string;
  readonly since: string | null;
  readonly address: string | null;
}

/** Lines of a log: what journalctl writes of so many, fits into what is read of it (`journal-lines.ts`). */
const LINES_MAX = 8000;
const LINES_FEW = 1000;
const ASK_MS = 3000;
/** How long a packed part stays, ms: its pieces are fetched one after the other. */
const STORED_MS = 60_000;
const STORED_MAX = 4;

const pack = promisify(gzip);

/** Gives a support bundle's parts in pieces. Each is gathered once, masked, packed, and held until its last piece is fetched. */
export function supportRunner(ports: SupportPorts, clock: Pick<Clock, 'monotonic'>): CommandRunner {
  const stored = new Map<string, { readonly packed: Buffer; readonly cut: string | null; readonly at: number }>();
  return async ({ args, signal }) => {
    const { part, since, offset, address } = args as CommandArgs<'read-support'>;
    const key = JSON.stringify([part, since]);
    for (const [name, { at }] of stored) if (clock.monotonic() - at > STORED_MS) stored.delete(name);
    if (offset === 0) {
      const { text, cut } = await readSupportPart(ports, { part, since, address }, signal);
      stored.delete(key);
      const [oldest] = stored.keys();
      if (stored.size >= STORED_MAX && oldest !== undefined) stored.delete(oldest);
      stored.set(key, { packed: await pack(maskText(text)), cut, at: clock.monotonic() });
    }
    const found = stored.get(key);
    if (found === undefined) throw new AppError('command', `the rest of ${part} is gone; begin again`);
    const end = Math.min(found.packed.length, offset + SUPPORT_PIECE);
    const isLast = end >= found.packed.length;
    if (isLast) stored.delete(key);
    const data = found.packed.subarray(offset, end).toString('base64');
    const result: ReadSupportResult = { data, next: isLast ? null : end, cut: found.cut };
    return { result, sentence: `${end - offset} bytes of ${part}.` };
  };
}

/** Reads a part of this host, not yet masked. Throws AppError with a sentence for a part that there is not. */
export async function readSupportPart(
  ports: SupportPorts,
  { part, since, address }: SupportQuestion,
  signal: AbortSignal,
): Promise<SupportText> {
  if (part === 'facts-database') return { text: await askDatabase(ports, address), cut: null };
  if (Object.hasOwn(SUPPORT_FACTS, part)) return { text: await readSupportFacts(part), cut: null };
  const units = logUnitsOf(ports.services, part);
  if (units === null) throw new AppError('command', `this agent knows no part ${part}`);
  return await readLog(ports, { units, since }, signal);
}

/** The newest lines; fewer of them if the lines are so long that they cannot be read. */
async function readLog(
  { read }: SupportPorts,
  { units, since }: { readonly units: readonly string[]; readonly since: string | null },
  signal: AbortSignal,
): Promise<SupportText> {
  const from = since === null ? {} : { since: Date.parse(since) / 1000 };
  const question = (lines: number) => read({ units, lines, after: null, bytes: PART_MAX, ...from }, signal);
  let most = LINES_MAX;
  const { lines, isCut } = await question(most).catch((error) => {
    signal.throwIfAborted();
    if (!(error instanceof Error && error.message.includes('too long'))) throw error;
    most = LINES_FEW;
    return question(most);
  });
  const isAll = !isCut && lines.length < most;
  return {
    text: `${lines.map(lineOf).join('\n')}\n`,
    cut: isAll ? null : `only the newest ${formatCount(lines.length, 'line')}`,
  };
}

const lineOf = ({ at, program, priority, text }: JournalLine): string => `${at} <${priority}> ${program}: ${text}`;

/** What Patroni and etcd of this host report of the cluster, each also while the database is away. */
async function askDatabase({ ask }: SupportPorts, address: string | null): Promise<string> {
  const host = address?.includes(':') ? `[${address}]` : address;
  const pages = ['cluster', 'history', 'patroni', 'config'].map((page) => ({
    url: `https://${host}:${PORTS.patroni}/${page}`,
    timeoutMs: ASK_MS,
  }));
  const questions = [...(host === null ? [] : pages), ...probeDcs()];
  const answers = await Promise.all(questions.map((question) => ask(question)));
  return answers.map((answer, index) => `== ${nameOf(questions[index])}\n${textOf(answer)}\n`).join('\n');
}

const nameOf = (question: Command | undefined): string => (question === undefined ? '' : nameOfCommand(question));

function textOf({ code, stdout, failure, timedOut }: ExecResult): string {
  if (code === 0) return stdout.trimEnd();
  return `(no answer: ${failure ?? (timedOut ? 'not in time' : `code ${code}`)})`;
}
