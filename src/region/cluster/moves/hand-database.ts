import { parseSwitchoverOrder, type SwitchoverOrder } from '../../../contract/cluster/move-order.ts';
import { ended, type Move, MoveEnd, moveOf, type MovePorts, ordered, stopIfUnwanted } from './move-run.ts';
import { heirsOfDatabase, isAwaited, type PatroniState, SYNCHRONOUS } from './patroni.ts';
import type { JobKind } from '../../base/jobs/kind.ts';

const TRIES = 3;
const POLL_MS = 300;
/** An election without a candidate takes as long as Patroni's lease. */
const LEADER_MS = 40_000;
/** The old primary is rewound, or cloned again with little WAL. */
const STREAMS_MS = 90_000;

/**
 * Hands the database from one region node to another. It first reads who leads, so that a step of an earlier run is not
 * repeated; requests the switchover from Patroni on condition of that leader; waits until the new one leads and takes
 * writes (saving is one), the old one streams, and commits wait for it again. Throws `MoveEnd`. Gives a sentence.
 */
export async function handDatabase(move: Move, order: SwitchoverOrder): Promise<string> {
  const { from } = order;
  let isRequested = false;
  for (let attempt = 1; ; attempt += 1) {
    const state = await seen(
      move,
      order,
      { what: 'a leader of the database', withinMs: LEADER_MS },
      ({ leader }) => leader !== null,
    );
    if (state.leader !== from) return await settle(move, order, state.leader ?? '', isRequested);
    if (state.isPaused) throw new MoveEnd('failed', 'Patroni is paused: it moves nothing until somebody resumes it');
    const heirs = heirsOfDatabase(state, [from, ...order.drained]);
    const fit = order.to === null ? heirs : heirs.filter((name) => name === order.to);
    if (fit.length === 0 || attempt > TRIES) {
      const who = order.to === null ? 'no node that is not drained is' : `${order.to} is not`;
      throw new MoveEnd('failed', `${who} a synchronous standby that streams; ${from} keeps the database`);
    }
    stopIfUnwanted(move, `before ${from} handed the database on`);
    // A named candidate makes the others sleep for 2 s (Patroni 4, its HA loop without a leader), and a commit waits
    // for one of them.
    const isOpen = order.to === null && !order.drained.some((name) => isElectable(state, name));
    await move.save(`${from} hands the database to ${isOpen ? fit.join(' or ') : fit[0]}`);
    move.run.mustHold();
    const change = { leader: from, candidate: isOpen ? null : (fit[0] ?? null) };
    const answer = await move.ports.patroni.switchover(order.addresses[from] ?? '', change, move.run.signal);
    isRequested = true;
    if (answer.kind === 'refused' && attempt === TRIES)
      throw new MoveEnd('failed', `Patroni refused to hand the database to ${fit[0]}: ${answer.why}`);
    if (answer.kind === 'doubtful') {
      // Still running, or given up: the next query shows who leads as soon as a node does.
      await move.ports.wait(2000, move.run.signal);
    } else if (answer.kind === 'refused') await move.ports.wait(1500, move.run.signal);
  }
}

async function settle(move: Move, order: SwitchoverOrder, leader: string, isRequested: boolean): Promise<string> {
  const { from } = order;
  if (order.to !== null && leader !== order.to)
    throw new MoveEnd('failed', `${leader} leads the database by now, neither ${from} nor ${order.to}`);
  // What is saved is written by the new primary and, as every commit, by those that it waits for.
  await move.save(`${leader} leads the database and takes writes; ${from} follows it`);
  await seen(move, order, { what: `${from} to follow ${leader}`, withinMs: STREAMS_MS }, (state) =>
    isFollowing(state, from),
  );
  return isRequested
    ? `${leader} leads the database, ${from} follows it`
    : `${leader} led the database already, ${from} follows it`;
}

function isElectable({ members }: PatroniState, name: string): boolean {
  return members.some((member) => member.name === name && isAwaited(member.role));
}

/** Does it stream, and do commits wait for it, or for as many others as they ever wait for? Pure. */
export function isFollowing({ members }: Pick<PatroniState, 'members'>, name: string): boolean {
  const awaited = members.filter(({ role }) => isAwaited(role));
  const own = members.find((member) => member.name === name);
  return own?.state === 'streaming' && (awaited.includes(own) || awaited.length >= SYNCHRONOUS);
}

/** Queries Patroni until its state fulfils the condition. */
async function seen(
  { run, ports }: Move,
  { addresses }: SwitchoverOrder,
  { what, withinMs }: { readonly what: string; readonly withinMs: number },
  isSo: (state: PatroniState) => boolean,
): Promise<PatroniState> {
  const end = ports.clock.monotonic() + withinMs;
  for (;;) {
    run.signal.throwIfAborted();
    const state = await ports.patroni.cluster(Object.values(addresses));
    if (state !== null && isSo(state)) return state;
    if (ports.clock.monotonic() >= end)
      throw new MoveEnd(
        'failed',
        `${what}: not within ${withinMs / 1000} s${state === null ? ', and no Patroni answers' : ''}`,
      );
    await ports.wait(POLL_MS, run.signal);
  }
}

/** `switchover`: the database is handed to another region node. */
export function createSwitchoverJob(ports: MovePorts): JobKind<SwitchoverOrder> {
  return {
    name: 'switchover',
    parse: (payload) => ordered(parseSwitchoverOrder(payload)),
    run: (run) => {
      return ended(() => handDatabase(moveOf(run, ports), run.payload));
    },
  };
}
