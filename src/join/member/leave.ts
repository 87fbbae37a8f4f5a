import { AppError, sentenceOf } from '../../core/errors.ts';
import { parseDoneNote } from '../init/note.ts';
import { cleanHost, stopCluster, stopOurs } from '../clean.ts';
import { PATHS } from '../paths.ts';
import { type SetupRun, untilDeadline } from '../run.ts';
import { openEtcd, peerUrl } from './etcd.ts';
import { type JoinNote, parseJoinedNote, parseJoinNote, writeNote } from './note.ts';
import type { LeaveOptions } from './options.ts';
import type { MemberPorts } from './ports.ts';
import { askToUndo, type MemberAnswer } from './region.ts';

type LeaveRun = SetupRun & { readonly ports: MemberPorts; readonly options: LeaveOptions };

/**
 * Takes back an init or a join of this host that has not ended, in this order: the cluster says whether that is possible, our processes stop, etcd
 * and the region forget the node, its daemons stop, its files are removed. After a kill the next run goes on.
 */
export async function runUndo(ports: MemberPorts, options: LeaveOptions): Promise<0 | 1 | 5> {
  const { files } = ports.host;
  const run: LeaveRun = { ports, options, deadline: ports.monotonic() + options.deadlineMs };
  try {
    const refusal = await refuse(ports);
    if (refusal !== null) throw new AppError('refused', refusal);
    const joining = parseJoinNote(await files.read(PATHS.joinNote));
    const isInit = (await files.read(PATHS.initNote)) !== null;
    if (joining === null && !isInit) {
      ports.say('There is nothing to undo on this host.');
      return 0;
    }
    ports.say('[1/4] stop what acts for the cluster');
    const undoNote = joining && (await begin(run, joining));
    await stopOurs(ports);
    ports.say('[2/4] let the cluster forget this node');
    if (undoNote !== null) await beForgotten(run, undoNote);
    ports.say('[3/4] stop the daemons');
    await stopCluster(ports);
    ports.say('[4/4] remove what was made on this host');
    await cleanHost(ports, { isInit });
    await files.remove(joining === null ? PATHS.initNote : PATHS.joinNote);
    await ports.show('This host is clean again: it can run regent join or regent init.\n');
    return 0;
  } catch (error) {
    ports.say(`regent leave: ${sentenceOf(error)}`);
    if (error instanceof AppError && error.code === 'refused') return 1;
    ports.say(
      'Remove the cause, then run the same command again. With --force this host is cleaned even if no region answers.',
    );
    return error instanceof AppError && error.code === 'timeout' ? 5 : 1;
  }
}

async function refuse({ host }: MemberPorts): Promise<string | null> {
  const done = parseDoneNote(await host.files.read(PATHS.initDone));
  const joined = parseJoinedNote(await host.files.read(PATHS.joinDone));
  if (done === null && joined === null) return null;
  const name = done?.name ?? joined?.name ?? '';
  return `this host is the node ${name}: its ${done === null ? 'join' : 'init'} has ended, so there is nothing to undo. To remove it, on a region node: regent node remove ${name}`;
}

/** This comes before any change. A region node that counts as a member has its part of the database, which an undo cannot remove. */
async function begin(run: LeaveRun, note: JoinNote): Promise<JoinNote> {
  if (note.undo !== undefined) return note;
  const answer = await waitForAnswer(run, note, () => askToUndo(run.ports, note, true));
  // Region nodes remove a forgotten node from etcd by themselves. If no region answered, we change nothing there.
  return await goOn(run, note, answer === 'done' ? 'begun' : 'forgotten');
}

/** etcd first: a removed member must not count in its majority. Each part that is done is stored. */
async function beForgotten(run: LeaveRun, note: JoinNote): Promise<void> {
  const { ports } = run;
  let { undo } = note;
  if (undo === 'begun') {
    if (note.isRegion && note.admission !== null) {
      const addresses = note.admission.regions.map(({ address }) => address);
      await attempt(run, note, () => leaveEtcd(ports, note, addresses));
    }
    ({ undo } = await goOn(run, note, 'left_etcd'));
  }
  if (undo === 'left_etcd') {
    await waitForAnswer(run, note, () => askToUndo(ports, note, false));
    await goOn(run, note, 'forgotten');
  }
}

async function goOn({ ports }: LeaveRun, note: JoinNote, undo: NonNullable<JoinNote['undo']>): Promise<JoinNote> {
  const next = { ...note, undo };
  await writeNote(ports, next);
  return next;
}

/** Asks until a region has answered. Null: none did, and this host is cleaned all the same. */
async function waitForAnswer(
  run: LeaveRun,
  note: JoinNote,
  ask: () => Promise<MemberAnswer>,
): Promise<'done' | 'gone' | null> {
  return await attempt(run, note, async () => {
    const { kind, why } = await ask();
    if (kind === 'unreachable') return { missing: why };
    if (kind === 'refused')
      throw new AppError(
        'refused',
        `the cluster does not undo this join: ${why} If this host has become a member, the same regent join completes it`,
      );
    return { value: kind };
  });
}

/** With --force it asks once, and leaves failures to an admin. */
async function attempt<T>(run: LeaveRun, note: JoinNote, poll: Parameters<typeof untilDeadline<T>>[1]) {
  const { ports, options } = run;
  try {
    return await untilDeadline(options.isForced ? { ...run, deadline: 0 } : run, poll);
  } catch (error) {
    if (!options.isForced || (error instanceof AppError && error.code === 'refused')) throw error;
    ports.say(`warning: ${sentenceOf(error)}. An admin has to: regent node delete ${note.name}`);
    return null;
  }
}

async function leaveEtcd(ports: MemberPorts, note: JoinNote, addresses: readonly string[]) {
  try {
    const etcd = openEtcd(ports, addresses);
    const own = (await etcd.members()).find((member) => member.peerUrls.includes(peerUrl(note.address)));
    if (own !== undefined) await etcd.remove(own.id);
    return { value: true } as const;
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'etcd') throw error;
    return { missing: error.message };
  }
}
