import { setTimeout as delay } from 'node:timers/promises';
import { openNotifier, PKI_FILES, readIdentity, signOf, uptimeMs as clock, messageOf } from '../kit/host.ts';
import { DurableFile, readJson, recordOf } from './disk.ts';
import { readVotes, signOfVotes, type VotesConfig } from './files.ts';
import { afterStall, firstVotes, acceptStatus, type PairVotes, voteFor } from './grant.ts';
import { Listener } from './listen.ts';
import {
  type Heartbeat,
  isSame,
  type OwnerRecord,
  racksOf,
  type Reply,
  type Vote,
  VOTES_PORT,
  type PairStatus,
} from './messages.ts';

/*
 * A region's voice in who serves a pair: README.md. It hears the racks, and keeps on its disk to whom it has granted each pair. It needs nothing of
 * ours but this folder, and no database.
 */
const FILE = '/var/lib/regent-votes/votes.json';
const KEY = /^[a-z0-9-]{1,63}_[a-z0-9-]{1,63}$/u;
const LOOP_MS = 100;
const FILES_MS = 1000;
/** A voter that was late by this time received nothing for a while: no rack counts as silent because of that. */
const STALL_MS = 500;

const log = (text: string) => void process.stdout.write(`${text}\n`);
const notify = openNotifier();

let records = new Map<string, OwnerRecord>();
let isLost = true;
const file = new DurableFile(FILE);
/** Records that are being written to the disk. */
const coming = new Map<string, OwnerRecord>();
/** `record` is what stands on the disk. */
const pairs = new Map<string, PairVotes>();
let config!: VotesConfig;
let listener!: Listener;
let lastAt = clock();

/** What stands on the disk. `isLost`: the file was not there, or not whole, once: pairs that it does not know may have been granted. */
function readRecords(): { records: Map<string, OwnerRecord>; isLost: boolean } {
  try {
    const found = readJson(FILE) as { isLost?: unknown; records?: Record<string, unknown> } | null;
    if (found === null) return { records: new Map(), isLost: true };
    const entries = Object.entries(found.records ?? {}).flatMap(([key, value]): [string, OwnerRecord][] => {
      const record = recordOf(value);
      return record ? [[key, record]] : [];
    });
    const isWhole = entries.length === Object.keys(found.records ?? {}).length;
    return { records: new Map(entries), isLost: found.isLost !== false || !isWhole };
  } catch (error) {
    log(`${FILE} cannot be read and counts as lost: ${messageOf(error)}`);
    return { records: new Map(), isLost: true };
  }
}

/** Writes a record to the disk. Until it is there nobody hears of it. If the owner changes, nobody hears anything. */
function keep(key: string, record: OwnerRecord): void {
  coming.set(key, record);
  const written = new Map(coming);
  const text = JSON.stringify({ isLost, records: Object.fromEntries([...records, ...written]) });
  file.write(`${text}\n`).then(
    () => {
      for (const [name, one] of written) if (coming.get(name) === one) settle(name, one);
    },
    (error: unknown) => {
      log(`${FILE} cannot be written, so nothing is granted: ${messageOf(error)}`);
      for (const [name, one] of written) if (coming.get(name) === one) coming.delete(name);
    },
  );
}

function settle(key: string, record: OwnerRecord): void {
  coming.delete(key);
  const before = records.get(key) ?? null;
  records.set(key, record);
  const votes = pairs.get(key);
  if (votes) pairs.set(key, { ...votes, record });
  if (!isSame(record, before))
    log(`${key}: ${record.owner} is recorded as its owner, epoch ${record.epoch}${record.isAlone ? ', alone' : ''}`);
}

/** Timers run before sockets are read, and either may come first after a stall. */
function wake(now: number): void {
  if (now - lastAt > STALL_MS) {
    log(`was late by ${now - lastAt} ms: nobody counts as silent for that`);
    for (const [key, votes] of pairs) pairs.set(key, afterStall(votes, now));
  }
  lastAt = now;
}

function voteOn(from: string, status: PairStatus, now: number): Vote[] {
  const { key } = status;
  const known = pairs.get(key) ?? { ...firstVotes(key, isLost, now), ...recordIn(key) };
  const updated = acceptStatus(known, from, status, now);
  pairs.set(key, { ...updated, record: known.record });
  const next = updated.record;
  if (next !== null && !isEqual(next, known.record) && !coming.has(key)) keep(key, next);
  const underway = coming.get(key);
  if (underway && !isSame(underway, known.record)) return [];
  return [{ ...voteFor({ ...updated, record: known.record }, from, key, now), dayTime: Date.now() }];
}

function isEqual(a: OwnerRecord, b: OwnerRecord | null): boolean {
  return isSame(a, b) && a.isAlone === b?.isAlone && a.isWhole === b.isWhole && a.isOrdered === b.isOrdered;
}

function recordIn(key: string): { record?: OwnerRecord } {
  const record = records.get(key);
  return record ? { record } : {};
}

function answer(beat: Heartbeat): Reply {
  const now = clock();
  wake(now);
  const own = beat.pairs.filter(({ key }) => KEY.test(key) && racksOf(key).includes(beat.from));
  return { echo: beat.number, votes: own.flatMap((status) => voteOn(beat.from, status, now)) };
}

function open(): Listener {
  const place = { address: config.address, port: VOTES_PORT };
  return new Listener(place, readIdentity(), { names: () => config.racks, answer, log });
}

/** The pipeline writes other racks, or another address; certificates are renewed. */
function follow(signs: { files: string; pki: string }): void {
  const [files, pki] = [signOfVotes(), signOf(PKI_FILES)];
  try {
    if (files !== signs.files) {
      const before = config;
      config = readVotes();
      log(`read again; racks: ${config.racks.length}`);
      if (before.address !== config.address) [listener] = [open(), listener.close()];
    }
    if (pki !== signs.pki) {
      listener.renew(readIdentity());
      log('the certificate is read again');
    }
    [signs.files, signs.pki] = [files, pki];
  } catch (error) {
    log(`continues with the earlier ones: ${messageOf(error)}`);
  }
}

async function vote(): Promise<never> {
  const signs = { files: signOfVotes(), pki: signOf(PKI_FILES) };
  for (let turn = 0; ; turn += 1) {
    wake(clock());
    notify('WATCHDOG=1');
    if (turn % (FILES_MS / LOOP_MS) === 0) follow(signs);
    await delay(LOOP_MS);
  }
}

// Imported it does nothing: that is how its compiled form gets into the cache.
if (import.meta.main) {
  config = readVotes();
  ({ records, isLost } = readRecords());
  log(`${config.name}: knows ${records.size} pairs${isLost ? '; its file was lost once, and others are unknown' : ''}`);
  if (records.size === 0 && isLost) await file.write(`${JSON.stringify({ isLost, records: {} })}\n`);
  lastAt = clock();
  listener = open();
  notify('READY=1');
  process.on('SIGTERM', () => process.exit(0));
  await vote();
}
