import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import type { Agent } from 'node:https';
import { networkInterfaces, uptime } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { hasMajority } from '../kit/etcd.ts';
import { openNotifier, pause, PKI_FILES, readIdentity, signOf, wordsOf } from '../kit/host.ts';
import { proofAge } from '../kit/proof.ts';
import { pidsNamed, Starvation } from '../kit/starved.ts';
import { askProxy, etcdAgent } from './asks.ts';
import { Beacon, type BeaconConfig } from './beacon.ts';
import { watchProcesses } from './processes.ts';
import { endConnections, Leave } from './leave.ts';
import { followReach, Reach } from './reach.ts';
import { decide, heardHolder, isSuperseded, MAJORITY_MS, type Verdict } from './decide.ts';

/*
 * May this node hold the floating address? Says so at once, and twice a second, in a file that keepalived watches (0: yes), and in words beside it.
 * Needs nothing of ours but this folder: it works with every other process of Regent dead. Its unit's watchdog ends it when it hangs,
 * and whatever ends it, `unfit` takes the leave back.
 */
const FOLDER = '/run/regent-vip';
const TRACK = `${FOLDER}/track`;
const STATUS = `${FOLDER}/status.json`;
const RELEASED = `${FOLDER}/released`;
const CONFIG = '/etc/keepalived/regent/health.json';
const KEY = '/etc/regent/secrets/beacon.key';
const TICK_MS = 100;
const ASK_MS = 200;
const OWN_ETCD = { host: '127.0.0.1', port: 2379 };
const ETCD_TIMEOUT_MS = 500;
const WRITE_MS = 500;
const LOOK_MS = 200;
/** Asked five times a second, a haproxy that is well has told of a region since. */
const QUIET_MS = 700;
const CONFIG_MS = 1000;
/** What drains this node reloads every haproxy: the address goes when that is over, so that calls on their way are answered in time. */
const SETTLED_MS = 1500;
/** Ends the program and, by `unfit`, the keepalived that does not do its part. */
const END_KEEPALIVED = 75;
const DROP = '/opt/regent/current/ha/vip/drop';
const DROP_MS = 500;
/** Nothing stops keepalived for a good reason. One look may fall on a moment in between, two in a row do not. */
const FROZEN_LOOKS = 2;

interface Config extends BeaconConfig {
  /** The floating address without its prefix. */
  readonly vip: string;
  readonly isMember: boolean;
  /** Written by an earlier release, the file does not say it. */
  readonly isDrained?: boolean;
}

/** Everything that was seen, renewed by loops that run beside each other. */
interface State {
  config: Config;
  /** Since when the node is drained; null: it is not. */
  drainedAt: number | null;
  beacon: Beacon | null;
  etcd: Agent | null;
  proxyAt: number | null;
  isRefused: boolean;
  regionAt: number | null;
  etcdAt: number | null;
  readonly reach: Reach;
}

function write(path: string, text: string): void {
  writeFileSync(`${path}.new`, text);
  renameSync(`${path}.new`, path);
}

function say(verdict: Verdict, isHolder: boolean, keepalived = 'unknown', reach?: Reach): void {
  write(TRACK, verdict.isFit ? '0\n' : '1\n');
  const seen = reach?.status(performance.now());
  write(STATUS, `${JSON.stringify({ uptime: uptime(), keepalived, isHolder, ...verdict, ...seen })}\n`);
}

function holds(address: string): boolean {
  return Object.values(networkInterfaces()).some((list) => list?.some((item) => item.address === address));
}

/**
 * Takes the address away first: until systemd has seen this program end and has run `unfit`, a busy host may take longer than the next holder waits.
 */
function endKeepalived(): never {
  try {
    execFileSync(DROP, { timeout: DROP_MS, stdio: 'ignore' });
  } catch (error) {
    process.stdout.write(`the address is left to systemd: ${wordsOf(error)}\n`);
  }
  process.exit(END_KEEPALIVED);
}

function readConfig(): Config {
  // The product's own file, written by its agent.
  return JSON.parse(readFileSync(CONFIG, 'utf8')) as Config;
}

/** A problem once, not at every turn. */
function openLog(): (what: string, text: string) => void {
  const said = new Map<string, string>();
  return (what, text) => {
    if (said.get(what) === text) return;
    said.set(what, text);
    process.stdout.write(`${what}: ${text}\n`);
  };
}

/** Reads the configuration, the key and the certificates again whenever they change. Without its configuration the program has no task. */
async function followFiles(state: State, log: ReturnType<typeof openLog>): Promise<void> {
  let [pkiSign, wordsSign] = ['', ''];
  for (;;) {
    if (!existsSync(CONFIG)) {
      say({ isFit: false, why: 'this node has no floating address' }, false);
      process.exit(0);
    }
    try {
      const sign = signOf(PKI_FILES);
      if (sign !== pkiSign) {
        const identity = readIdentity();
        state.etcd?.destroy();
        state.etcd = etcdAgent(identity);
        pkiSign = sign;
      }
      const words = signOf([CONFIG, KEY]);
      if (words !== wordsSign || state.beacon === null) {
        state.config = readConfig();
        state.drainedAt = state.config.isDrained ? (state.drainedAt ?? performance.now()) : null;
        state.beacon?.close();
        state.beacon = null;
        if (state.config.peers.length > 0) {
          state.beacon = new Beacon(state.config, readFileSync(KEY), (error) => {
            log('beacon', error.message);
            state.beacon = null;
          });
        }
        wordsSign = words;
      }
      log('files', 'read');
    } catch (error) {
      log('files', wordsOf(error));
    }
    await delay(CONFIG_MS);
  }
}

