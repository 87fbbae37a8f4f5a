import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { maasClient } from '../kit/maas.ts';
import { usePostgres } from '../kit/postgres.ts';
import { startTestRegion, type TestRegion } from '../kit/region.ts';

/** A real client of the MAAS API: gomaasapi, by which Juju asks, as Debian has it (golang-github-juju-gomaasapi-dev), built without any download. */

const PROGRAM = join(import.meta.dirname, 'gomaasapi/main.go');
/** Debian's sources lie as Go wanted them before modules. */
const GO = { GO111MODULE: 'off', GOPATH: '/usr/share/gocode', GOFLAGS: '', GOPROXY: 'off' };
const BUILD_MS = 300_000;
const ASK_MS = 60_000;
const SUBNET = '10.77.0.0/24';
const MAC = '52:54:00:77:00:01';

const pg = usePostgres();
const folder = mkdtempSync(join(tmpdir(), 'regent-gomaasapi-'));
let site: TestRegion;
let url = '';
beforeAll(async () => {
  site = await startTestRegion(pg.get(), { deadlineMs: 60_000 });
  await site.api.listen({ host: '127.0.0.1', port: 0 });
  url = `http://127.0.0.1:${(site.api.server.address() as AddressInfo).port}/MAAS/`;
  await prepare();
  await run(['go', 'build', '-o', join(folder, 'ask'), PROGRAM], '', BUILD_MS);
}, BUILD_MS + ASK_MS);
afterAll(async () => {
  await site.close();
  rmSync(folder, { recursive: true, force: true });
});

/** A machine that is ready, with a card in a network of a space. */
async function prepare(): Promise<void> {
  const maas = maasClient(site);
  await maas.post('spaces/', null, { name: 'juju' });
  const [fabric] = (await maas.get('fabrics/')).body as { id: number; vlans: { vid: number; id: number }[] }[];
  const vlan = fabric?.vlans[0];
  await maas.put(`vlans/${vlan?.id}/`, { space: 'juju' });
  await maas.post('subnets/', null, { cidr: SUBNET, vlan: String(vlan?.id), gateway_ip: '10.77.0.1' });
  const made = await maas.post('machines/', null, {
    architecture: 'amd64/generic',
    hostname: 'node1',
    mac_addresses: [MAC],
  });
  expect([made.status, made.raw.slice(0, 200)]).toEqual([200, made.raw.slice(0, 200)]);
  const { body } = made as { body: { interface_set: { resource_uri: string }[] } };
  await maas.put(body.interface_set[0]?.resource_uri ?? '', { vlan: String(vlan?.id) });
  const hardware = JSON.stringify({
    cpu: { count: 8 },
    memory: { kb: 16_777_216 },
    disks: [{ name: 'sda', bytes: 1e12, serial: 'one' }],
  });
  const { database } = site.connection;
  await pg
    .get()
    .admin(`insert into machine_inventories (machine_id, inventory) select id, '${hardware}' from machines`, database);
  await pg.get().admin(
    `insert into machine_states (machine_id, state, epoch, commissioned_at) select id, 'ready', 1, now() from machines
     on conflict (machine_id) do update set state = 'ready', commissioned_at = now()`,
    database,
  );
}

/** Runs a program to its end; what it said. */
async function run([program = '', ...rest]: readonly string[], input: string, timeout: number): Promise<string> {
  const env = { ...process.env, ...GO, GOCACHE: join(folder, 'cache') };
  const child = spawn(program, rest, { cwd: folder, env, timeout, stdio: ['pipe', 'pipe', 'pipe'] });
  const code = new Promise<number | null>((resolve, reject) => child.once('error', reject).once('close', resolve));
  child.stdin.end(input);
  const [said, complained, ended] = await Promise.all([text(child.stdout), text(child.stderr), code]);
  if (ended !== 0)
    throw new Error(`${program} ended with ${ended}: ${complained.slice(0, 2000)}${said.slice(0, 2000)}`);
  return said;
}

interface Line {
  readonly step: string;
  readonly value: unknown;
  readonly error?: string;
}

it(
  'gomaasapi does with a site what Juju asks of it',
  async () => {
    const order = { URL: url, Key: site.keys.operator, Hostname: 'node1', Subnet: SUBNET };
    const said = await run([join(folder, 'ask')], JSON.stringify(order), ASK_MS);
    const lines = said
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Line);
    expect(lines.filter(({ error }) => error !== undefined)).toEqual([]);
    const found = Object.fromEntries(lines.map(({ step, value }) => [step, value]));
    expect(found).toMatchObject({
      'wrong key': true,
      capabilities: expect.arrayContaining(['network-deployment-ubuntu']) as unknown,
      spaces: ['undefined', 'juju'],
      fabrics: 1,
      zones: 1,
      pools: 1,
      domains: 1,
      files: 1,
      file: 'two',
      'no file': true,
      device: 'container',
      devices: 1,
      machines: 'Ready',
      'no match': true,
      allocate: 'Allocated',
      'its disk': ['/dev/disk/by-dname/sda'],
      'its card': 1,
      'owner data': '1234',
      'machines of the agent': 1,
      link: [expect.stringMatching(/^10\.77\.0\./)],
      links: 0,
      'no such series': true,
      'release nobody': true,
      container: [expect.stringMatching(/^10\.77\.0\./)],
      'delete container': null,
      release: null,
      'machines of the agent afterwards': 0,
      'release again': null,
      'delete device': null,
    });
  },
  ASK_MS,
);
