import { setTimeout as delay } from 'node:timers/promises';
import { request } from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { watchBootLogs } from '../../src/agent/boot/logs.ts';
import { type BootListener, openBootListener } from '../../src/agent/boot/listener.ts';
import { openBootSteps } from '../../src/agent/boot/steps.ts';
import { openChannel, type RegionChannel } from '../../src/agent/channel/channel.ts';
import { openTrustStore } from '../../src/agent/channel/trust.ts';
import { openFindings } from '../../src/agent/findings.ts';
import type { LoopPorts } from '../../src/agent/ports.ts';
import type { MachineTimeline } from '../../src/contract/machines/machine-timeline.ts';
import type { Journal, JournalEntry } from '../../src/host/observe/journal.ts';
import { createNode } from '../../src/store/queries/cluster/nodes.ts';
import { aQuestion, aRecord, BOOT_MAC, knowledge } from '../kit/boot.ts';
import { callSecure } from '../kit/cluster/secure-call.ts';
import { testIdentity, type TestIdentity } from '../kit/cluster/pki.ts';
import { startTrustedRegion, type TrustedRegion } from '../kit/cluster/trusted-region.ts';
import { realClock, realRandom, silentLog, usePostgres } from '../kit/postgres.ts';
import { serveAllVlans } from '../kit/serving-rack.ts';
import { change, value } from '../kit/store.ts';
import { until } from '../kit/until.ts';

/** A machine boots from a rack: its listener, its daemons' lines and its leases become one story at a real region, over mutual TLS; so do its faults. */

// Below the ports that the kernel gives to whoever connects (32768 and above).
const PORT = 20_000 + (process.pid % 12_000);
const DIGEST = '0123456789abcdef'.repeat(4);
const pg = usePostgres();
const stop = new AbortController();
const loops: Promise<void>[] = [];
let site: TrustedRegion;
let rack: TestIdentity;
let channel: RegionChannel;
let listener: BootListener;
let write: (entry: JournalEntry) => void = () => {};
let state: 'commissioning' | 'ready' = 'commissioning';
let leases = 0;
let subnetId = 0;
let machineId = '';
let host = 40;
let here = '';

const ports: LoopPorts = {
  clock: realClock,
  random: realRandom,
  log: silentLog,
  loop: () => Object.assign(() => {}, { end: () => {} }),
  wait: (ms, signal) => delay(ms, undefined, signal ? { signal } : {}).catch(() => {}),
};
const journal: Journal = {
  follow: (_names, onEntry, signal) =>
    new Promise((resolve) => {
      write = onEntry;
      signal.addEventListener('abort', () => resolve('it was ended'));
    }),
};

beforeAll(async () => {
  site = await startTrustedRegion(pg.get());
  await site.asAdmin('POST', '/subnets', { cidr: '10.10.10.0/24' });
  const { body } = await site.asAdmin('GET', '/subnets');
  subnetId = (body['items'] as { id: number; cidr: string }[]).find(({ cidr }) => cidr === '10.10.10.0/24')?.id ?? 0;
  const node = { id: 'k1', name: 'k1', isRegion: false, isRack: true, addresses: [] };
  value(await change(site.db, (tx) => createNode(tx, node)));
  await serveAllVlans(pg.get(), site.connection.database, 'k1');
  rack = await testIdentity(site.authority, { nodeId: 'k1', isRegion: false });
  const { authority, certificate, key } = rack;
  const trust = openTrustStore({ read: async () => [authority, certificate, key], clock: realClock });
  await trust.refresh();
  const agentPort = site.process.secureAgentPort ?? 0;
  channel = openChannel({
    clock: realClock,
    random: realRandom,
    agentPort,
    urls: [],
    credential: null,
    rack: null,
    trust: () => trust.current(),
  });
  channel.setRegions([{ address: '127.0.0.1' }]);
  const findings = openFindings(realClock, silentLog);
  const steps = openBootSteps({ ports, channel, findings, epoch: realRandom.hex(16) });
  loops.push(steps.run(stop.signal), watchBootLogs({ ports, journal, findings, steps }, stop.signal));
  const { templates } = knowledge();
  listener = openBootListener({
    clock: realClock,
    log: silentLog,
    templates,
    state: () => knowledge(aRecord(state)),
    enlist: async () => ({ kind: 'no-region' }),
    // All machines of the test are at one address, the listener's own.
    onAnswer: (answer) => steps.onAnswer({ ...answer, client: here }),
    port: PORT,
  });
  await listener.listenOn(['127.0.0.1']);
});
afterAll(async () => {
  stop.abort();
  await Promise.all(loops);
  await listener?.close();
  channel?.close();
  await site?.close();
});
beforeEach(async () => {
  state = 'commissioning';
  await pg
    .get()
    .admin('delete from machine_states; delete from machine_steps; delete from leases', site.connection.database);
  await site.asAdmin('DELETE', '/machines/m1');
  const interfaces = [{ mac: BOOT_MAC, vlan: await vlanName() }];
  const made = await site.asAdmin('POST', '/machines', { hostname: 'm1', interfaces });
  machineId = String(made.body['id']);
  await site.asAdmin('POST', '/machines/m1/commission', {});
  // What is said again from one address within ten seconds is left out.
  here = `10.10.10.${(host += 1)}`;
});

