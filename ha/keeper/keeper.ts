import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { openNotifier, pause, readIdentity, uptimeMs as clock, messageOf } from '../kit/host.ts';
import { sayProof } from '../kit/proof.ts';
import { pidsNamed, Starvation } from '../kit/starved.ts';
import {
  decideOther,
  decideOwn,
  afterAnswer,
  type ProbeState,
  type FenceLease,
  mayBePrimary,
  type Rejection,
} from './decide.ts';
import { Etcd } from './etcd.ts';
import { awakeOf, endPostgres, findOrphans, isPrimary, isStopped } from './fence.ts';
import { readSettings, signOfFiles } from './host.ts';
import { askPatroni } from './patroni.ts';
import { type Answer, PostgresProbe } from './postgres.ts';
import { arm, disarm, forget, readView, type ClusterView, release } from './records.ts';
import { Rejections } from './reject.ts';
import { Renewals } from './renewals.ts';

/*
 * Prevents two primaries, and long waits for a dead one: see README.md. It needs only this folder of ours. Its unit's watchdog ends it when it hangs.
 * If it ends for any reason while the file ARMED exists, `ended` also stops PostgreSQL.
 */
const ARMED = '/run/regent-keeper/armed';
const BEAT_MS = 100;
const VIEW_MS = 200;
const ASK_MS = 300;
const FILES_MS = 1000;
const ORPHANS_MS = 500;
/**
 * A beat, or an answer of etcd, that is later than this shows that something is too busy for deadlines. On a calm host an answer takes 5 to 20 ms.
 */
const LATE_MS = 600;
const LATE_ANSWER_MS = 450;

interface HeldLease extends FenceLease {
  readonly lease: string;
}

const log = (text: string) => void process.stdout.write(`${text}\n`);
/** Logs a problem once, not in every round. */
const lastLogged = new Map<string, string>();
function logOnce(what: string, text: string): void {
  if (lastLogged.get(what) !== text) log(`${what}: ${text}`);
  lastLogged.set(what, text);
}

let settings!: ReturnType<typeof readSettings>;
let identity!: ReturnType<typeof readIdentity>;
let etcd!: Etcd;
const probe = new PostgresProbe();
const rejections = new Rejections();
const renewals = new Renewals();
const fresh = (): ProbeState => ({ answeredAt: clock(), reactedAt: clock(), silences: 0, isStarved: false });

const state = {
  view: null as ClusterView | null,
  fenceLease: null as HeldLease | null,
  wasPrimary: false,
  allowedAt: clock(),
  lateAt: clock(),
  patroni: fresh(),
  postgres: fresh(),
  rejection: null as Rejection | null,
  orphansAt: null as number | null,
  isEnding: false,
  isStopping: false,
};

/** Certificates are renewed, regions come and go. */
async function followFiles(): Promise<never> {
  for (let sign = signOfFiles(); ; await delay(FILES_MS)) {
    const now = signOfFiles();
    if (now === sign) continue;
    try {
      const before = settings.etcd.join(' ');
      [settings, identity] = [readSettings(), readIdentity()];
      if (settings.etcd.join(' ') === before) etcd.renewIdentity(identity);
      else [etcd] = [new Etcd(settings.etcd, identity), etcd.close()];
      sign = now;
      logOnce('files', 'read again');
    } catch (error) {
      logOnce('files', messageOf(error));
    }
  }
}

async function followEtcd(): Promise<never> {
  let isLate = false;
  for (;;) {
    const at = clock();
    try {
      const view = await readView(etcd, at);
      if (isLate || clock() - at > LATE_ANSWER_MS) state.lateAt = clock();
      isLate = false;
      state.view = view;
      if (etcd.isOwnFirst) sayProof(at);
      if (mayBePrimary(view, settings.name)) state.allowedAt = at;
      if (state.fenceLease && view.fences.has(settings.name)) state.fenceLease = { ...state.fenceLease, seenAt: at };
      logOnce('etcd', 'answers');
    } catch (error) {
      isLate = true;
      logOnce('etcd', messageOf(error));
    }
    await delay(state.rejection ? VIEW_MS / 2 : VIEW_MS);
  }
}

