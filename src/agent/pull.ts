import { Check } from 'typebox/value';
import { backOffMs } from '../core/back-off.ts';
import type { Desired, PullQuery } from '../contract/cluster/agent.ts';
import { CommandsWaiting } from '../contract/base/command.ts';
import { sentenceOf } from '../core/errors.ts';
import { type AcceptanceVerdict, judgeDesired } from './accept.ts';
import type { RegionChannel } from './channel/channel.ts';
import { gatherDesired } from './channel/gather.ts';
import type { Commands } from './commands/commands.ts';
import type { Findings } from './findings.ts';
import type { Ledger } from './ledger/ledger.ts';
import type { RegionLink } from './link.ts';
import type { LoopPorts } from './ports.ts';

/** The parts that a pull needs. `onDesired` is called when a new desired state is in the ledger. */
export interface PullOptions {
  readonly ports: LoopPorts;
  readonly channel: RegionChannel;
  readonly ledger: Ledger;
  readonly findings: Findings;
  readonly link: RegionLink;
  readonly nodeId: string;
  /** Null: this agent runs no commands. */
  readonly commands: Pick<Commands, 'sign' | 'noteSign'> | null;
  readonly onDesired: (desired: Desired) => void;
}

/** Seconds that the region may hold a pull. */
const WAIT_S = 20;
const BACK_OFF = { firstMs: 100, mostMs: 5_000 } as const;
/** Longest round, ms: a pull with its time limit, a pause, and a write of the ledger. */
const SILENCE_MS = 60_000;

/**
 * Pulls until `signal` is aborted. The region answers a pull when it has a newer desired state. A failed pull is
 * repeated.
 */
export async function pullForever(options: PullOptions, signal: AbortSignal): Promise<void> {
  const { ports, link } = options;
  const beat = ports.loop('pull', SILENCE_MS);
  let failures = 0;
  while (!signal.aborted) {
    try {
      await pullOnce(options);
      link.works();
      failures = 0;
    } catch (error) {
      if (signal.aborted) break;
      failures += 1;
      noteFailure(options, error);
      await ports.wait(backOffMs(failures - 1, BACK_OFF, ports.random), signal);
    }
    beat();
  }
  beat.end();
}

class RefusedDesired extends Error {}

/**
 * Pulls the parts that changed and adds them to the held body. If that fails, it pulls the whole body. Null: the wait
 * ended without a change.
 */
async function pullWhole({ channel, ports }: PullOptions, query: PullQuery, held: Desired | null): Promise<unknown> {
  const answer = await channel.pull({ ...query, parts: held !== null });
  const gathered = await gatherDesired(answer, held, channel);
  if (gathered.kind === 'whole') return gathered.value;
  ports.log.warn('partial desired state rejected, requesting the full state', { why: gathered.why });
  return await channel.pull({ ...query, wait: 0 });
}

async function pullOnce(options: PullOptions): Promise<void> {
  const { ledger, findings, nodeId, commands } = options;
  const held = ledger.held();
  const query = {
    generation: held?.generation ?? 0,
    digest: held?.digest ?? '',
    wait: WAIT_S,
    ...(commands ? { commands: commands.sign() } : {}),
  };
  const value = await pullWhole(options, query, held);
  if (value === null) return;
  if (commands && Check(CommandsWaiting, value)) {
    // The region should have waited, because the query names these commands. Another pull at once would be a busy loop.
    if (value.commands === query.commands) throw new RefusedDesired('the region announced known commands again');
    commands.noteSign(value.commands);
    return;
  }
  const verdict: AcceptanceVerdict = judgeDesired(value, nodeId, ledger.held());
  if (verdict.kind === 'refused') {
    findings.raise(`desired_${verdict.code}`, verdict.sentence);
    throw new RefusedDesired(verdict.sentence);
  }
  // The region should have waited, because the query names this state. Another pull at once would be a busy loop.
  if (verdict.kind === 'same') throw new RefusedDesired('the region sent a desired state that this node already has');
  await ledger.accept(verdict.desired);
  for (const finding of findings.all()) if (finding.code.startsWith('desired_')) findings.clear(finding.code);
  findings.clear('ledger_full');
  options.onDesired(verdict.desired);
}

function noteFailure({ link, findings, ports }: PullOptions, error: unknown): void {
  if (error instanceof RefusedDesired) {
    // The region answered, so the link works.
    link.works();
    ports.log.warn('requesting the desired state failed', { error: sentenceOf(error) });
    return;
  }
  const code = error instanceof Error && 'code' in error ? error.code : '';
  if (code === 'no_space' || code === 'io' || code === 'denied') {
    findings.raise('ledger_full', `A desired state could not be stored, so it was not applied: ${sentenceOf(error)}.`);
    return;
  }
  link.fails(error);
}