const vlanName = async () => {
  const { body } = await site.asAdmin('GET', '/subnets');
  return (body['items'] as { cidr: string; vlan: string }[]).find(({ cidr }) => cidr === '10.10.10.0/24')?.vlan;
};
const timeline = async () => (await site.asAdmin('GET', '/machines/m1/timeline')).body as unknown as MachineTimeline;
/** Waits until a step is there; gives the timeline. */
const shown = (what: string, outcome = 'done') =>
  until(
    `${what} ${outcome}`,
    async () => {
      const found = await timeline();
      return found.steps.some((step) => step.what === what && step.outcome === outcome) ? found : null;
    },
    { deadlineMs: 50_000 },
  );
const lease = () =>
  channel.leases({
    service: 'dhcp',
    epoch: 'ab',
    sequence: (leases += 1),
    at: new Date().toISOString(),
    leases: [
      {
        address: here,
        subnetId,
        mac: BOOT_MAC,
        clientId: null,
        hostname: '',
        state: 'active',
        startsAt: new Date(Math.floor(Date.now() / 1000) * 1000).toISOString(),
        expiresAt: new Date(Date.now() + 600_000).toISOString(),
      },
    ],
    gone: [],
    whole: null,
  });
const tftp = (message: string) => write({ identifier: 'in.tftpd', at: Date.now(), message });
const http = (uri: string, status = 200) =>
  write({
    identifier: 'regent_http',
    at: Date.now(),
    message: JSON.stringify({ client: here, method: 'GET', uri, status, bytes: 1_000_000, seconds: 0.1 }),
  });
const image = (file: string, status = 200) => http(`/images/${DIGEST}/${file}`, status);
const askScript = (): Promise<void> =>
  new Promise((resolve, reject) => {
    const call = request(
      {
        host: '127.0.0.1',
        port: PORT,
        path: `/ipxe/script?${aQuestion('ipxe-bios', { serial: 'SN-1' }).query}`,
        agent: false,
      },
      (response) => {
        response.resume();
        response.on('end', () => resolve());
      },
    );
    call.once('error', reject);
    call.end();
  });

describe('a machine that boots from a rack', () => {
  it('has one story: lease, loader, script, kernel, initrd, metadata, inventory; its lifecycle hears of the boot', async () => {
    await lease();
    tftp(`RRQ from ${here} filename undionly.kpxe remapped to /usr/lib/ipxe/undionly.kpxe`);
    await askScript();
    await shown('script');
    image('vmlinuz');
    image('initrd.img');
    http('/MAAS/metadata/latest/by-id/x/');
    await shown('metadata');
    const posted = await callSecure({
      port: site.process.secureAgentPort,
      ca: site.authority.certificate,
      identity: rack,
      path: `/MAAS/metadata/inventory/${machineId}`,
      headers: { 'content-type': 'application/json', 'x-forwarded-for': here, 'x-forwarded-host': '10.10.10.1:5248' },
      body: { bootMac: BOOT_MAC, disks: [], interfaces: [{ name: 'ens3', mac: BOOT_MAC }] },
    });
    expect(posted, posted.failure).toMatchObject({ status: 200 });
    const { steps } = await shown('inventory');
    expect(
      steps.map(({ source, node, what }) => `${source}@${node} ${what}`).filter((one) => !one.startsWith('state')),
    ).toEqual([
      'dhcp@k1 lease',
      'tftp@k1 loader',
      'boot@k1 script',
      'http@k1 kernel',
      'http@k1 initrd',
      'http@k1 metadata',
      'metadata@ inventory',
    ]);
    const { body } = await site.asAdmin('GET', '/events?after=0&kind=machine.boot-seen');
    expect(body['items']).toMatchObject([
      { subject: expect.stringMatching(/^m1\./) as string, data: { by: 'rack k1' } },
    ]);
  });
});

describe('a sabotaged boot is explained', () => {
  it.each([
    ['an image that no region has', 'image-missing', () => image('vmlinuz', 404), 'kernel'],
    ['a rack that reaches no region', 'image-missing', () => image('vmlinuz', 503), 'kernel'],
    ['old credentials', 'wrong-key', () => http('/MAAS/metadata/2012-03-01/meta-data/', 401), 'metadata'],
    ['another machine’s address', 'wrong-address', () => http('/MAAS/metadata/latest/by-id/x/', 403), 'metadata'],
  ] as const)('%s: %s', async (_name, code, sabotage, what) => {
    await lease();
    await askScript();
    await shown('script');
    if (what === 'metadata') {
      image('vmlinuz');
      image('initrd.img');
      await shown('initrd');
    }
    sabotage();
    const { causes } = await shown(what, 'failed');
    expect(causes[0]?.code).toBe(code);
  });

  it('an older state of it on the rack: told-otherwise', async () => {
    state = 'ready';
    await lease();
    await askScript();
    const { causes } = await shown('script');
    expect(causes[0]).toMatchObject({ code: 'told-otherwise', sentence: expect.stringContaining('“off”') as string });
  });
});

it('what is seen while no region answers is told when one does', async () => {
  await lease();
  channel.setRegions([{ address: '127.0.0.9' }]);
  tftp(`RRQ from ${here} filename snponly.efi remapped to /usr/lib/ipxe/snponly.efi`);
  await askScript();
  await delay(1_500);
  expect((await timeline()).steps.map(({ what }) => what)).not.toContain('script');
  channel.setRegions([{ address: '127.0.0.1' }]);
  const { steps } = await shown('script');
  expect(steps.map(({ what }) => what)).toEqual(['state', 'lease', 'loader', 'script']);
});
