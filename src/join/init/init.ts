import { AppError, sentenceOf } from '../../core/errors.ts';
import { formatRecoveryKey, recoveryFingerprint, siteRecoveryKey } from '../../core/recovery-key.ts';
import { vipAddress } from '../../model/cluster/cluster.ts';
import { isAnswering, inspectHost, REGION_UNITS } from '../look.ts';
import { PATHS } from '../paths.ts';
import type { InitPorts } from '../ports.ts';
import { reportFindings, runSteps } from '../run.ts';
import { apiUrl } from '../texts.ts';
import { type DoneNote, type InitPlan, parseDoneNote, parseInitNote } from './note.ts';
import type { InitOptions } from './options.ts';
import { judgeInit, type Preflight } from './preflight.ts';
import { seedSnapshot } from './seed.ts';
import { type InitRun, STEPS } from './steps.ts';

/** How a run ended: 0 done, 1 refused by preflight or failed, 5 not healthy in time. */
export type InitExit = 0 | 1 | 5;

/**
 * Makes this host the first node of a new cluster, or says that it is one. A run may be interrupted at any moment: the next run goes on, makes
 * nothing twice, and revokes a key that was made but not shown.
 */
export async function runInit(ports: InitPorts, options: InitOptions): Promise<InitExit> {
  try {
    const done = parseDoneNote(ports.uid === 0 ? await ports.host.files.read(PATHS.initDone) : null);
    if (done?.isKeySeen) {
      // A run that was killed just before its end left this file.
      await ports.host.files.remove(PATHS.initNote);
      await ports.show(already(done, options));
      return 0;
    }
    const preflight = await runPreflight(ports, options);
    if (!reportFindings(ports, preflight.findings) || preflight.plan === null) return 1;
    const run = startRun(ports, options, preflight.plan);
    await runSteps(run, STEPS);
    await finish(run, options);
    return 0;
  } catch (error) {
    ports.say(`regent init: ${sentenceOf(error)}`);
    ports.say('Nothing is lost. Remove the cause, then run the same command again: it continues from here.');
    ports.say('Or clean this host and start again: regent leave --undo');
    ports.say('More: journalctl -u "regent-*" -u etcd -u patroni -u haproxy -n 50');
    return error instanceof AppError && error.code === 'timeout' ? 5 : 1;
  }
}

async function runPreflight(ports: InitPorts, options: InitOptions): Promise<Preflight> {
  const note = ports.uid === 0 ? parseInitNote(await ports.host.files.read(PATHS.initNote)) : null;
  const vip = note === null ? vipAddress({ vip: options.vip }) : null;
  return judgeInit(
    {
      ...(await inspectHost(ports, REGION_UNITS)),
      note,
      hasOwnDatabase: ports.hasOwnDatabase,
      site: ports.hasOwnDatabase ? await ports.database.readSite() : null,
      isVipAnswering: vip !== null && (await isAnswering(ports, vip)),
    },
    options,
    (seed) => ports.compile(seedSnapshot(seed), seed.nodeId).refusals,
  );
}

function startRun(ports: InitPorts, options: InitOptions, plan: InitPlan): InitRun {
  return {
    ports,
    plan,
    deadline: ports.monotonic() + options.deadlineMs,
    note: { ...plan, nodeId: '', clusterId: '' },
    rows: { certificate: { serial: '', notBefore: 0, notAfter: 0 }, held: null, versions: [] },
    credentialDigest: '',
    apiKey: '',
  };
}

/** The key is printed between two notes, so a run that dies before the second note has perhaps not shown it. */
async function finish(run: InitRun, options: InitOptions): Promise<void> {
  await writeDone(run, false);
  await run.ports.show(result(run, options, await recoveryKeyOf(run)));
  await writeDone(run, true);
  await run.ports.host.files.remove(PATHS.initNote);
}

/** The note of the end: from then on this host is a node. */
export async function writeDone({ ports, note }: Pick<InitRun, 'ports' | 'note'>, isKeySeen: boolean): Promise<void> {
  const { nodeId, name, address, vip, clusterId } = note;
  const done: DoneNote = { nodeId, name, address, vip, clusterId, isKeySeen };
  const content = `${JSON.stringify(done)}\n`;
  await ports.host.files.install({ path: PATHS.initDone, content, mode: 0o644, owner: 'root', group: 'root' });
}

/** Where people and machines reach the cluster: at the floating address, if there is one. */
function publicUrl(node: { readonly address: string; readonly vip: string | null }): string {
  return apiUrl(vipAddress(node) ?? node.address);
}

function already(done: DoneNote, options: InitOptions): string {
  const url = publicUrl(done);
  if (options.isJson) return `${JSON.stringify({ url, nodeId: done.nodeId, already: true })}\n`;
  return [
    `This host is the node ${done.name} already; nothing was changed.`,
    `API: ${url}. Root's key is in ${PATHS.rootConfig}; a new one: regent api-key create TITLE`,
    'Its status: regent status',
    '',
  ].join('\n');
}

/** Null: the site's database is an operator's own, and so are its backups. */
async function recoveryKeyOf({ ports, note }: InitRun): Promise<string | null> {
  const authorityKey = note.isDatabaseExternal ? null : await ports.host.files.read(PATHS.authorityKey);
  return authorityKey === null ? null : siteRecoveryKey(authorityKey);
}

function result({ note, apiKey }: InitRun, options: InitOptions, recoveryKey: string | null): string {
  const url = publicUrl(note);
  const shown = recoveryKey === null ? null : formatRecoveryKey(recoveryKey);
  if (options.isJson)
    return `${JSON.stringify({ url, apiKey, nodeId: note.nodeId, already: false, ...(shown === null ? {} : { recoveryKey: shown }) })}\n`;
  return [
    `The cluster is up and healthy, with its first node, ${note.name}.`,
    '',
    `  API       ${url}`,
    `  API key   ${apiKey}`,
    '',
    `The key is the admin's and is shown only this once; root's command line has it in ${PATHS.rootConfig}.`,
    ...(recoveryKey === null || shown === null ? [] : aboutRecoveryKey(shown, recoveryFingerprint(recoveryKey))),
    'Next, add a second and a third region node (a single node cannot be lost):',
    '  regent token create --role region',
    '  regent join -                        (on the other host, after scripts/install; it asks for the token)',
    'To see its status: regent cluster status',
    '',
  ].join('\n');
}

function aboutRecoveryKey(shown: string, fingerprint: string): string[] {
  return [
    '',
    `  Recovery  ${shown}`,
    '',
    `The recovery key opens the backups of this site. Store it away from the site, on paper too. Fingerprint: ${fingerprint}`,
    'Then say where backups go: regent backup-target set --help',
    '',
  ];
}
