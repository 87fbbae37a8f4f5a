import { ProblemError } from '../../../contract/base/wire/transport.ts';
import type { ClusterStatus } from '../../../contract/cluster/status.ts';
import { AppError } from '../../../core/errors.ts';
import { printerOf } from '../../change.ts';
import type { Call } from '../../command-spec.ts';
import { EXIT, type ExitCode } from '../../exit.ts';
import { toCliError } from '../../failure.ts';
import { printable } from '../../format/escape.ts';
import { printData } from '../../format/output.ts';
import { stamp } from '../../format/when.ts';
import { RegionRefusedError } from '../../region.ts';
import { HOST_PATHS, HOST_TIMEOUT_MS } from '../base/ask.ts';

/** What is known of a site whose API does not answer. `unknown`: no region node answered, so nobody says how the site is. */
interface AwayStatus {
  readonly state: 'degraded' | 'unknown';
  readonly summary: string;
  readonly evidence: readonly string[];
  readonly time: string;
  readonly next: readonly string[];
}

/** Does the error mean that the database or all regions do not answer? A refusal, and a mistake in the call, are no such thing. */
export function isAway(error: unknown): boolean {
  if (error instanceof ProblemError) return error.problem.code === 'unavailable';
  return error instanceof RegionRefusedError || (error instanceof AppError && error.code === 'unreachable');
}

/** The screen in place of a bare error: verdict, evidence, time, next step. Exit code 6 if the site is known to be degraded, 1 if nothing is known. */
export async function showAway(call: Call, error: unknown): Promise<ExitCode> {
  const away = statusOf(error, await readMemory(call), call.io.now());
  const printer = printerOf(call);
  if (printer.format === 'name') call.io.out.write(`${away.state}\n`);
  else if (!(await printData(printer, away))) call.io.out.write(`${awayLines(away).map(printable).join('\n')}\n`);
  return away.state === 'degraded' ? EXIT.degraded : EXIT.error;
}

/** What this host's region remembers; null: this is not root on a region node, or its region does not answer either. */
async function readMemory({ io }: Call): Promise<ClusterStatus | null> {
  const answer = await io.askHost?.(HOST_PATHS['cluster.show'], HOST_TIMEOUT_MS).catch(() => null);
  return answer?.status === 200 ? (JSON.parse(answer.text) as ClusterStatus) : null;
}

function statusOf(error: unknown, memory: ClusterStatus | null, now: number): AwayStatus {
  const time = new Date(now).toISOString();
  const { message } = toCliError(error);
  if (memory !== null) {
    const evidence = [`API: ${message}`, `Memory of this host's region: ${memory.summary}`, dcsText(memory)];
    const next = ['regent cluster status; regent doctor (on this host, as root)'];
    return { state: 'degraded', summary: verdictOf(memory), evidence, time, next };
  }
  if (error instanceof ProblemError) {
    const summary =
      'A region node answers, but its database does not. Nothing can be changed; services go on with what they have.';
    const next = ['On a region node: sudo regent cluster status; sudo regent doctor'];
    return { state: 'degraded', summary, evidence: [`API: ${message}`], time, next };
  }
  const next = [
    'On a region node: sudo regent cluster status. This command also works without the database.',
    'If no region node is up, start most of them. If most are lost for good: regent cluster recover.',
    'If they are up, check the address: --url, --context and REGENT_URL.',
  ];
  return {
    state: 'unknown',
    summary: 'No region node answers, so the site is not known.',
    evidence: [message],
    time,
    next,
  };
}

function verdictOf({ dcs }: ClusterStatus): string {
  if (dcs.hasQuorum === false)
    return 'etcd has no majority, so the database takes no writes. Nothing can be changed; services go on with what they have.';
  return 'The API does not answer. Nothing can be changed; services go on with what they have.';
}

function dcsText({ dcs, database }: ClusterStatus): string {
  const quorum = dcs.hasQuorum === null ? 'no node reports it' : dcs.hasQuorum ? 'has a majority' : 'has no majority';
  return `etcd: ${quorum}, voters ${dcs.voters.join(', ') || 'none'}. Database: ${database.primary === null ? 'no primary' : `primary ${database.primary}`}.`;
}

function awayLines({ state, summary, evidence, time, next }: AwayStatus): string[] {
  const labelled = (label: string, texts: readonly string[]) =>
    texts.map((text, index) => `${(index === 0 ? label : '').padEnd(10)}${text}`);
  return [
    `${state.toUpperCase()}: ${summary}`,
    '',
    ...labelled('Evidence', evidence),
    ...labelled('Time', [stamp(time)]),
    ...labelled('Next', next),
  ];
}