/** Asks one of this host's daemons while its PostgreSQL is primary. */
async function follow(who: 'patroni' | 'postgres', ask: () => Promise<Answer>, find: () => number[]): Promise<never> {
  const starvation = new Starvation(find);
  for (;;) {
    const at = clock();
    if (state.wasPrimary) {
      const answer = await ask();
      if (answer !== 'silent' && state[who].silences > 0) state.lateAt = clock();
      const isStarved = starvation.judge(answer === 'silent', clock());
      if (isStarved && !state[who].isStarved) log(`${who} is silent and waits for a processor: it gets more time`);
      if (state.wasPrimary) state[who] = afterAnswer(state[who], at, answer, isStarved);
    }
    // A silent answer has already taken its time.
    await delay(Math.max(0, at + ASK_MS - clock()));
  }
}

/** Does one thing at a time in etcd. The next beat repeats what fails. */
function oneAtATime(what: string): (work: () => Promise<void>) => Promise<void> {
  let current: Promise<void> | null = null;
  return (work) =>
    (current ??= work()
      .catch((error: unknown) => log(`${what}: ${messageOf(error)}`))
      .finally(() => (current = null)));
}
const ownWork = oneAtATime('own lease');
const otherWork = oneAtATime('release');

async function takeLease(): Promise<void> {
  const view = await readView(etcd, clock());
  const term = view.leader?.name === settings.name ? view.leader.term : null;
  const before = state.fenceLease;
  if (term === null || (before === null && view.armed.get(settings.name)?.term === term)) return;
  if (before === null) {
    const at = clock();
    const lease = await etcd.grant(settings.patience.ttl / 1000);
    writeFileSync(ARMED, `${term}\n`);
    // The fence counts as held before etcd gets the request: the answer may be lost although the key is there.
    state.fenceLease = { lease, term, armedAt: null, renewedAt: at, seenAt: at, isGone: false };
  }
  const lease = state.fenceLease?.lease ?? '';
  const isDone = await arm(etcd, settings.name, lease, view);
  if (state.fenceLease?.lease !== lease) return;
  if (isDone) {
    state.fenceLease = { ...state.fenceLease, term, armedAt: clock() };
    log(`armed in term ${term}`);
  } else if (before === null) {
    state.fenceLease = null;
    rmSync(ARMED, { force: true });
    await etcd.revoke(lease).catch(() => {});
  } else if (before.armedAt === null) {
    state.fenceLease = { ...state.fenceLease, isGone: true };
  }
}

/** Runs beside other work. */
async function renew(lease: string, at: number): Promise<void> {
  const isThere = await renewals.renew(at, () => etcd.renew(lease));
  const { fenceLease } = state;
  if (fenceLease?.lease !== lease || isThere === null) return;
  if (isThere) state.fenceLease = { ...fenceLease, renewedAt: Math.max(fenceLease.renewedAt, at) };
  // A lease that is being returned is missing for a good reason.
  else if (fenceLease.armedAt !== null) state.fenceLease = { ...fenceLease, isGone: true };
}

/** Forced: the cluster is paused or has one member, so nobody fences. */
async function letGo(isForced: boolean): Promise<boolean> {
  const lease = state.fenceLease?.lease;
  // From here on a view without the key is harmless.
  if (state.fenceLease) state.fenceLease = { ...state.fenceLease, armedAt: null };
  if (isForced) await forget(etcd, settings.name);
  else if (lease !== undefined && !(await disarm(etcd, settings.name, lease))) {
    if (state.fenceLease) state.fenceLease = { ...state.fenceLease, isGone: true };
    return false;
  }
  if (isForced && lease !== undefined) await etcd.revoke(lease).catch(() => {});
  state.fenceLease = null;
  rmSync(ARMED, { force: true });
  return true;
}

/** PostgreSQL is down, or is a standby by now. */
async function yieldLease(now: number): Promise<void> {
  if (findOrphans(settings.data).length > 0) {
    state.orphansAt ??= now;
    if (now - state.orphansAt < ORPHANS_MS || !(await endPostgres(settings.data))) return;
    log('PostgreSQL had died and left processes behind: ended');
  }
  state.orphansAt = null;
  // A Patroni that answers gives its role away by itself. Otherwise the survivors must act.
  if (state.patroni.silences === 0 && (await letGo(false))) return log('released its lease: no primary here any more');
  const lease = state.fenceLease?.lease;
  state.fenceLease = null;
  rmSync(ARMED, { force: true });
  if (lease !== undefined) await etcd.revoke(lease);
  log('PostgreSQL is down and Patroni is silent: other nodes may take over');
}

