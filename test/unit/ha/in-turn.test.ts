import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
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
  const file = { Dhcp4: { 'server-tag': tag('k1', 'new') } };
  writeFileSync(join(folder, `kea-dhcp4-${KEY}.conf`), JSON.stringify(file));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function say(changes: object): void {
  // Whole or not at all, as the controller does.
  writeFileSync(join(root, 'new'), JSON.stringify({ ...SERVES, ...changes }));
  renameSync(join(root, 'new'), join(root, `${KEY}.json`));
}

/** What it was waited for, and for how long, s. */
async function wait(): Promise<{ why: string; seconds: number }> {
  const env = { ...process.env, REGENT_PAIRS_RUN: root, REGENT_KEA_ETC: root, REGENT_TURN_S: '4' };
  const from = performance.now();
  const { stdout } = await promisify(execFile)(IN_TURN, [KEY], { env, timeout: 20_000 });
  return { why: stdout.trim().replace('reads its file anew: ', ''), seconds: (performance.now() - from) / 1000 };
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
