import { readdirSync, rmSync } from 'node:fs';
import {
  type Identity,
  openNotifier,
  pause,
  PKI_FILES,
  readIdentity,
  signOf,
  uptimeMs as clock,
  messageOf,
} from '../kit/host.ts';
import { clearRules, RUN } from './act.ts';
import { readJson, writeDurably } from './disk.ts';
import { type PairConfig, PairFiles } from './files.ts';
import { Link, type Peer } from './link.ts';
import { Listener } from './listen.ts';
import { Pair, type SentStatus } from './pair-controller.ts';
import { type Heartbeat, BEAT_MS, LATE_MS, PAIRS_PORT, type Reply, VOTES_PORT } from './messages.ts';

/*
 * Says of every pair of this host whether its Kea may serve: README.md. It needs nothing of ours but this folder. Its unit's watchdog ends it when it
 * hangs; whatever ends it, `ended` ends what may be serving.
 */
const LOOP_MS = 50;
const FILES_MS = 1000;
/** A program that is to end gives its pairs away first, if somebody takes them within this. */
const LEAVE_MS = 3000;
const RUN_FILE = '/var/lib/regent-pairs/run';

type SentBeat = { readonly sentStatuses: ReadonlyMap<string, SentStatus> };

const log = (text: string) => void process.stdout.write(`${text}\n`);
const notify = openNotifier();
const files = new PairFiles();
const pairs = new Map<string, Pair>();
const links = new Map<
  string,
  { readonly link: Link<SentBeat>; readonly keys: Set<string>; readonly region: string | null }
>();
const listeners = new Map<string, Listener>();
let identity!: Identity;
let pki = '';
let run = 0;
const count = { beat: 0, reports: 0 };
let lastAt = clock();
let beatAt = -Infinity;
let textBefore = '';
let leavingAt: number | null = null;

/** `ended` ends what may be serving. */
function fail(why: string): void {
  log(why);
  process.exit(1);
}

/** Grows with each start; the day's time keeps it growing where the file was lost. */
function nextRun(): number {
  let before = 0;
  try {
    before = Number(readJson(RUN_FILE)) || 0;
  } catch (error) {
    log(`${RUN_FILE} cannot be read: ${messageOf(error)}`);
  }
  const next = Math.max(before + 1, Date.now());
  writeDurably(RUN_FILE, `${next}\n`);
  return next;
}

/** Every entry into the program calls this first: what was known before a stall counts no more. */
function wake(): number {
  const now = clock();
  if (now - lastAt > LATE_MS) {
    log(`was late by ${now - lastAt} ms: earlier observations are discarded`);
    for (const pair of pairs.values()) pair.stall(now);
  }
  lastAt = now;
  return now;
}

function answer(beat: Heartbeat): Reply {
  wake();
  const statuses = beat.pairs.flatMap((status) => {
    const pair = pairs.get(status.key);
    if (pair?.config.partner.name !== beat.from) return [];
    pair.receiveBeat(status, beat);
    pair.turn();
    return pair.status();
  });
  return { echo: beat.number, run, said: (count.reports += 1), words: statuses };
}

function receive(
  region: string | null,
  reply: Reply,
  { sentStatuses, sentAt }: SentBeat & { readonly sentAt: number },
): void {
  wake();
  if (reply.staleRun !== undefined) {
    // The file of runs was lost, and the day's time was set back.
    run = Math.max(run, reply.staleRun + 1);
    return writeDurably(RUN_FILE, `${run}\n`);
  }
  const items = region === null ? reply.words : reply.votes;
  for (const { key } of items ?? []) {
    const [pair, sent] = [pairs.get(key), sentStatuses.get(key)];
    if (!pair || !sent) continue;
    const vote = reply.votes?.find((item) => item.key === key);
    const status = reply.words?.find((item) => item.key === key);
    if (region !== null && vote) pair.receiveVote(region, vote, { ...sent, sentAt });
    if (region === null && status)
      pair.receiveReply(status, { run: reply.run ?? 0, said: reply.said ?? 0 }, { ...sent, sentAt });
    pair.turn();
  }
}

function beat(now: number): void {
  const statuses = new Map([...pairs].map(([key, pair]) => [key, pair.status()]));
  const isClaiming = [...statuses.values()].some(({ claim }) => claim !== null);
  // A change is sent at once.
  const text = JSON.stringify([...statuses.values()].map((status) => ({ ...status, namedBy: [], dayTime: 0 })));
  if (text === textBefore && now - beatAt < (isClaiming ? BEAT_MS / 2 : BEAT_MS)) return;
  [textBefore, beatAt] = [text, now];
  for (const { link, keys } of links.values()) {
    const own = [...keys].flatMap((key) => statuses.get(key) ?? []);
    const sent = new Map(own.map(({ key, isWanting, claim }) => [key, { wasWanting: isWanting, claim }]));
    const from = pairs.get([...keys][0] ?? '')?.config.self ?? '';
    link.send({ from, run, number: (count.beat += 1), said: (count.reports += 1), pairs: own }, { sentStatuses: sent });
  }
}

