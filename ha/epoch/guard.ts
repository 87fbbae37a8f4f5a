import { execFile } from 'node:child_process';
import { closeSync, existsSync, fsyncSync, openSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { get } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { openNotifier, messageOf } from '../kit/host.ts';
import { ends, FIRST, lostOf, membersOf, type Place, readStatement, type Statement } from './statement.ts';
import { PARTS } from './units.ts';

/*
 * Is the epoch of this host's cluster over? A survivor of a lost majority may have made a new cluster (`regent cluster recover`). A region node that was
 * away then finds it out here, before etcd, database, haproxy and the floating address start, and again whenever it hears from others: it stops them all,
 * and they stay down until `regent leave`. This program needs Node's standard library alone.
 */
const MEMBERS = '/etc/etcd/regent/members.yml';
const OWN = '/etc/etcd/regent/epoch.json';
const VIP = '/etc/keepalived/regent/health.json';
const AUTHORITY = '/etc/regent/pki/ca.crt';
/** Units do not start while it is there. */
const OVER = '/var/lib/regent/epoch-over.json';
const DROP = '/opt/regent/current/ha/vip/drop';
const PORT = 5240;

const ANSWER_MS = 1_200;
const ANSWER_MAX = 16_384;
const ROUND_MS = 500;
/**
 * A node that answers is queried this often. A silent one is queried in every round: nodes that were recovered without
 * this one were silent meanwhile.
 */
const KNOWN_MS = 3_000;
/** At its start a host may have no network yet: it waits so long for any answer. */
const START_MS = 4_000;
const STOP_MS = 60_000;
const STOP_AGAIN_MS = 10_000;

type EpochAnswer = Statement | 'none' | 'refused' | 'silent';

/** The answer of another host, or its silence. `none`: its haproxy knows of no epoch; `refused`: it runs, and its haproxy does not. */
export function askEpoch(address: string, port = PORT): Promise<EpochAnswer> {
  return new Promise((resolve) => {
    const outgoing = get(
      { host: address.replace(/^\[(.*)\]$/, '$1'), port, path: '/health/epoch', agent: false },
      (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (part: string) => {
          text += part;
          if (text.length > ANSWER_MAX) outgoing.destroy();
        });
        response.on('error', () => resolve('none'));
        response.on('end', () => resolve((response.statusCode === 200 ? readStatement(text) : null) ?? 'none'));
      },
    );
    outgoing.on('error', (error: NodeJS.ErrnoException) =>
      resolve(error.code === 'ECONNREFUSED' ? 'refused' : 'silent'),
    );
    const timer = setTimeout(() => {
      outgoing.destroy();
      resolve('silent');
    }, ANSWER_MS);
    outgoing.on('close', () => clearTimeout(timer));
  });
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/**
 * Everybody who may know more: region nodes, those that were counted as lost, and the holder of the floating address.
 */
export function placesOf(members: string, epoch: string, health: string): readonly Place[] {
  const vip = /"vip": *"([0-9.]+)"/.exec(health)?.[1];
  const own = /"address": *"([0-9.]+)"/.exec(health)?.[1];
  const all = [
    ...membersOf(members),
    ...lostOf(epoch),
    ...(vip === undefined ? [] : [{ name: 'the floating address', address: vip }]),
  ];
  return all.filter(
    ({ address }, index) => address !== own && all.findIndex((item) => item.address === address) === index,
  );
}

/** Notes that the epoch is over, so that nothing starts any more, also after a power cut. */
function note(statement: Statement, from: Place, own: string): void {
  const text = `${JSON.stringify({ ...statement, own, from: from.name, address: from.address, at: new Date().toISOString() })}\n`;
  const file = openSync(`${OVER}.new`, 'w', 0o644);
  writeFileSync(file, text);
  fsyncSync(file);
  closeSync(file);
  renameSync(`${OVER}.new`, OVER);
  const folder = openSync('/var/lib/regent', 'r');
  fsyncSync(folder);
  closeSync(folder);
}

/** Errors that were logged: they would be the same every ten seconds. */
const loggedErrors = new Set<string>();

function run(command: string, args: readonly string[], timeout: number): Promise<void> {
  return new Promise((resolve) => {
    execFile(command, args, { timeout }, (error) => {
      if (error && !loggedErrors.has(messageOf(error))) process.stdout.write(`${command}: ${messageOf(error)}\n`);
      if (error) loggedErrors.add(messageOf(error));
      resolve();
    });
  });
}

/** The address goes first, then all at once; systemd keeps the order in which they stop. Units that this host does not have are no matter. */
async function stopAll(): Promise<void> {
  if (existsSync('/etc/keepalived/regent/keepalived.conf')) await run(DROP, [], 2_000);
  await run('/usr/bin/systemctl', ['--no-ask-password', 'stop', ...PARTS], STOP_MS);
}

/** Asks until somebody knows of an epoch that ends this one. */
async function watch(onRound: () => void): Promise<readonly [Statement, Place, string]> {
  const due = new Map<string, number>();
  const startedAt = performance.now();
  let isReady = false;
  for (;;) {
    const epoch = read(OWN);
    const own = readStatement(epoch) ?? FIRST;
    const now = performance.now();
    const places = placesOf(read(MEMBERS), epoch, read(VIP)).filter(({ address }) => (due.get(address) ?? 0) <= now);
    const answers = await Promise.all(places.map(async (place) => ({ place, answer: await askEpoch(place.address) })));
    for (const { place, answer } of answers) {
      due.set(place.address, answer === 'silent' || answer === 'refused' ? 0 : now + KNOWN_MS);
      if (typeof answer === 'string' || !ends(answer, own.epoch, read(AUTHORITY))) continue;
      return [answer, place, own.epoch];
    }
    const hasAnswer = answers.length === 0 || answers.some(({ answer }) => answer !== 'silent');
    isReady ||= hasAnswer || performance.now() - startedAt >= START_MS;
    if (isReady) onRound();
    await delay(ROUND_MS);
  }
}

async function main(): Promise<never> {
  const notify = openNotifier();
  if (!existsSync(OVER)) {
    let isFirst = true;
    const [statement, place, own] = await watch(() => {
      notify(isFirst ? 'READY=1' : 'WATCHDOG=1');
      isFirst = false;
    });
    process.stdout.write(
      `${place.name} (${place.address}) has the epoch ${statement.epoch}, which ends ${own} of this host: all services stop here. To clean this host: regent leave\n`,
    );
    note(statement, place, own);
  }
  // Notified before the stop: units that wait for this one find the note then.
  notify('READY=1');
  const beat = setInterval(() => notify('WATCHDOG=1'), ROUND_MS);
  beat.unref();
  for (;;) {
    await stopAll();
    await delay(STOP_AGAIN_MS);
  }
}

// A mere import does nothing. That is how the compiled form gets into the cache.
if (import.meta.main) await main();
