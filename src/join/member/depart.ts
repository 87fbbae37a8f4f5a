import { fingerprintOf } from '../../pki/certificate.ts';
import { AppError, isRejected, sentenceOf } from '../../core/errors.ts';
import { TRUST_FILES } from '../../model/cluster/trust-files.ts';
import { cleanHost, stopCluster, stopOurs } from '../clean.ts';
import { parseDoneNote } from '../init/note.ts';
import { PATHS } from '../paths.ts';
import { installText } from '../run.ts';
import { clearConf } from '../configuration.ts';
import { parseJoinedNote } from './note.ts';
import type { LeaveOptions } from './options.ts';
import type { MemberPorts } from './ports.ts';
import { askMembership, regionUrls } from './region.ts';

const ASK_AGAIN_MS = 2_000;

/**
 * Makes a host clean that the cluster has taken out: its processes and daemons stop, and their files and data go. A host that is a node still is
 * refused. What it was lies in a note, so that a run after a kill asks nobody and goes on.
 */
export async function runLeave(ports: MemberPorts, options: LeaveOptions): Promise<0 | 1 | 5> {
  const { files } = ports.host;
  try {
    const leaveNote = await files.read(PATHS.leaveNote);
    const node = await nodeOf(ports);
    if (leaveNote === null && node === null) return await nothingToLeave(ports);
    if (leaveNote === null && node !== null) {
      await checkOut(ports, node, options);
      const question = `Remove everything of ${node} from this host, including its copy of the database?`;
      if (!options.isConfirmed && !(await ports.confirm(question))) {
        ports.say('Nothing was changed.');
        return 1;
      }
      const content = `${JSON.stringify({ name: node })}\n`;
      await installText(ports, { path: PATHS.leaveNote, content, mode: 0o600, owner: 'root', group: 'root' });
    }
    ports.say('[1/3] stop what acts for the cluster');
    await stopOurs(ports);
    ports.say('[2/3] stop the daemons');
    await stopCluster(ports);
    ports.say('[3/3] remove what was made on this host');
    await cleanHost(ports, { isInit: true });
    // The rack that it was may be another host by now.
    await clearConf(ports, 'rack', ['CLUSTER_UUID']);
    for (const path of [PATHS.rackUuid, PATHS.rackKey, PATHS.initDone, PATHS.joinDone]) await files.remove(path);
    // Only now may units start here again.
    await files.remove(PATHS.epochOver);
    await files.remove(PATHS.leaveNote);
    await ports.show('This host is clean. It is no longer a node; regent join makes it a new one.\n');
    return 0;
  } catch (error) {
    ports.say(`regent leave: ${sentenceOf(error)}`);
    if (error instanceof AppError && error.code === 'refused') return 1;
    if (error instanceof AppError && error.code === 'timeout') {
      ports.say('With --force this host is cleaned without proof that the cluster removed it.');
      return 5;
    }
    ports.say('Remove the cause, then run the same command again: it continues from here.');
    return 1;
  }
}

async function nodeOf({ host }: MemberPorts): Promise<string | null> {
  const done = parseDoneNote(await host.files.read(PATHS.initDone));
  return done?.name ?? parseJoinedNote(await host.files.read(PATHS.joinDone))?.name ?? null;
}

async function nothingToLeave(ports: MemberPorts): Promise<0 | 1> {
  const { files } = ports.host;
  const isInterrupted = (await files.read(PATHS.joinNote)) !== null || (await files.read(PATHS.initNote)) !== null;
  ports.say(
    isInterrupted
      ? 'regent leave: an init or a join is unfinished. Undo it: regent leave --undo'
      : 'This host is not a node.',
  );
  return isInterrupted ? 1 : 0;
}

/** Throws `refused` when the cluster counts this host as a node, and `timeout` when no region can say, unless it is forced. */
async function checkOut(ports: MemberPorts, name: string, { isForced, deadlineMs }: LeaveOptions): Promise<void> {
  // `ha/epoch` has checked the signature of the cluster's authority: a node that counts as lost is excluded.
  if ((await ports.host.files.read(PATHS.epochOver)) !== null) return;
  const authority = await ports.host.files.read(TRUST_FILES.authority.path);
  const pin = authority === null ? null : fingerprintOf(authority);
  const end = ports.monotonic() + (isForced ? 0 : deadlineMs);
  for (;;) {
    const answer =
      pin === null || isRejected(pin)
        ? { kind: 'unreachable' as const, why: `${TRUST_FILES.authority.path} is missing or damaged` }
        : await askMembership(ports, await regionUrls(ports), pin);
    if (answer.kind === 'out') return;
    if (answer.kind === 'member')
      throw new AppError(
        'refused',
        `this host is the node ${answer.name ?? name} of its cluster. First, on a region node: regent node remove ${answer.name ?? name}`,
      );
    if (ports.monotonic() + ASK_AGAIN_MS >= end) {
      if (isForced)
        return ports.say(`warning: no region reports whether ${name} was removed from the cluster: ${answer.why}`);
      throw new AppError('timeout', `no region reports whether ${name} was removed from the cluster: ${answer.why}`);
    }
    await ports.sleep(ASK_AGAIN_MS);
  }
}
