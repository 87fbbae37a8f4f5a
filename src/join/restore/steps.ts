import { type Epoch, formatEpoch, parseEpoch } from '../../core/epoch.ts';
import { AppError, isRejected } from '../../core/errors.ts';
import { lostNodes } from '../../model/cluster/cluster.ts';
import { serialFrom } from '../../pki/authority.ts';
import { signInnerTrust } from '../../pki/inner.ts';
import { signEpoch } from '../../pki/statement.ts';
import { COMMON, type InitRun, installLedger, STEPS as INIT_STEPS } from '../init/steps.ts';
import { seedDesired, seedSnapshot } from '../init/seed.ts';
import { CLUSTER_UNITS, PATHS } from '../paths.ts';
import { recoveredOf } from '../recover/ledger.ts';
import { accepted, execute, installText, type SetupStep, untilDeadline } from '../run.ts';
import { writeSecrets } from '../secrets.ts';
import { signOwnTrust } from '../trust.ts';
import { watchUnits } from '../watch.ts';
import { mustHaveClaim, putClaim, removeClaims } from './claim.ts';
import { copyBackup, recoverDatabase } from './database.ts';
import { type RestoreNote, writeRestoreNote } from './note.ts';
import type { RestorePorts } from './ports.ts';

/** The state of one run. The members of init's runs are those that its steps fill. */
export interface RestoreRun extends InitRun {
  readonly ports: RestorePorts;
  note: RestoreNote;
  readonly recoveryKey: string;
  signature: string;
}

const COMMAND_MS = 60_000;

const ofInit = (name: string): SetupStep<RestoreRun> => {
  const step = INIT_STEPS.find((one) => one.name === name);
  if (step === undefined) throw new TypeError(`init has no step ${name}`);
  return step as SetupStep<RestoreRun>;
};

/** The steps in their order. After a kill at any point a run of all of them ends right. */
export const STEPS: readonly SetupStep<RestoreRun>[] = [
  { name: 'begin', title: 'note that a restore has started', run: ({ ports, note }) => writeRestoreNote(ports, note) },
  { name: 'claim', title: 'note in the store that this host restores the site', run: claim },
  { name: 'copy', title: 'copy the backup from the store', run: copy },
  { name: 'recover', title: "replay the archive of the database's log; open authority and passwords", run: recover },
  { name: 'trust', title: "this node's certificate, by the site's authority", run: writeTrust },
  COMMON.configuration as SetupStep<RestoreRun>,
  COMMON.credential as SetupStep<RestoreRun>,
  { name: 'ledger', title: 'the configuration of a cluster of one, under a new epoch', run: writeLedger },
  COMMON.agent as SetupStep<RestoreRun>,
  { name: 'database', title: 'wait for the database', run: waitForDatabase },
  COMMON.schema as SetupStep<RestoreRun>,
  { name: 'rows', title: 'the new epoch, this node, and the nodes that are lost, in the database', run: writeRows },
  COMMON.region as SetupStep<RestoreRun>,
  ofInit('key'),
  ofInit('context'),
  { name: 'ready', title: 'wait until the node serves', run: waitUntilReady },
];

/** The new epoch of a run. */
export function newEpoch({ recovered }: Pick<RestoreNote, 'recovered'>): Epoch {
  return accepted(parseEpoch(recovered?.epoch ?? ''));
}

async function save(run: RestoreRun, note: RestoreNote): Promise<void> {
  run.note = note;
  await writeRestoreNote(run.ports, note);
}

/** The second of two hosts that restore one site ends here, or before its daemons start (`writeLedger`). */
async function claim(run: RestoreRun): Promise<void> {
  const { ports, note } = run;
  if (note.isClaimed === undefined) await save(run, { ...note, isClaimed: await putClaim(ports, note) });
  if (run.note.isClaimed !== true || note.isCopied) return;
  try {
    await mustHaveClaim(ports, note);
  } catch (error) {
    // Nothing was done here yet: this host stays as fresh as it was.
    await removeClaims(ports, [note]);
    await ports.host.files.remove(PATHS.restoreNote);
    throw error;
  }
}

async function copy(run: RestoreRun): Promise<void> {
  if (run.note.isCopied) return;
  await copyBackup(run.ports, run.note);
  await save(run, { ...run.note, isCopied: true });
}

