import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import type { Agent } from 'node:https';
import { networkInterfaces, uptime } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { hasMajority } from '../kit/etcd.ts';
import { openNotifier, pause, PKI_FILES, readIdentity, signOf, messageOf } from '../kit/host.ts';
import { proofAge } from '../kit/proof.ts';
import { pidsNamed, Starvation } from '../kit/starved.ts';
import { askProxy, etcdAgent } from './asks.ts';
import { Beacon, type BeaconConfig } from './beacon.ts';
import { watchProcesses } from './processes.ts';
import { endConnections, Leave } from './leave.ts';
import { followReach, Reach } from './reach.ts';
import { decide, findHolder, isSuperseded, MAJORITY_MS, type Verdict } from './decide.ts';

/*
 * May this node hold the floating address? The answer goes at once, and twice a second, to a file that keepalived watches (0: yes), with the reason
 * in a second file. It needs only this folder of ours, so it works when every other process of Regent is dead. Its unit's watchdog ends it when it
 * hangs. When it ends for any reason, `unfit` takes the permission back.
 */
const FOLDER = '/run/regent-vip';
const TRACK = `${FOLDER}/track`;
const STATUS = `${FOLDER}/status.json`;
const RELEASED = `${FOLDER}/released`;
/** `ha/epoch` writes it. */
const OVER = '/var/lib/regent/epoch-over.json';
const CONFIG = '/etc/keepalived/regent/health.json';
const KEY = '/etc/regent/secrets/beacon.key';
const TICK_MS = 100;
const ASK_MS = 200;
const OWN_ETCD = { host: '127.0.0.1', port: 2379 };
const ETCD_TIMEOUT_MS = 500;
const WRITE_MS = 500;
const CHECK_MS = 200;
/** haproxy is queried five times a second; a healthy one has named a living region within this time. */
const QUIET_MS = 700;
const CONFIG_MS = 1000;
/** systemd does not start it again (RestartPreventExitStatus): it checks a unit's conditions at the first start only, not at automatic restarts. */
const NO_TASK = 3;
/** The change that drains this node also reloads every haproxy. The address moves after that, so that running calls get their answers. */
const SETTLED_MS = 1500;
/** Ends the program. Then `unfit` ends the keepalived that does not work. */
const END_KEEPALIVED = 75;
const DROP = '/opt/regent/current/ha/vip/drop';
const DROP_MS = 500;
/** Nothing stops keepalived for a good reason. One check may fall on a moment in between, two in a row do not. */
const FROZEN_CHECKS = 2;

interface Config extends BeaconConfig {
  /** The floating address without its prefix. */
  readonly vip: string;
  readonly isMember: boolean;
  /** A file of an earlier release does not have it. */
  readonly isDrained?: boolean;
}

/** All that was seen. Loops that run side by side renew it. */
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
 * Removes the address first. On a busy host systemd may need longer to see that this program has ended and to run `unfit` than the next holder waits.
 */
function endKeepalived(): never {
  try {
    execFileSync(DROP, { timeout: DROP_MS, stdio: 'ignore' });
  } catch (error) {
    process.stdout.write(`systemd removes the address: ${messageOf(error)}\n`);
  }
  process.exit(END_KEEPALIVED);
}

function readConfig(): Config {
  // The product's own file, written by its agent.
  return JSON.parse(readFileSync(CONFIG, 'utf8')) as Config;
}

/** Logs a problem once, not in every round. */
function openLog(): (what: string, text: string) => void {
  const logged = new Map<string, string>();
  return (what, text) => {
    if (logged.get(what) === text) return;
    logged.set(what, text);
    process.stdout.write(`${what}: ${text}\n`);
  };
}

