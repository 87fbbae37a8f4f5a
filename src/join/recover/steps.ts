import { type Epoch, parseEpoch } from '../../core/epoch.ts';
import { AppError, isRejected } from '../../core/errors.ts';
import { lostNodes } from '../../model/cluster/cluster.ts';
import { signEpoch } from '../../pki/statement.ts';
import { CLUSTER_UNITS, PATHS, UNITS } from '../paths.ts';
import { seedSnapshot } from '../init/seed.ts';
import {
  accepted,
  enableUnits,
  execute,
  installText,
  type SetupRun,
  type SetupStep,
  startAtLast,
  startOrRestart,
  startUnit,
  untilDeadline,
} from '../run.ts';
import { watchUnits } from '../watch.ts';
import { recoveredDesired, recoveredOf, seedOf } from './ledger.ts';
import { readHeld } from './look.ts';
import { type RecoverNote, writeRecoverNote } from './note.ts';
import type { RecoverPorts } from './ports.ts';

/** The state of one run. */
export type RecoverRun = SetupRun & { readonly ports: RecoverPorts; note: RecoverNote };

const UNIT_MS = 120_000;
const COMMAND_MS = 60_000;
/** What would read or write the cluster's old state while it is put away. */
const STOPPED = [
  UNITS.agent,
  UNITS.region,
  CLUSTER_UNITS.vip,
  'regent-keeper.service',
  CLUSTER_UNITS.db,
  'regent-etcd-way.service',
  CLUSTER_UNITS.dcs,
];

/** The steps in their order. After a kill at any point a run of all of them ends right. */
export const STEPS: readonly SetupStep<RecoverRun>[] = [
  { name: 'begin', title: 'note that a recovery has started', run: begin },
  { name: 'stop', title: 'stop agent, region, floating address, database and etcd of this host', run: stop },
  { name: 'ledger', title: 'the configuration of a cluster of one', run: writeLedger },
  { name: 'clear', title: "put the old cluster's memory away: who led, who followed, who was a member", run: clear },
  { name: 'agent', title: 'start the agent: etcd as a new one, the database as primary, haproxy …', run: startAgent },
  { name: 'database', title: 'wait for the database', run: waitForDatabase },
  { name: 'schema', title: "bring the database's schema to this version", run: migrate },
  { name: 'rows', title: 'the new epoch, and the nodes that are lost, in the database', run: writeRows },
  { name: 'region', title: 'start the region', run: startRegion },
  { name: 'ready', title: 'wait until the node serves', run: waitUntilReady },
];

/** The new epoch of a run. */
export function newEpoch(note: Pick<RecoverNote, 'epoch'>): Epoch {
  return accepted(parseEpoch(note.epoch));
}

async function begin({ ports, note }: RecoverRun): Promise<void> {
  await writeRecoverNote(ports, note);
}

/** The region does not start with the host either, until the database knows of the new epoch: it would publish the old cluster. */
async function stop({ ports, note }: RecoverRun): Promise<void> {
  if (note.isCleared) return;
  await execute(ports, ['systemctl', '--no-ask-password', '--quiet', 'disable', UNITS.region], UNIT_MS);
  await execute(ports, ['sync', '-f', '/etc/systemd/system'], UNIT_MS);
  for (const unit of STOPPED) {
    const { load, active } = await ports.host.units.state(unit);
    if (load === 'loaded' && active !== 'inactive') await ports.host.units.act(unit, 'stop', UNIT_MS);
  }
}

/** This comes before etcd's data go: after a power cut an agent with the old ledger would join the lost members with an empty memory. */
async function writeLedger({ ports, note }: RecoverRun): Promise<void> {
  if (note.isCleared) return;
  const held = readHeld(await ports.host.files.read(PATHS.ledger));
  if (held === null) throw new AppError('init', `${PATHS.ledger} is missing or damaged`);
  const epoch = newEpoch(note);
  const signature = await sign(ports, epoch);
  // A signature of this kind is another one each time; that of an earlier run is as good.
  if (held.dcs.recovered?.epoch === note.epoch) return;
  // As the region will publish it: another list is a change, for which the agent starts etcd again under a primary that has just started.
  const lost = lostNodes([held.dcs.recovered?.lost ?? [], note.lost]);
  const { inner } = held.dcs;
  const serials = held.db?.inner?.serials ?? [];
  const seed = {
    ...seedOf(note, recoveredOf(epoch, signature, lost)),
    ...(inner ? { inner: { ...inner, serials } } : {}),
  };
  const { body, refusals } = ports.compile(seedSnapshot(seed), note.nodeId);
  if (refusals.length > 0) throw new AppError('init', `the configuration has errors: ${refusals.join(' ')}`);
  const content = JSON.stringify(recoveredDesired(held.desired, note, body));
  const owner = 'regent-agent';
  await installText(ports, { path: PATHS.ledger, content, mode: 0o600, owner, group: owner });
}

