import { describeEpoch, formatEpoch } from '../../core/epoch.ts';
import { AppError, isRejected, sentenceOf } from '../../core/errors.ts';
import { parseRecoveryKey, recoveryFingerprint } from '../../core/recovery-key.ts';
import { refuseSecret } from '../../model/cluster/backup.ts';
import { PORTS } from '../../model/cluster/cluster.ts';
import { startFindings } from '../checks.ts';
import { writeDone } from '../init/init.ts';
import { INIT_DEFAULTS } from '../init/options.ts';
import { judgeInit } from '../init/preflight.ts';
import { inspectHost, REGION_UNITS } from '../look.ts';
import { PATHS } from '../paths.ts';
import { reportFindings, runSteps } from '../run.ts';
import { apiUrl } from '../texts.ts';
import { chooseBackup, judgeRestore, oldAddressesOf, type RestorePlan } from './judge.ts';
import { completeClaim, readClaims, removeClaims, rivalOf } from './claim.ts';
import { freeLock, takeLock } from './lock.ts';
import { parseRestoreNote, type RestoreNote } from './note.ts';
import type { RestoreOptions } from './options.ts';
import type { RestorePorts } from './ports.ts';
import { newEpoch, type RestoreRun, STEPS } from './steps.ts';
import { type OpenStore, readStore, removeStoreFiles, writeStoreFiles } from './store.ts';

/** How a run ended: 0 done, 1 refused or failed, 2 an input is missing, 5 not there in time. */
export type RestoreExit = 0 | 1 | 2 | 5;

const CONNECT_MS = 2000;
const CLOCK_MS = 5000;
/** What only Regent's own daemons of a region node answer at. */
const LIVE_PORTS = [PORTS.agents, PORTS.https, PORTS.etcdPeer];

/**
 * Makes a site of its backup on this fresh host. A run may be interrupted at any moment: the next run goes on with the same node and epoch, without
 * questions.
 */
export async function runRestore(ports: RestorePorts, options: RestoreOptions): Promise<RestoreExit> {
  if (!(await takeLock(ports))) {
    ports.say('regent restore: another restore runs on this host. Wait for its end.');
    return 1;
  }
  try {
    const open = await openStore(ports, options);
    if (typeof open === 'number') return open;
    await writeStoreFiles(ports, open);
    const earlierNote = parseRestoreNote(await ports.host.files.read(PATHS.restoreNote));
    if (earlierNote !== null && options.isCheck) {
      ports.say('This host has an unfinished restore. Complete it: the same command without --check.');
      return 1;
    }
    const note = earlierNote ?? (await prepare(ports, options, open.recoveryKey));
    if (typeof note === 'number') return note;
    let end: number | null = null;
    const run: RestoreRun = {
      ports,
      plan: note,
      // Copying and replaying take as long as the database is large: the time limit begins after them.
      get deadline() {
        const fromNow = ports.monotonic() + options.deadlineMs;
        return run.note.recovered === null ? fromNow : (end ??= fromNow);
      },
      note,
      rows: { certificate: { serial: '', notBefore: 0, notAfter: 0 }, held: null, versions: [] },
      credentialDigest: '',
      apiKey: '',
      recoveryKey: open.recoveryKey,
      signature: '',
      keyLabel: 'regent restore',
    };
    await runSteps(run, STEPS);
    await writeDone(run, true);
    if (run.note.isClaimed === true) await completeClaim(ports, run.note);
    await ports.show(result(run, options));
    await ports.host.files.remove(PATHS.restoreNote);
    return 0;
  } catch (error) {
    ports.say(`regent restore: ${sentenceOf(error)}`);
    ports.say(
      'Remove the cause, then run the same command again: it continues from here. Or clean this host: scripts/uninstall --purge, then scripts/install.',
    );
    ports.say('More: journalctl -u "regent-*" -u etcd -u patroni -n 50');
    return error instanceof AppError && error.code === 'timeout' ? 5 : 1;
  } finally {
    await removeStoreFiles(ports);
    await freeLock(ports);
  }
}

/** Reads what opens the store. A number: the run ends here. */
async function openStore(ports: RestorePorts, options: RestoreOptions): Promise<OpenStore | RestoreExit> {
  const read = async (path: string | null) => {
    if (path === null) return null;
    const found = path === '-' ? await ports.readInput() : await ports.host.files.read(path);
    if (found === null) throw new AppError('init', `there is no file ${path}`);
    return found.replaceAll('\r\n', '\n');
  };
  const secret = await read(options.secretFile);
  const authority = await read(options.authorityFile);
  const store = options.store;
  const own = secret === null ? '' : secret.includes('-----') ? `${secret.trim()}\n` : secret.trim();
  const refusal = refuseSecret(store, own);
  if (refusal !== null) {
    ports.say(refusal.message);
    return 2;
  }
  const text = options.keyFile === null ? await ports.askText('Recovery key: ') : await read(options.keyFile);
  if (text === null) {
    ports.say('regent restore: no terminal to ask for the recovery key. Give it in a file: --key FILE');
    return 2;
  }
  const recoveryKey = parseRecoveryKey(text);
  if (isRejected(recoveryKey)) {
    ports.say(recoveryKey.message);
    return 2;
  }
  return { store, secret: own, authority: authority === null ? null : `${authority.trim()}\n`, recoveryKey };
}