/** Ends PostgreSQL at once. When it is certainly dead, the others need not wait until the lease runs out. */
async function fence(why: string): Promise<void> {
  const lease = state.fenceLease?.lease;
  [state.fenceLease, state.isEnding] = [null, true];
  const from = performance.now();
  const ended = endPostgres(settings.data);
  log(`ending PostgreSQL: ${why}`);
  const isDead = await ended;
  log(`PostgreSQL is ${isDead ? 'dead' : 'NOT dead'} after ${Math.round(performance.now() - from)} ms`);
  if (isDead) rmSync(ARMED, { force: true });
  [state.wasPrimary, state.isEnding] = [false, false];
  if (isDead && lease !== undefined) await etcd.revoke(lease).catch((error: unknown) => log(messageOf(error)));
}

function actOwn(now: number): void {
  const primary = isPrimary(settings.data);
  if (primary && !state.wasPrimary) [state.allowedAt, state.patroni, state.postgres] = [now, fresh(), fresh()];
  state.wasPrimary = primary;
  const { name, patience } = settings;
  const { fenceLease } = state;
  const step = decideOwn({ ...state, now, name, patience, isPrimary: primary });
  if (step.do === 'fence') void fence(step.why);
  else if (step.do === 'arm') void ownWork(takeLease);
  else if (step.do === 'renew' && fenceLease)
    renew(fenceLease.lease, now).catch((error: unknown) => logOnce('own lease', messageOf(error)));
  else if (step.do === 'yield') void ownWork(() => yieldLease(now));
  else if (step.do === 'disarm' || step.do === 'forget') {
    void ownWork(async () => void ((await letGo(step.do === 'forget')) && log(`released its lease: ${step.why}`)));
  }
}

function actOther(now: number): void {
  const { view, rejection } = state;
  const leader = view?.leader;
  const step = decideOther(now, settings.name, view, rejection);
  if (!leader || step === 'rest') {
    if (leader?.term !== rejection?.term) state.rejection = null;
  } else if (step === 'reject') {
    state.rejection = { term: leader.term, at: now };
    log(`${leader.name} has lost its fence in term ${leader.term}`);
    rejections.add(view.places.get(leader.name) ?? '', now).catch((error: unknown) => log(messageOf(error)));
  } else {
    void otherWork(async () => {
      if (await release(etcd, leader)) log(`ended the term of ${leader.name}: Patroni may elect`);
    });
  }
}

async function beat(): Promise<never> {
  const notify = openNotifier();
  notify('READY=1');
  if (existsSync(ARMED)) await fence('an earlier keeper of this host did not end cleanly');
  for (let last = clock(); ; ) {
    const now = clock();
    if (now - last > LATE_MS) state.lateAt = now;
    last = now;
    if (!state.isEnding && !state.isStopping) {
      actOwn(now);
      actOther(now);
    }
    notify('WATCHDOG=1');
    await pause(BEAT_MS);
  }
}

/** An orderly end: PostgreSQL goes on without a keeper, unless its lease can no longer be returned. */
async function stop(): Promise<void> {
  state.isStopping = true;
  await ownWork(async () => {});
  const isFree = state.fenceLease === null || (await letGo(false).catch(() => false));
  if (!isFree && isPrimary(settings.data)) await fence('the keeper ends and cannot return its lease');
  process.exit(0);
}

// A mere import does nothing. That is how the compiled form gets into the cache.
if (import.meta.main) {
  [settings, identity] = [readSettings(), readIdentity()];
  etcd = new Etcd(settings.etcd, identity);
  process.on('SIGTERM', () => void stop());
  await Promise.race([
    followFiles(),
    followEtcd(),
    follow(
      'patroni',
      () => askPatroni(settings.patroni, identity),
      () => pidsNamed('patroni'),
    ),
    follow(
      'postgres',
      async () => (isStopped(settings.data) ? 'silent' : probe.ask()),
      () => awakeOf(settings.data),
    ),
    beat(),
  ]);
}