/** Reads the configuration, the key and the certificates again whenever they change. Without its configuration the program has no task. */
async function followFiles(state: State, log: ReturnType<typeof openLog>): Promise<void> {
  let [pkiSign, configSign] = ['', ''];
  for (;;) {
    if (!existsSync(CONFIG)) {
      say({ isFit: false, why: 'this node has no floating address' }, false);
      process.exit(NO_TASK);
    }
    try {
      const sign = signOf(PKI_FILES);
      if (sign !== pkiSign) {
        const identity = readIdentity();
        state.etcd?.destroy();
        state.etcd = etcdAgent(identity);
        pkiSign = sign;
      }
      const newConfigSign = signOf([CONFIG, KEY]);
      if (newConfigSign !== configSign || state.beacon === null) {
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
        configSign = newConfigSign;
      }
      log('files', 'read');
    } catch (error) {
      log('files', messageOf(error));
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
 * If the keeper has just had an answer of etcd, we need not ask. The next question does not wait for the last answer; otherwise an etcd that is slow
 * for a moment would give too few answers.
 */
async function followEtcd(state: State): Promise<void> {
  const confirm = (sentAt: number) => (state.etcdAt = Math.max(sentAt, state.etcdAt ?? 0));
  const ask = async (agent: Agent) => {
    const sentAt = performance.now();
    if (await hasMajority(OWN_ETCD, agent, ETCD_TIMEOUT_MS)) confirm(sentAt);
  };
  let requestedAt = -Infinity;
  for (;;) {
    const age = proofAge();
    const now = performance.now();
    if (age !== null) confirm(now - age);
    else if (state.etcd !== null && now - requestedAt >= ASK_MS) {
      requestedAt = now;
      void ask(state.etcd);
    }
    await delay(TICK_MS);
  }
}

async function judge(state: State, log: ReturnType<typeof openLog>): Promise<void> {
  const notify = openNotifier();
  let [writtenAt, checkedAt, last] = [-Infinity, -Infinity, ''];
  let heldSince: number | null = null;
  const readState = watchProcesses('keepalived');
  const leave = new Leave();
  const starvation = new Starvation(() => pidsNamed('haproxy'));
  let [frozen, isStarved] = [0, false];
  let keepalived: ReturnType<typeof readState> = 'gone';
  for (;;) {
    const now = performance.now();
    const { config, drainedAt, beacon, proxyAt, isRefused, regionAt, etcdAt } = state;
    const isFirst = last === '';
    const isHolder = holds(config.vip);
    // Also at the start: the address may have gone while the program was away.
    if (!isHolder && (heldSince !== null || isFirst)) endConnections(config.vip);
    heldSince = isHolder ? (heldSince ?? now) : null;
    const heldMs = heldSince === null ? null : now - heldSince;
    const peers = beacon?.views ?? [];
    const isCheckDue = now - checkedAt >= CHECK_MS;
    // This comes before the decision, so that a silence of two seconds is already explained. It matters only to the holder.
    if (isCheckDue) isStarved = starvation.judge(isHolder && regionAt !== null && now - regionAt > QUIET_MS, now);
    if (isSuperseded({ now, heldMs, peers })) {
      log('address', 'another node took the address over while this node still has it: stopping keepalived');
      say({ isFit: false, why: 'another node took the address over' }, isHolder);
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
      isOver: existsSync(OVER),
      isReleased: existsSync(RELEASED),
      isStarved,
      proxy: { answeredAt: proxyAt, isRefused },
      regionAt,
      etcdAt,
      peers,
    });
    const verdict: Verdict = leave.holdsOn(isHolder && wanted.isPlanned === true, now)
      ? { isFit: true, why: `running calls are answered before the address moves: ${wanted.why}` }
      : wanted;
    const isNew = `${verdict.isFit} ${isHolder}` !== last;
    if (isNew || isCheckDue) {
      checkedAt = now;
      keepalived = readState(now);
      frozen = keepalived === 'frozen' ? frozen + 1 : 0;
      if (frozen >= FROZEN_CHECKS) {
        log('keepalived', 'keepalived is frozen and does nothing: ending it');
        endKeepalived();
      }
    }
    if (isNew || now - writtenAt >= WRITE_MS) {
      say(verdict, isHolder, keepalived, state.reach);
      if (isNew)
        log('address', `${isHolder ? 'held' : 'not held'}, ${verdict.isFit ? 'fit' : 'unfit'}: ${verdict.why}`);
      [writtenAt, last] = [now, `${verdict.isFit} ${isHolder}`];
    }
    notify(isFirst ? 'READY=1' : 'WATCHDOG=1');
    const isKnown = (at: number | null) => at !== null && now - at <= MAJORITY_MS;
    const canTake = verdict.isFit && keepalived === 'runs' && drainedAt === null;
    const holder = findHolder(now, peers);
    beacon?.send({ hasEtcd: isKnown(etcdAt), seesRegion: isKnown(regionAt), heldMs, canTake, holder }, now);
    await pause(TICK_MS);
  }
}

/** Judges for ever. Without its configuration the program has no task. */
async function main(): Promise<void> {
  process.on('SIGTERM', () => {
    say({ isFit: false, why: 'the health program was stopped' }, false);
    process.exit(0);
  });

  if (!existsSync(CONFIG)) process.exit(NO_TASK);
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
    (error) => log('who else has the address', messageOf(error)),
  );
  await Promise.race([followFiles(state, log), followProxy(state), followEtcd(state), judge(state, log), following]);
}

// A mere import does nothing. That is how the compiled form gets into the cache.
if (import.meta.main) await main();