/** Links, listeners and pairs as the files say. */
function arrange(configs: ReadonlyMap<string, PairConfig>): void {
  for (const [key, pair] of pairs) {
    if (configs.has(key)) continue;
    log(`${key}: it is gone`);
    pair.close();
    pairs.delete(key);
    rmSync(`${RUN}/${key}.json`, { force: true });
  }
  for (const [key, config] of configs) {
    const pair = pairs.get(key);
    if (!pair) pairs.set(key, new Pair(config, { clock, log, fail }));
    else if (JSON.stringify(config) !== JSON.stringify(pair.config)) {
      log(`${key}: its file has changed`);
      pair.change(config);
    }
  }
  const wanted = new Map<string, { peer: Peer; region: string | null; keys: Set<string> }>();
  const add = (peer: Peer, region: string | null, key: string) => {
    const name = `${peer.name} ${peer.address} ${peer.port}`;
    const entry = wanted.get(name) ?? { peer, region, keys: new Set<string>() };
    entry.keys.add(key);
    wanted.set(name, entry);
  };
  for (const { key, partner, regions } of configs.values()) {
    add({ ...partner, port: PAIRS_PORT }, null, key);
    for (const region of regions) add({ ...region, port: VOTES_PORT }, region.name, key);
  }
  for (const [name, { link }] of links) if (!wanted.has(name) && links.delete(name)) link.close();
  for (const [name, { peer, region, keys }] of wanted) {
    const link = links.get(name)?.link ?? openLink(peer, region);
    links.set(name, { link, keys, region });
  }
  listen(new Set([...configs.values()].map(({ address }) => address)));
}

function openLink(peer: Peer, region: string | null): Link<SentBeat> {
  const ports = { identity: () => identity, clock, random: Math.random, log };
  return new Link<SentBeat>(peer, { ...ports, receive: (reply, sent) => receive(region, reply, sent) });
}

function listen(addresses: ReadonlySet<string>): void {
  const names = () => [...pairs.values()].map(({ config }) => config.partner.name);
  for (const [address, listener] of listeners)
    if (!addresses.has(address) && listeners.delete(address)) listener.close();
  for (const address of addresses)
    if (!listeners.has(address))
      listeners.set(address, new Listener({ address, port: PAIRS_PORT }, identity, { names, answer, log }));
}

function followFiles(): void {
  try {
    const sign = signOf(PKI_FILES);
    if (sign !== pki) {
      identity = readIdentity();
      for (const listener of listeners.values()) listener.renew(identity);
      pki = sign;
      log('the certificate is read again');
    }
    const configs = files.readChanges(log);
    if (configs) arrange(configs);
  } catch (error) {
    log(`continues with the earlier ones: ${messageOf(error)}`);
  }
}

/** States of pairs that are gone; permissions are `ended`'s. */
function clearStates(): void {
  try {
    for (const name of readdirSync(RUN)) if (name.endsWith('.json')) rmSync(`${RUN}/${name}`, { force: true });
  } catch {
    // No pair has run since the boot.
  }
}

function leave(): void {
  log('ends: hands its pairs over');
  leavingAt = clock();
  for (const pair of pairs.values()) pair.leave();
}

async function decideOn(): Promise<never> {
  for (let filesAt = clock(); ; ) {
    const now = wake();
    notify('WATCHDOG=1');
    if (now - filesAt >= FILES_MS) {
      filesAt = now;
      followFiles();
    }
    for (const pair of pairs.values()) pair.turn();
    beat(now);
    const isFree = [...pairs.values()].every((pair) => pair.isFree);
    if (leavingAt !== null && (now - leavingAt > LEAVE_MS || isFree)) process.exit(0);
    await pause(LOOP_MS);
  }
}

// Imported it does nothing: that is how its compiled form gets into the cache.
if (import.meta.main) {
  [identity, pki, run] = [readIdentity(), signOf(PKI_FILES), nextRun()];
  process.on('SIGTERM', leave);
  clearStates();
  await clearRules();
  lastAt = clock();
  followFiles();
  log(`pairs to decide for: ${pairs.size}`);
  notify('READY=1');
  await decideOn();
}
