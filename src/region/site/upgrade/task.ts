import type { ReleaseArchive, UpgradeAnswer, UpgradeNode } from '../../../contract/site/upgrade-order.ts';
import { isRejected } from '../../../core/errors.ts';
import { mainAddress } from '../../../model/cluster/cluster.ts';
import type { AskAgent } from '../../base/commands/ask-agent.ts';
import { awaitSnapshot, type Move, MoveEnd, stopIfUnwanted } from '../../cluster/moves/move-run.ts';

const ASK_S = 8;
const POLL_MS = 2000;

/** A task, and how long it may take. `silentSeconds`: a node that does not answer for so long is given up; it may start again meanwhile. */
export interface NodeTask {
  readonly task: string;
  readonly what: string;
  readonly archive: ReleaseArchive | null;
  readonly seconds: number;
  readonly silentSeconds: number;
  /** Nothing has changed on the node: an operator may end the job meanwhile. */
  readonly isHarmless: boolean;
}

/**
 * Orders a task on all these nodes until it has ended on each, and gives what each answered. Whoever takes the job over orders the same task, which a node
 * does once. Throws `MoveEnd` with each node's reason.
 */
export async function performOn(
  move: Move,
  askAgent: AskAgent,
  nodes: readonly UpgradeNode[],
  task: NodeTask,
): Promise<ReadonlyMap<string, UpgradeAnswer>> {
  const { clock } = move.ports;
  const start = clock.monotonic();
  const archive = await archiveFor(move, task);
  const answers = new Map<string, UpgradeAnswer>();
  const answeredAt = new Map(nodes.map(({ name }) => [name, start]));
  for (let last = ''; ; ) {
    move.run.signal.throwIfAborted();
    move.run.mustHold();
    const open = nodes.filter(({ name }) => !isEnded(answers.get(name)));
    const args = { task: task.task, ...(archive === null ? {} : { archive }) };
    const replies = await Promise.all(
      open.map(async (node) => {
        const reply = await askAgent({ node, kind: 'upgrade', args, seconds: ASK_S, caller: `job ${move.run.id}` });
        return { node, reply };
      }),
    );
    for (const { node, reply } of replies) {
      if (!isRejected(reply) && reply.kind === 'done') {
        answers.set(node.name, reply.result);
        answeredAt.set(node.name, clock.monotonic());
      } else if (clock.monotonic() - (answeredAt.get(node.name) ?? 0) > task.silentSeconds * 1000) {
        const why = isRejected(reply) ? reply.message : reply.kind === 'none' ? reply.why : '';
        answers.set(node.name, {
          state: 'failed',
          sentence: `no answer for ${task.silentSeconds} s: ${why}`,
          version: '',
          changes: [],
        });
      }
    }
    const left = nodes.filter(({ name }) => !isEnded(answers.get(name)));
    if (left.length === 0) return withoutFailure(answers);
    if (task.isHarmless) stopIfUnwanted(move, `while ${task.what}`);
    if (clock.monotonic() - start > task.seconds * 1000)
      throw new MoveEnd(
        'failed',
        `${task.what}: not within ${task.seconds} s on ${left.map(({ name }) => name).join(', ')}`,
      );
    const sentence = left
      .map(({ name }) => `${name} ${answers.get(name)?.sentence ?? 'has not answered yet'}`)
      .join('; ');
    if (sentence !== last) await move.save(`${task.what}: ${sentence}`.slice(0, 500));
    last = sentence;
    await move.ports.wait(POLL_MS, move.run.signal);
  }
}

async function archiveFor(move: Move, { archive }: NodeTask) {
  if (archive === null) return null;
  const { site, nodes } = await awaitSnapshot(move);
  const regions = new Set(site.nodes.flatMap((node) => (node.isRegion && node.isFresh ? [node.id] : [])));
  return {
    ...archive,
    sources: nodes.flatMap((node) => (regions.has(node.id) ? [mainAddress(node)] : [])).slice(0, 64),
  };
}

const isEnded = (answer: UpgradeAnswer | undefined): boolean => answer?.state === 'done' || answer?.state === 'failed';

function withoutFailure(answers: ReadonlyMap<string, UpgradeAnswer>): ReadonlyMap<string, UpgradeAnswer> {
  const failed = [...answers].filter(([, { state }]) => state === 'failed');
  if (failed.length === 0) return answers;
  throw new MoveEnd(
    'failed',
    failed
      .map(([name, { sentence }]) => `${name}: ${sentence}`)
      .join('; ')
      .slice(0, 1200),
  );
}