async function sign({ host }: RecoverPorts, epoch: Epoch): Promise<string> {
  const key = await host.files.read(PATHS.authorityKey);
  if (key === null) throw new AppError('pki', `${PATHS.authorityKey} is missing`);
  return signEpoch(key, epoch);
}

/**
 * Patroni keeps a copy of the common configuration beside the data, which would make the first commits wait for standbys. PostgreSQL must not run: Patroni
 * would refuse a standby whose cluster it does not know.
 */
async function clear(run: RecoverRun): Promise<void> {
  const { ports, note } = run;
  if (note.isCleared) return;
  const { active } = await ports.host.units.state(CLUSTER_UNITS.dcs);
  if (active !== 'inactive' && active !== 'failed') throw new AppError('init', 'etcd has started again meanwhile');
  const postmaster = `${PATHS.postgresData}/postmaster.pid`;
  if ((await ports.host.files.read(postmaster).catch(() => null)) !== null && (await isRunning(ports)))
    throw new AppError('init', 'PostgreSQL of this host still runs, although Patroni has stopped');
  const old = [`${PATHS.etcdData}/member`, `${PATHS.postgresData}/patroni.dynamic.json`];
  await execute(ports, ['rm', '-rf', '--one-file-system', ...old], COMMAND_MS);
  run.note = { ...note, isCleared: true };
  await writeRecoverNote(ports, run.note);
}

async function isRunning({ host }: RecoverPorts): Promise<boolean> {
  const argv = ['/usr/lib/postgresql/17/bin/pg_ctl', 'status', '-D', PATHS.postgresData];
  return (await host.exec({ argv, user: 'postgres', timeoutMs: COMMAND_MS })).code === 0;
}

async function startAgent(run: RecoverRun): Promise<void> {
  await enableUnits(run.ports, [UNITS.helper, UNITS.agent]);
  await startUnit(run, UNITS.helper);
  await startOrRestart(run, UNITS.agent);
}

async function waitForDatabase(run: RecoverRun): Promise<void> {
  const { ports, note } = run;
  const { db, vip: _vip, ...others } = CLUSTER_UNITS;
  const watch = watchUnits(ports, note.isDatabaseExternal ? others : { ...others, db });
  const site = await untilDeadline(run, async () => {
    const seen = await ports.database.readSite(note.nodeId);
    return isRejected(seen) ? { missing: (await watch()) ?? seen.message } : { value: seen };
  });
  if (site.clusterId !== note.clusterId)
    throw new AppError(
      'init',
      `the database is that of the cluster ${site.clusterId ?? '(none)'}, not of ${note.clusterId}`,
    );
  if (site.node === null || !site.node.isRegion)
    throw new AppError(
      'init',
      `the database does not know this host as a region node: ${note.name} was taken out of the cluster`,
    );
}

async function migrate({ ports }: RecoverRun): Promise<void> {
  for (const label of accepted(await ports.database.migrate())) ports.say(`  applied migration ${label}`);
}

async function writeRows({ ports, note }: RecoverRun): Promise<void> {
  const held = readHeld(await ports.host.files.read(PATHS.ledger));
  const epoch = newEpoch(note);
  const known = held?.dcs.recovered;
  // The signature that the daemons already publish.
  const signature = known?.epoch === note.epoch ? known.signature : await sign(ports, epoch);
  const { nodeId, lost } = note;
  accepted(await ports.database.write({ nodeId, epoch, signature, lost, sentences: note.told }));
}

async function startRegion(run: RecoverRun): Promise<void> {
  await enableUnits(run.ports, [UNITS.region]);
  await startAtLast(run, UNITS.region);
}

async function waitUntilReady(run: RecoverRun): Promise<void> {
  await untilDeadline(run, async () => {
    const why = await run.ports.askReady();
    return why === null ? { value: true } : { missing: why };
  });
}