/** The files with secrets come before the note says that they are there. */
async function recover(run: RestoreRun): Promise<void> {
  const { ports, note } = run;
  if (note.recovered !== null) return;
  const read = await recoverDatabase(ports, run.recoveryKey);
  const { escrow, recoveries, clusterId, virtualRouter, domain, lost, lastAt } = read;
  const key = { path: PATHS.authorityKey, content: escrow.authorityKey, mode: 0o600, owner: 'regent', group: 'regent' };
  await installText(ports, key);
  await installText(ports, {
    path: PATHS.authority,
    content: escrow.authority,
    mode: 0o644,
    owner: 'root',
    group: 'root',
  });
  await writeSecrets(ports, escrow.secrets);
  // It begins at the moment that is restored: a recovery that the site had after it began later, and of two that went apart the earlier one counts.
  const at = lastAt === null ? note.epochAt : Date.parse(lastAt) + 1;
  const epoch = formatEpoch([...recoveries.map(({ id, at: then }) => ({ id, at: then })), { id: note.epochId, at }]);
  const vip = note.vip ?? read.vip;
  if (lastAt !== null) ports.say(`  the last event in the restored database is of ${lastAt}`);
  await save(run, {
    ...note,
    clusterId,
    vip,
    virtualRouter,
    domain,
    recovered: { epoch, lost, earlierLost: recoveries.flatMap((one) => one.lost), lastAt },
  });
}

async function authorityOf({ ports }: RestoreRun): Promise<{ readonly certificate: string; readonly key: string }> {
  const [certificate, key] = await Promise.all(
    [PATHS.authority, PATHS.authorityKey].map((path) => ports.host.files.read(path)),
  );
  if (!certificate || !key) throw new AppError('pki', 'the authority of the site is not on this host');
  return { certificate, key };
}

async function writeTrust(run: RestoreRun): Promise<void> {
  const { ports, note } = run;
  const authority = await authorityOf(run);
  const { serial, notBefore, notAfter } = await signOwnTrust(ports, note, authority);
  const inner = await signInnerTrust({ authority, serials: [], serial: serialFrom(ports.hex(16)), now: ports.now() });
  run.rows = { ...run.rows, certificate: { serial, notBefore, notAfter }, inner };
  run.signature = signEpoch(authority.key, newEpoch(note));
}

/** An interrupted run's ledger is good; the region may have published a later one. */
async function writeLedger(run: RestoreRun): Promise<void> {
  const { ports, note, rows } = run;
  const before = JSON.parse((await ports.host.files.read(PATHS.ledger)) ?? 'null') as {
    nodeId?: string;
    generation?: number;
    digest?: string;
  } | null;
  if (before?.nodeId === note.nodeId) {
    run.rows = { ...rows, held: { generation: Number(before.generation), digest: String(before.digest) } };
    return;
  }
  // The copy took long: another host may have superseded this one.
  if (note.isClaimed === true) await mustHaveClaim(ports, note);
  const { recovered } = note;
  const seed = {
    ...note,
    ...(rows.inner ? { inner: rows.inner } : {}),
    // As the region will publish it: another list is a change, for which the agent starts etcd again.
    recovered: recoveredOf(
      newEpoch(note),
      run.signature,
      lostNodes([
        recovered?.earlierLost ?? [],
        recovered?.lost.filter(({ address }) => address !== note.address) ?? [],
      ]),
    ),
  };
  const { body, refusals } = ports.compile(seedSnapshot(seed), note.nodeId);
  if (refusals.length > 0) throw new AppError('init', `the configuration has errors: ${refusals.join(' ')}`);
  await installLedger(run, seedDesired(note.nodeId, body));
  // Patroni begins an empty database where it finds none, and etcd must not remember another cluster.
  await execute(ports, ['sync', '-f', PATHS.postgresData], COMMAND_MS);
}

async function waitForDatabase(run: RestoreRun): Promise<void> {
  const { ports, note } = run;
  const watch = watchUnits(ports, CLUSTER_UNITS);
  const site = await untilDeadline(run, async () => {
    const seen = await ports.restored.readSite(note.nodeId);
    return isRejected(seen) ? { missing: (await watch()) ?? seen.message } : { value: seen };
  });
  if (site.clusterId !== note.clusterId)
    throw new AppError(
      'init',
      `the database is that of the cluster ${site.clusterId ?? '(none)'}, not of ${note.clusterId}`,
    );
}

async function writeRows(run: RestoreRun): Promise<void> {
  const { ports, note, rows, signature, credentialDigest } = run;
  if (rows.held === null || rows.inner === undefined) throw new AppError('init', 'a step before this one did not run');
  const { nodeId, name, address, vip, virtualRouter, sentences } = note;
  accepted(
    await ports.restored.write({
      nodeId,
      name,
      address,
      vip,
      virtualRouter,
      sentences,
      signature,
      credentialDigest,
      epoch: newEpoch(note),
      lost: note.recovered?.lost ?? [],
      certificate: rows.certificate,
      held: rows.held,
      inner: rows.inner,
    }),
  );
}

async function waitUntilReady(run: RestoreRun): Promise<void> {
  await untilDeadline(run, async () => {
    const why = await run.ports.askReady();
    return why === null ? { value: true } : { missing: why };
  });
}
