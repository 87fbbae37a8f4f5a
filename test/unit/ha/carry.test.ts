import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

/** `ha/kea/carry`: leases of a VLAN that goes over to another server of the host. */

const CARRY = join(import.meta.dirname, '../../../ha/kea/carry');
const HEAD =
  'address,hwaddr,client_id,valid_lifetime,expire,subnet_id,fqdn_fwd,fqdn_rev,hostname,state,user_context,pool_id';
const now = Math.floor(Date.now() / 1000);
const line = (address: string, mac: string, subnet: number, more: { at?: number; state?: number } = {}) =>
  `${address},${mac},,600,${(more.at ?? now) + 600},${subnet},0,0,,${more.state ?? 0},,0`;

let root: string;
let servers: Server[] = [];
const at = (...parts: string[]) => join(root, ...parts);
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'carry-'));
  for (const folder of ['leases', 'run', 'etc']) mkdirSync(at(folder));
});
afterEach(() => {
  for (const server of servers) server.close();
  servers = [];
  rmSync(root, { recursive: true, force: true });
});

function configure(key: string | null, subnets: readonly number[]): void {
  const suffix = key === null ? '' : `-${key}`;
  mkdirSync(at('etc', `regent${suffix}`), { recursive: true });
  const networks = [{ subnet4: subnets.map((id) => ({ id })) }];
  writeFileSync(
    at('etc', `regent${suffix}`, `kea-dhcp4${suffix}.conf`),
    JSON.stringify({ Dhcp4: { 'shared-networks': networks } }),
  );
}

/** A server that runs these subnets, and others from a moment on. */
async function serve(name: string, subnets: readonly number[], later: readonly number[] = subnets, afterMs = 0) {
  const from = performance.now() + afterMs;
  const server = createServer((socket) => {
    socket.on('data', () => {
      const ids = performance.now() >= from ? later : subnets;
      const networks = [{ subnet4: ids.map((id) => ({ id })) }];
      socket.end(JSON.stringify({ result: 0, arguments: { Dhcp4: { 'shared-networks': networks } } }));
    });
  });
  await new Promise<void>((resolve) => server.listen(at('run', name), resolve));
  servers.push(server);
}

async function carry(key?: string): Promise<string> {
  const env = { ...process.env, REGENT_KEA_LEASES: at('leases'), REGENT_KEA_RUN: at('run'), REGENT_KEA_ETC: at('etc') };
  const { stdout } = await promisify(execFile)(CARRY, key === undefined ? [] : [key], { env, timeout: 20_000 });
  return stdout.trim();
}
const leases = (name: string) => readFileSync(at('leases', name), 'utf8').trim().split('\n');

describe('a VLAN that goes over to another server of the host', () => {
  it('takes its leases along, the newest of each address, and no others', async () => {
    configure('k1_k2', [1]);
    const old = [line('10.0.0.5', '02:00:00:00:00:05', 1), line('10.0.0.6', '02:00:00:00:00:06', 2)];
    const gone = line('10.0.0.7', '02:00:00:00:00:07', 1, { at: now - 700 });
    const given = line('10.0.0.8', '02:00:00:00:00:08', 1, { state: 2 });
    writeFileSync(at('leases', 'kea-leases4.csv'), `${[HEAD, ...old, gone, given].join('\n')}\n`);
    writeFileSync(
      at('leases', 'kea-leases4-k3_k1.csv'),
      `${[HEAD, line('10.0.0.5', '02:00:00:00:00:99', 1, { at: now - 100 })].join('\n')}\n`,
    );
    expect(await carry('k1_k2')).toContain('1 leases came from other servers');
    expect(leases('kea-leases4-k1_k2.csv')).toEqual([HEAD, old[0]]);
  });

  it('does not bring back what this server knows better', async () => {
    configure(null, [1]);
    writeFileSync(at('leases', 'kea-leases4.csv'), `${[HEAD, line('10.0.0.5', '02:00:00:00:00:01', 1)].join('\n')}\n`);
    const stale = line('10.0.0.5', '02:00:00:00:00:02', 1, { at: now - 300 });
    writeFileSync(at('leases', 'kea-leases4-k1_k2.csv'), `${[HEAD, stale].join('\n')}\n`);
    expect(await carry()).toBe('');
    expect(leases('kea-leases4.csv')).toHaveLength(2);
  });

  it('puts newer leases over those of a rack that was away for a week, and no old ones over newer', async () => {
    configure('k1_k2', [1]);
    const days = (count: number) => now - count * 86_400;
    const week = (last: number, mac: string, spoke: number) =>
      `10.0.0.${last},02:00:00:00:00:${mac},,604800,${spoke + 604_800},1,0,0,,0,,0`;
    const own = [week(5, 'aa', days(6)), week(6, 'bb', days(1))];
    writeFileSync(at('leases', 'kea-leases4-k1_k2.csv'), `${[HEAD, ...own].join('\n')}\n`);
    const others = [week(5, 'bb', days(1)), week(6, 'aa', days(6))];
    writeFileSync(at('leases', 'kea-leases4-k3_k1.csv'), `${[HEAD, ...others].join('\n')}\n`);
    // The rack's own server was away as long: of two others the newer word counts, whichever file comes first.
    writeFileSync(
      at('leases', 'kea-leases4.csv'),
      `${[HEAD, week(5, 'cc', days(3)), week(7, 'dd', days(8))].join('\n')}\n`,
    );
    expect(await carry('k1_k2')).toContain('1 leases came');
    // Kea reads the file from its beginning: the last line of an address counts.
    expect(leases('kea-leases4-k1_k2.csv')).toEqual([HEAD, ...own, others[0]]);
  });

  it('asks for the leases of subnets that are new to it alone', async () => {
    configure('k1_k2', [1, 2]);
    await serve('kea4-k1_k2.sock', [1]);
    const others = [line('10.0.0.5', '02:00:00:00:00:05', 1), line('10.0.0.6', '02:00:00:00:00:06', 2)];
    writeFileSync(at('leases', 'kea-leases4.csv'), `${[HEAD, ...others].join('\n')}\n`);
    await carry('k1_k2');
    expect(leases('kea-leases4-k1_k2.csv')).toEqual([HEAD, others[1]]);
  });

  it('waits until the other server has let the VLAN go', async () => {
    configure('k1_k2', [1]);
    await serve('kea4-ctrl-socket', [1, 2], [2], 1_000);
    writeFileSync(at('leases', 'kea-leases4.csv'), `${[HEAD, line('10.0.0.5', '02:00:00:00:00:05', 1)].join('\n')}\n`);
    const start = performance.now();
    await carry('k1_k2');
    expect(performance.now() - start).toBeGreaterThan(900);
    expect(leases('kea-leases4-k1_k2.csv')).toHaveLength(2);
  });

  it('costs nothing where there never was another server', async () => {
    configure(null, [1]);
    writeFileSync(at('leases', 'kea-leases4.csv'), `${HEAD}\n`);
    expect(await carry()).toBe('');
  });
});
