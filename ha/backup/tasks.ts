import {
  type BackupConf,
  claimFolder,
  epochsOf,
  listStore,
  misplacedBecause,
  type StoreList,
  unwritableBecause,
} from './store.ts';
import { notOwnerBecause } from './owner.ts';
import { factsQuery, restoreToScratch } from './scratch.ts';
import { must, pgbackrest, reasonOf, TaskError } from './tool.ts';

const STANZA_MS = 120_000;
const BACKUP_MS = 6 * 3_600_000;
const VERIFY_MS = 6 * 3_600_000;
const EXPIRE_MS = 600_000;
const LABEL = /^\d{8}-\d{6}F(?:_\d{8}-\d{6}[DI])?$/;
const NOTE = /^[A-Za-z0-9._:@/+=-]{1,600}$/;
const NOTES = ['site', 'epoch', 'release', 'migrations', 'key', 'vip', 'regions'];

/** What the region orders; every text is checked here again. */
export interface Order {
  readonly verb: string;
  readonly type?: string;
  readonly label?: string;
  readonly notes?: Readonly<Record<string, string>>;
}

/** What came of an order: a sentence, and the list of the store after it. */
export interface Done {
  readonly sentence: string;
  readonly result: Readonly<Record<string, unknown>>;
}

/** Does what was ordered. Throws a TaskError with a sentence for the operator. */
export async function perform(order: Order, conf: BackupConf): Promise<Done> {
  if (order.verb === 'prepare') return await prepare(conf);
  const doesWrite = order.verb === 'create' || order.verb === 'delete';
  const refusal = await (doesWrite ? unwritableBecause(conf, { isFresh: true }) : misplacedBecause(conf));
  if (refusal !== null) throw new TaskError(refusal);
  switch (order.verb) {
    case 'create':
      return await create(order, conf);
    case 'verify':
      return await verify();
    case 'delete':
      return await remove(order);
    case 'drill':
      return await drill(order);
    default:
      throw new TaskError(`this release knows no task ${JSON.stringify(order.verb).slice(0, 40)}`);
  }
}

/** Makes the stanza; one that is there already, of this database, stays. */
async function prepare(conf: BackupConf): Promise<Done> {
  await claimFolder(conf);
  // First, because it says best what is wrong with a target. It changes nothing where the stanza is there already.
  await must(['stanza-create'], STANZA_MS);
  const why = await notOwnerBecause(epochsOf(conf), { isFresh: true });
  if (why !== null) throw new TaskError(why);
  return { sentence: 'The store is ready.', result: { store: await listStore() } };
}

async function create({ type = 'full', notes = {} }: Order, conf: BackupConf): Promise<Done> {
  if (!['full', 'diff', 'incr'].includes(type)) throw new TaskError(`a backup has no type ${type.slice(0, 20)}`);
  const annotations = NOTES.flatMap((name) => {
    const value = notes[name];
    return value === undefined || !NOTE.test(value) ? [] : [`--annotation=${name}=${value}`];
  });
  const before = await makeRoom(type, conf);
  await must(['backup', `--type=${type}`, `--annotation=by=${conf.name}`, ...annotations], BACKUP_MS);
  const store = await listStore();
  const made = store.backups.findLast(({ label }) => !before.backups.some((one) => one.label === label));
  if (made === undefined) throw new TaskError('pgBackRest reports a backup, but the store does not list it');
  return { sentence: `Backup ${made.label} was made.`, result: { made: made.label, store } };
}

/** Expires the oldest full backups where the next one would not fit into the quota. Refuses it where the last one would have to go. */
async function makeRoom(type: string, { quotaMb = 0 }: BackupConf): Promise<StoreList> {
  for (;;) {
    const list = await listStore();
    const { stored, next, oldestFull, fulls } = roomOf(list, type);
    if (quotaMb === 0 || stored + next <= quotaMb * MB) return list;
    if (oldestFull === null || fulls < 2)
      throw new TaskError(
        `the backups are ${mb(stored)} MB, the next one is about ${mb(next)} MB, and the quota is ${quotaMb} MB; raise it: regent backup schedule --quota MB`,
      );
    await must(['expire', `--set=${oldestFull}`], EXPIRE_MS);
  }
}

/** Sizes in bytes. `next`: as much as the newest backup of its type, else as the newest one. Pure. */
export function roomOf({ backups }: Pick<StoreList, 'backups'>, type: string) {
  const fulls = backups.filter((one) => one.type === 'full');
  const like = fulls.length === 0 ? undefined : backups.findLast((one) => one.type === type);
  return {
    stored: backups.reduce((sum, { storedBytes }) => sum + storedBytes, 0),
    next: (like ?? fulls.at(-1))?.storedBytes ?? 0,
    oldestFull: fulls[0]?.label ?? null,
    fulls: fulls.length,
  };
}

const MB = 1_000_000;
const mb = (bytes: number) => Math.ceil(bytes / MB);

async function verify(): Promise<Done> {
  const ended = await pgbackrest(['verify', '--output=text', '--verbose'], VERIFY_MS);
  if (ended.code !== 0) throw new TaskError(reasonOf(ended, VERIFY_MS));
  const text = ended.stdout.trim();
  if (!/status: ok/.test(text))
    throw new TaskError(`files of the store are damaged: ${text.replaceAll(/\s+/g, ' ').slice(0, 500)}`);
  return {
    sentence: 'Every file of every backup and of the archive has its checksum.',
    result: { report: text.slice(0, 8000) },
  };
}

async function remove({ label = '' }: Order): Promise<Done> {
  if (!LABEL.test(label)) throw new TaskError('a label such as 20261130-221500F is needed');
  const { backups } = await listStore();
  if (!backups.some((one) => one.label === label)) throw new TaskError(`the store has no backup ${label}`);
  await must(['expire', `--set=${label}`], EXPIRE_MS);
  return { sentence: `Backup ${label} was deleted.`, result: { store: await listStore() } };
}

async function drill({ label }: Order): Promise<Done> {
  const store: StoreList = await listStore();
  const backup = label === undefined ? store.backups.at(-1) : store.backups.find((one) => one.label === label);
  if (backup === undefined)
    throw new TaskError(label === undefined ? 'there is no backup yet' : `the store has no backup ${label}`);
  const facts = await restoreToScratch(backup, { facts: factsQuery('(select max(id) from events)') });
  return { sentence: `Backup ${backup.label} was restored and opened.`, result: { facts } };
}
