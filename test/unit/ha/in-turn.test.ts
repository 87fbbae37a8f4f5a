import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

/** `ha/kea/in-turn`: the side of a pair that serves reads its file after the other one. */

const IN_TURN = join(import.meta.dirname, '../../../ha/kea/in-turn');
const KEY = 'k1_k2';
const tag = (own: string, alike: string) => `${own.padEnd(16, '-')}${alike}`;
const SERVES = {
  state: 'serving',
  partnerHeardMs: 120,
  kea: 'hot-standby',
  partnerKea: 'hot-standby',
  partnerTag: tag('k2', 'new'),
};

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'in-turn-'));
  const folder = join(root, `regent-${KEY}`);
  mkdirSync(folder);
  wants(tag('k1', 'new'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

/** The tag of the new file. */
function wants(serverTag: string): void {
  const file = { Dhcp4: { 'server-tag': serverTag } };
  writeFileSync(join(root, `regent-${KEY}`, `kea-dhcp4-${KEY}.conf`), JSON.stringify(file));
}

/** A socket that answers as a Kea with this tag. */
async function keaThatRuns(serverTag: string): Promise<AsyncDisposable> {
  const answer = JSON.stringify({ result: 0, arguments: { 'server-tag': serverTag } });
  const server = createServer((socket) => socket.once('data', () => socket.end(answer)));
  await new Promise<void>((resolve) => server.listen(join(root, `kea4-${KEY}.sock`), resolve));
  return { [Symbol.asyncDispose]: () => new Promise((resolve) => server.close(() => resolve())) };
}

function say(changes: object): void {
  // Whole or not at all, as the controller does.
  writeFileSync(join(root, 'new'), JSON.stringify({ ...SERVES, ...changes }));
  renameSync(join(root, 'new'), join(root, `${KEY}.json`));
}

/** What it was waited for, and for how long, s. */
async function wait(): Promise<{ why: string; seconds: number }> {
  const env = {
    ...process.env,
    REGENT_PAIRS_RUN: root,
    REGENT_KEA_ETC: root,
    REGENT_KEA_RUN: root,
    REGENT_TURN_S: '4',
  };
  const from = performance.now();
  const { stdout } = await promisify(execFile)(IN_TURN, [KEY], { env, timeout: 20_000 });
  return { why: stdout.trim().replace('reads its file again: ', ''), seconds: (performance.now() - from) / 1000 };
}

describe('a side of a pair reads its file anew', () => {
  it.each<[name: string, changes: object, why: string]>([
    ['at once when it does not serve', { state: 'standby' }, 'it does not serve, or its partner is away'],
    ['at once when its partner is away', { partnerHeardMs: 4000 }, 'it does not serve, or its partner is away'],
    ['at once when its partner was never heard', { partnerHeardMs: null }, 'it does not serve, or its partner is away'],
    ['at once when its partner runs it', {}, 'its partner runs it'],
  ])('%s', async (_, changes, why) => {
    say(changes);
    const waited = await wait();
    expect(waited.why).toBe(why);
    expect(waited.seconds).toBeLessThan(2);
  });

  it('at once when nobody decides for the pair, or nobody does any more', async () => {
    expect((await wait()).why).toBe('it does not serve, or its partner is away');
    say({ partnerTag: tag('k2', 'old') });
    utimesSync(join(root, `${KEY}.json`), new Date(), new Date(Date.now() - 5000));
    expect((await wait()).why).toBe('it does not serve, or its partner is away');
  });

  it('after its partner, when both work together again', async () => {
    say({ partnerTag: tag('k2', 'old') });
    const waited = wait();
    setTimeout(() => say({ partnerKea: null, partnerTag: null }), 300);
    setTimeout(() => say({ partnerKea: 'syncing' }), 600);
    setTimeout(() => say({}), 1200);
    const { why, seconds } = await waited;
    expect(why).toBe('its partner runs it');
    expect(seconds).toBeGreaterThan(1);
    expect(seconds).toBeLessThan(4);
  });

  it('at once when its partner speaks TLS already and this side does not: they do not understand each other', async () => {
    wants(`${tag('k1', 'f'.repeat(16))}t`);
    say({ partnerTag: `${tag('k2', 'f'.repeat(16))}t`, partnerKea: 'waiting', kea: 'partner-down' });
    const waited = await wait();
    expect(waited.why).toBe('its partner runs it');
    expect(waited.seconds).toBeLessThan(2);
  });

  it('after both work together again when this side speaks TLS already', async () => {
    wants(`${tag('k1', 'f'.repeat(16))}t`);
    await using _kea = await keaThatRuns(`${tag('k1', 'e'.repeat(16))}t`);
    const partnerTag = `${tag('k2', 'f'.repeat(16))}t`;
    say({ partnerTag, partnerKea: 'waiting' });
    const waited = wait();
    setTimeout(() => say({ partnerTag }), 1200);
    expect((await waited).seconds).toBeGreaterThan(1);
  });

  it('soon when its partner’s Kea is away', async () => {
    say({ partnerKea: null, partnerTag: null });
    const keep = setInterval(() => say({ partnerKea: null, partnerTag: null }), 500);
    const { why, seconds } = await wait();
    clearInterval(keep);
    expect(why).toBe("its partner's Kea is away");
    expect(seconds).toBeLessThan(3);
  });

  it('after a while in any case', async () => {
    const keep = setInterval(() => say({ partnerTag: tag('k2', 'old') }), 500);
    say({ partnerTag: tag('k2', 'old') });
    const { why, seconds } = await wait();
    clearInterval(keep);
    expect(why).toBe('its partner does not run it after 4 s');
    expect(seconds).toBeLessThan(7);
  });
});
