import { parseJoinToken, type JoinToken } from '../../contract/cluster/token.ts';
import { AppError, isRejected, type Rejected, sentenceOf } from '../../core/errors.ts';
import { TRUST_FILES } from '../../model/cluster/trust-files.ts';
import { fingerprintOf } from '../../pki/certificate.ts';
import { inspectHost, REGION_UNITS } from '../look.ts';
import { PATHS, UNITS } from '../paths.ts';
import { reportFindings, runSteps } from '../run.ts';
import { type JoinedNote, parseJoinedNote, parseJoinNote } from './note.ts';
import type { JoinOptions } from './options.ts';
import type { MemberPorts } from './ports.ts';
import { judgeJoin } from './preflight.ts';
import { askMembership, probeRegion, type RegionProbe, regionUrls } from './region.ts';
import { type JoinRun, RACK_STEPS, REGION_STEPS } from './steps.ts';

const ATTEMPTS = 4;
const RETRY_MS = 2_000;

/** How a run ended: 0 done, 1 refused or failed, 2 no valid token, 5 not there in time. */
export type JoinExit = 0 | 1 | 2 | 5;

/**
 * Makes this host a node of a cluster, or says that it is one. A run may be interrupted at any moment: the next run of the same command goes on, and
 * `runUndo` takes it back.
 */
export async function runJoin(ports: MemberPorts, options: JoinOptions): Promise<JoinExit> {
  try {
    const { files } = ports.host;
    if ((await files.read(PATHS.leaveNote)) !== null) {
      ports.say('regent join: a leave of this host was interrupted. Complete it first: regent leave');
      return 1;
    }
    if ((await files.read(PATHS.epochOver)) !== null) {
      ports.say('regent join: the cluster of this host was recovered without it. Clean it first: regent leave');
      return 1;
    }
    const joined = parseJoinedNote(await files.read(PATHS.joinDone));
    if (joined !== null) {
      if (await isOfAnother(ports, options.token)) {
        ports.say(
          `regent join: this host is the node ${joined.name} of another cluster than the token's. A node of a cluster cannot join another cluster.`,
        );
        return 1;
      }
      if (await isOut(ports, options.token)) {
        for (const line of outTexts(joined.name)) ports.say(line);
        return 1;
      }
      await files.remove(PATHS.joinNote);
      await ports.show(result(joined, true, options));
      return 0;
    }
    const run = await prepare(ports, options);
    if (typeof run === 'number') return run;
    if (!(await goOn(run))) return 1;
    await finish(run, options);
    return 0;
  } catch (error) {
    ports.say(`regent join: ${sentenceOf(error)}`);
    ports.say(
      'Remove the cause, then run the same command again: it continues from here. Or undo the join: regent leave --undo',
    );
    ports.say('More: journalctl -u "regent-*" -u etcd -u patroni -n 50; on a region node: regent doctor');
    return error instanceof AppError && error.code === 'timeout' ? 5 : 1;
  }
}

/** Runs the steps; false: the cluster refused this host, and this run has removed what it began with. */
async function goOn(run: JoinRun): Promise<boolean> {
  const { ports } = run;
  try {
    await runSteps(run, run.note.isRegion ? REGION_STEPS : RACK_STEPS);
    return true;
  } catch (error) {
    const isRefused = error instanceof AppError && error.code === 'refused' && run.note.admission === null;
    // The cluster may have admitted an earlier run that did not receive the answer. Then the token is bound to that run's key.
    if (!isRefused || run.isResumed) throw error;
    await ports.host.files.remove(TRUST_FILES.key.path);
    await ports.host.files.remove(PATHS.joinNote);
    ports.say(`regent join: ${sentenceOf(error)}`);
    ports.say('The cluster refused this host. The host is unchanged.');
    return false;
  }
}