/** Inspects, reports and asks for the site's name. A number: the run ends here and has changed nothing. */
async function prepare(
  ports: RestorePorts,
  options: RestoreOptions,
  recoveryKey: string,
): Promise<RestoreNote | RestoreExit> {
  const seen = await inspectHost(ports, REGION_UNITS);
  const host = judgeInit(
    { ...seen, note: null, hasOwnDatabase: ports.hasOwnDatabase, site: null, isVipAnswering: false },
    {
      name: options.name,
      address: options.address,
      vip: options.vip,
      domain: null,
      virtualRouter: null,
      isRack: false,
      databaseFile: null,
      isJson: options.isJson,
      deadlineMs: options.deadlineMs,
    },
    () => [],
  );
  if (!reportFindings(ports, host.findings) || host.plan === null) return 1;
  const content = await readStore(ports, options);
  const backup = chooseBackup({ content, at: options.at, label: options.label });
  const claims = await readClaims(ports);
  // A site that was restored before from this store is an old site, too.
  const restored = claims.filter(({ isDone }) => isDone).map(({ address }) => address);
  const addresses = [...new Set([...(backup === null ? [] : oldAddressesOf(backup)), ...restored])];
  const findings = startFindings();
  const plan = judgeRestore(
    {
      now: ports.now(),
      isClockSynchronized: await isClockSynchronized(ports),
      content,
      at: options.at,
      label: options.label,
      fingerprint: recoveryFingerprint(recoveryKey),
      migrations: ports.migrations,
      release: ports.version,
      freeMegabytes: seen.freeMegabytes,
      answering: await findAnswering(ports, addresses, host.plan.address),
      rival: rivalOf(
        claims.filter(({ name }) => name !== options.supersede),
        '',
      ),
    },
    findings,
  );
  if (plan !== null)
    for (const line of [`Site ${plan.site}, ${describeEpoch(plan.epoch)}.`, ...plan.sentences]) ports.say(line);
  if (!reportFindings(ports, findings.all) || plan === null) return 1;
  ports.say(
    `This host becomes its first region node, ${host.plan.name} (${host.plan.address}), under a new epoch; nodes of the old epoch stay down if they return.`,
  );
  if (options.isCheck) {
    ports.say('Nothing was changed.');
    return 0;
  }
  const given = options.site ?? (await ports.askText(`To go on, type the name of the site (${plan.site}): `));
  if (given === null) {
    ports.say(`regent restore: no terminal to ask for the site's name. To go on without one: --site ${plan.site}`);
    return 2;
  }
  if (given.trim() !== plan.site) {
    ports.say(`That is not the name of this site, ${plan.site}. Nothing was changed.`);
    return 1;
  }
  await removeClaims(
    ports,
    claims.filter(({ name, isDone }) => !isDone && name === options.supersede),
  );
  return noteOf(ports, options, plan, host.plan);
}

/** By the kernel, where an NTP client notes it. A host that does not answer is not. */
async function isClockSynchronized({ host }: RestorePorts): Promise<boolean> {
  const argv = ['timedatectl', 'show', '--property=NTPSynchronized', '--value'];
  const answer = await host.exec({ argv, timeoutMs: CLOCK_MS });
  return answer.code === 0 && answer.stdout.trim() === 'yes';
}

function noteOf(
  ports: RestorePorts,
  options: RestoreOptions,
  plan: RestorePlan,
  host: { readonly name: string; readonly address: string },
): RestoreNote {
  return {
    nodeId: ports.hex(4),
    name: host.name,
    address: host.address,
    clusterId: plan.site,
    domain: INIT_DEFAULTS.domain,
    vip: options.vip,
    virtualRouter: INIT_DEFAULTS.virtualRouter,
    isRack: false,
    isDatabaseExternal: false,
    label: plan.backup.label,
    at: options.at,
    epochId: ports.hex(4),
    epochAt: ports.now(),
    sentences: plan.sentences,
    isCopied: false,
    recovered: null,
  };
}

async function findAnswering(ports: RestorePorts, addresses: readonly string[], own: string) {
  const places = addresses
    .filter((address) => address !== own)
    .flatMap((address) => LIVE_PORTS.map((port) => ({ address, port })));
  const answers = await Promise.all(
    places.map(async (one) => ({ ...one, why: await ports.connect(one.address, one.port, CONNECT_MS) })),
  );
  return answers
    .filter(({ why }) => why === null)
    .filter((one, index, all) => all.findIndex(({ address }) => address === one.address) === index);
}

function result({ note, apiKey }: RestoreRun, options: RestoreOptions): string {
  const epoch = newEpoch(note);
  const lost = note.recovered?.lost.map(({ name }) => name) ?? [];
  const url = apiUrl(note.vip?.split('/')[0] ?? note.address);
  if (options.isJson)
    return `${JSON.stringify({ url, apiKey, nodeId: note.nodeId, epoch: formatEpoch(epoch), lost, lastAt: note.recovered?.lastAt ?? null, backup: note.label })}\n`;
  return [
    `The site ${note.clusterId} is up on ${note.name}, under ${describeEpoch(epoch)}, from the backup ${note.label}.`,
    '',
    `  API       ${url}`,
    `  API key   ${apiKey}`,
    '',
    `The last event in it is of ${note.recovered?.lastAt ?? 'an unknown time'}. Lost nodes: ${lost.join(', ') || 'none'}.`,
    'The cluster cannot lose a node now. Add other hosts: regent token create --role region; on each: regent join -',
    `Racks come back by themselves at ${url}. If an old region node returns, its services stay down. Run on it: regent leave.`,
    'Check what is there: regent doctor',
    '',
  ].join('\n');
}