async function followProxy(state: State): Promise<void> {
  for (;;) {
    const sentAt = performance.now();
    const answer = await askProxy();
    state.isRefused = answer === 'refused';
    if (answer === 'region' || answer === 'proxy') state.proxyAt = performance.now();
    if (answer === 'region') state.regionAt = sentAt;
    await delay(ASK_MS);
  }
}

/**
 * What the keeper has just heard need not be asked. The next question does not wait for the last answer: an etcd that is slow for a moment would be
 * heard of too seldom.
 */
async function followEtcd(state: State): Promise<void> {
  const hear = (sentAt: number) => (state.etcdAt = Math.max(sentAt, state.etcdAt ?? 0));
  const ask = async (agent: Agent) => {
    const sentAt = performance.now();
    if (await hasMajority(OWN_ETCD, agent, ETCD_TIMEOUT_MS)) hear(sentAt);
  };
  let askedAt = -Infinity;
  for (;;) {
    const age = proofAge();
    const now = performance.now();
    if (age !== null) hear(now - age);
    else if (state.etcd !== null && now - askedAt >= ASK_MS) {
      askedAt = now;
      void ask(state.etcd);
    }
    await delay(TICK_MS);
  }
}

async function judge(state: State, log: ReturnType<typeof openLog>): Promise<void> {
  const notify = openNotifier();
  let [saidAt, lookedAt, last] = [-Infinity, -Infinity, ''];
  let heldSince: number | null = null;
  const look = watchProcesses('keepalived');
  const leave = new Leave();
  const starvation = new Starvation(() => pidsNamed('haproxy'));
  let [frozen, isStarved] = [0, false];
  let keepalived: ReturnType<typeof look> = 'gone';
  for (;;) {
    const now = performance.now();
    const { config, drainedAt, beacon, proxyAt, isRefused, regionAt, etcdAt } = state;
    const isFirst = last === '';
    const isHolder = holds(config.vip);
    // At the start, too: the program may have been away when the address went.
    if (!isHolder && (heldSince !== null || isFirst)) endConnections(config.vip);
    heldSince = isHolder ? (heldSince ?? now) : null;
    const heldMs = heldSince === null ? null : now - heldSince;
    const peers = beacon?.views ?? [];
    const isLookDue = now - lookedAt >= LOOK_MS;
    // Before anything is decided: of a silence of two seconds it is known then how it was spent. It matters to the holder alone.
    if (isLookDue) isStarved = starvation.judge(isHolder && regionAt !== null && now - regionAt > QUIET_MS, now);
    if (isSuperseded({ now, heldMs, peers })) {
      log('address', 'another node has taken it over while this one still has it: keepalived is ended');
      say({ isFit: false, why: 'another node has taken it over' }, isHolder);
      endKeepalived();
    }
    const wanted = decide({
      now,
      name: config.name,
      regions: config.peers.length + 1,
      isMember: config.isMember,
      isDrained: drainedAt !== null && now - drainedAt >= SETTLED_MS,
      isHolder,
      heldMs,
      isReleased: existsSync(RELEASED),
      isStarved,
      proxy: { answeredAt: proxyAt, isRefused },
      regionAt,
      etcdAt,
      peers,
    });
    const verdict: Verdict = leave.holdsOn(isHolder && wanted.isPlanned === true, now)
      ? { isFit: true, why: `the calls that are on their way are answered before it goes: ${wanted.why}` }
      : wanted;
    const isNew = `${verdict.isFit} ${isHolder}` !== last;
    if (isNew || isLookDue) {
      lookedAt = now;
      keepalived = look(now);
      frozen = keepalived === 'frozen' ? frozen + 1 : 0;
      if (frozen >= FROZEN_LOOKS) {
        log('keepalived', 'it is stopped and does nothing: it is ended');
        endKeepalived();
      }
    }
    if (isNew || now - saidAt >= WRITE_MS) {
      say(verdict, isHolder, keepalived, state.reach);
      if (isNew)
        log('address', `${isHolder ? 'held' : 'not held'}, ${verdict.isFit ? 'fit' : 'unfit'}: ${verdict.why}`);
      [saidAt, last] = [now, `${verdict.isFit} ${isHolder}`];
    }
    notify(isFirst ? 'READY=1' : 'WATCHDOG=1');
    const isKnown = (at: number | null) => at !== null && now - at <= MAJORITY_MS;
    const canTake = verdict.isFit && keepalived === 'runs' && drainedAt === null;
    const holder = heardHolder(now, peers);
    beacon?.send({ hasEtcd: isKnown(etcdAt), seesRegion: isKnown(regionAt), heldMs, canTake, holder }, now);
    await pause(TICK_MS);
  }
}

/** Judges until it is ended. Without its configuration the program has no task. */
async function main(): Promise<void> {
  process.on('SIGTERM', () => {
    say({ isFit: false, why: 'the health program was stopped' }, false);
    process.exit(0);
  });

  if (!existsSync(CONFIG)) process.exit(0);
  const log = openLog();
  const config = readConfig();
  const state: State = {
    config,
    drainedAt: config.isDrained ? -Infinity : null,
    beacon: null,
    etcd: null,
    proxyAt: null,
    isRefused: false,
    regionAt: null,
    etcdAt: null,
    reach: new Reach(),
  };
  const following = followReach(
    state.reach,
    () => state.config.vip,
    (error) => log('who else has the address', wordsOf(error)),
  );
  await Promise.race([followFiles(state, log), followProxy(state), followEtcd(state), judge(state, log), following]);
}

// Not when it is compiled ahead.
if (import.meta.main) await main();
