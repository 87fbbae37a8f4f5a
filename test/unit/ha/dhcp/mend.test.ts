import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SAME_DAY } from '../../../../ha/dhcp/inputs.ts';
import { endedTooEarly, LeaseMender } from '../../../../ha/dhcp/mend.ts';
import { until } from '../../../kit/until.ts';

const HOUR = 3600;
const lease = (last: number, cltt: number, changes: object = {}) => ({
  'ip-address': `10.10.10.${last}`,
  'hw-address': `52:54:00:00:00:${last}`,
  'subnet-id': 1,
  cltt,
  'valid-lft': 600,
  state: 0,
  ...changes,
});

describe('leases that have ended too early', () => {
  const now = 1_800_000_000;
  it.each([
    ['was just given by a clock an hour behind', lease(1, now - HOUR), true],
    ['... some seconds before it was seen', lease(1, now - HOUR - 20), true],
    ['ended by itself', lease(1, now - 700), false],
    ['was given by a clock that is right', lease(1, now - 5), false],
    ['is of no machine: it was declined or cleared', lease(1, now - HOUR, { state: 1 }), false],
    ['is long enough to last all the same', lease(1, now - HOUR, { 'valid-lft': 86_400 }), false],
  ])('one that %s', (_, one, isMended) => {
    expect(endedTooEarly([one], now, -HOUR)).toEqual(isMended ? [one] : []);
  });
});

describe('mending', () => {
  let folder = '';
  let server: Server;
  let leases: Record<string, unknown>[] = [];
  const log: string[] = [];
  const asked: string[] = [];
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'mend-'));
    log.length = asked.length = 0;
    server = createServer((socket) => {
      socket.once('data', (data) => {
        const { command, arguments: args } = JSON.parse(data.toString()) as {
          command: string;
          arguments: Record<string, unknown>;
        };
        asked.push(command);
        if (command === 'lease4-update') {
          leases = leases.map((one) => (one['ip-address'] === args['ip-address'] ? { ...args, cltt: seconds() } : one));
          socket.end(JSON.stringify({ result: 0 }));
        } else if (leases.length === 0) socket.end(JSON.stringify({ result: 3, text: '0 IPv4 lease(s) found.' }));
        else socket.end(JSON.stringify({ result: 0, arguments: { leases } }));
      });
    });
    await new Promise<void>((resolve) => server.listen(join(folder, 'kea'), resolve));
  });
  afterEach(async () => {
    await new Promise((resolve) => server.close(resolve));
    rmSync(folder, { recursive: true });
  });
  const seconds = () => Math.floor(Date.now() / 1000);
  const mender = () => new LeaseMender(join(folder, 'kea'), (text) => log.push(text));

  it('gives them their time again, with all else as it was, and says so once', async () => {
    const [damaged, other] = [lease(1, seconds() - HOUR), lease(2, seconds() - 700)];
    leases = [damaged, other];
    const one = mender();
    one.check(1000, { ...SAME_DAY, partnerAheadMs: -HOUR * 1000 });
    await until('the lease to be mended', () => log.length > 0);
    expect(leases[0]).toMatchObject({ ...damaged, cltt: expect.closeTo(seconds(), -1) as number });
    expect(leases[1]).toEqual(other);
    // Those that are on their way still: it looks again when the clocks agree already.
    leases[1] = lease(2, seconds() - HOUR);
    one.check(3000, SAME_DAY);
    await until('the later one to be mended', () => log.length > 1);
    expect(log).toEqual(Array(2).fill('leases with times of a slow clock count from now: 1'));
    one.check(9000, SAME_DAY);
    expect(asked.filter((command) => command === 'lease4-update')).toHaveLength(2);
  });

  it('does not go through all leases for as long as the clocks differ', async () => {
    leases = [lease(1, seconds() - 700)];
    const one = mender();
    const behind = { ...SAME_DAY, partnerAheadMs: -HOUR * 1000 };
    one.check(1000, behind);
    await until('the question', () => asked.length > 0);
    for (const now of [7000, 60_000, 3_600_000]) one.check(now, behind);
    await new Promise((resolve) => setImmediate(resolve));
    expect(asked).toHaveLength(1);
    // Another jump is another matter.
    one.check(3_700_000, SAME_DAY);
    one.check(3_800_000, behind);
    await until('the next question', () => asked.length > 1);
  });

  it('touches nothing when its own clock is wrong, when the other is ahead, or when there is no lease', async () => {
    const one = mender();
    one.check(1000, { ...SAME_DAY, aheadMs: HOUR * 1000, partnerAheadMs: -HOUR * 1000 });
    one.check(2000, { ...SAME_DAY, partnerAheadMs: HOUR * 1000 });
    expect(asked).toEqual([]);
    leases = [];
    one.check(3000, { ...SAME_DAY, partnerAheadMs: -HOUR * 1000 });
    await until('the question', () => asked.length > 0);
    expect(log).toEqual([]);
  });
});