/** Inspects and judges the host before any change. A number: the run ends here. */
async function prepare(ports: MemberPorts, options: JoinOptions): Promise<JoinRun | JoinExit> {
  const note = parseJoinNote(await ports.host.files.read(PATHS.joinNote));
  const isAdmitted = note !== null && note.admission !== null;
  const token = isAdmitted ? tokenOrNull(options.token) : parseJoinToken(options.token);
  if (isRejected(token)) {
    ports.say(`regent join: ${token.message}`);
    return 2;
  }
  const isRegion = isAdmitted ? note.isRegion : (token?.isRegion ?? false);
  const seen = await inspectHost(ports, isRegion ? REGION_UNITS : [UNITS.helper, UNITS.agent]);
  const regions = isAdmitted || token === null ? [] : await probeRegions(ports, token);
  const { findings, plan } = judgeJoin({ ...seen, note, token, regions }, options);
  if (!reportFindings(ports, findings) || plan === null) return 1;
  const isWarned = findings.length > 0 && note === null;
  if (isWarned && !options.isConfirmed && !(await ports.confirm('Continue despite the warnings?'))) {
    ports.say('Nothing was changed.');
    return 1;
  }
  const deadline = ports.monotonic() + options.deadlineMs;
  const nextNote = isAdmitted ? note : { ...plan, admission: null };
  return { ports, deadline, token, isResumed: note !== null, note: nextNote };
}

/** All regions of a token. If none answers, it asks once more, because regions may be failing over or starting. */
async function probeRegions(ports: MemberPorts, { urls, pin }: JoinToken): Promise<readonly RegionProbe[]> {
  for (let left = ATTEMPTS; ; left -= 1) {
    const probes = await Promise.all(urls.map((url) => probeRegion(ports, url, pin)));
    if (left <= 1 || probes.some(({ why, isOtherCluster }) => why === '' || isOtherCluster)) return probes;
    await ports.sleep(RETRY_MS);
  }
}

/** An admitted host may run the command with any token: it needs none any more. */
function tokenOrNull(text: string): JoinToken | null {
  const token: JoinToken | Rejected = parseJoinToken(text);
  return isRejected(token) ? null : token;
}

/** Does the token belong to a cluster whose authority is not this node's? */
async function isOfAnother({ host }: MemberPorts, text: string): Promise<boolean> {
  const [token, authority] = [tokenOrNull(text), await host.files.read(TRUST_FILES.authority.path)];
  return token !== null && authority !== null && fingerprintOf(authority) !== token.pin;
}

/** Does the cluster count this host as a node no more? False when no region answers: then nothing speaks against the note. */
async function isOut(ports: MemberPorts, text: string): Promise<boolean> {
  const authority = await ports.host.files.read(TRUST_FILES.authority.path);
  const pin = authority === null ? null : fingerprintOf(authority);
  if (pin === null || isRejected(pin)) return false;
  const named = (tokenOrNull(text)?.urls ?? []).map((url) => url.replace(/\/$/, ''));
  const bases = [...new Set([...named, ...(await regionUrls(ports))])];
  return (await askMembership(ports, bases, pin)).kind === 'out';
}

function outTexts(name: string): readonly string[] {
  return [
    `regent join: this host was the node ${name}. The cluster has taken it out, or another host has taken its place: its certificate was revoked.`,
    `If it is to be ${name} again: on a region node, regent node replace ${name}, which gives the token for its place. If it is to be another node: regent token create.`,
    'Then, on this host: regent leave, and after it regent join - with that token.',
  ];
}

async function finish({ ports, note }: JoinRun, options: JoinOptions): Promise<void> {
  const joined: JoinedNote = { nodeId: note.admission?.nodeId ?? '', name: note.name };
  const content = `${JSON.stringify(joined)}\n`;
  await ports.host.files.install({ path: PATHS.joinDone, content, mode: 0o644, owner: 'root', group: 'root' });
  await ports.host.files.remove(PATHS.joinNote);
  await ports.show(result(joined, false, options));
}

function result({ nodeId, name }: JoinedNote, already: boolean, options: JoinOptions): string {
  if (options.isJson) return `${JSON.stringify({ nodeId, name, state: 'member', already })}\n`;
  const first = already
    ? `This host is the node ${name} of its cluster already; nothing was changed.`
    : `The node ${name} is a member of the cluster.`;
  return [first, 'Its status, on a region node: regent cluster status; regent doctor', ''].join('\n');
}
