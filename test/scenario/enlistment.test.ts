import { request } from 'node:http';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { askToEnlist } from '../../src/agent/boot/enlist.ts';
import { type BootListener, openBootListener } from '../../src/agent/boot/listener.ts';
import { openChannel, type RegionChannel } from '../../src/agent/channel/channel.ts';
import { openTrustStore } from '../../src/agent/channel/trust.ts';
import { createNode } from '../../src/store/queries/cluster/nodes.ts';
import { aQuestion, BOOT_UUID, knowledge } from '../kit/boot.ts';
import { callSecure } from '../kit/cluster/secure-call.ts';
import { testIdentity, type TestIdentity } from '../kit/cluster/pki.ts';
import { startTrustedRegion, type TrustedRegion } from '../kit/cluster/trusted-region.ts';
import { giveDefaultImage } from '../kit/enlistment.ts';
import { realClock, realRandom, silentLog, usePostgres } from '../kit/postgres.ts';
import { change, value } from '../kit/store.ts';
import { until } from '../kit/until.ts';

/** Machines are switched on by hand: a rack's boot listener asks a real region about them over mutual TLS. */

// Below the ports that the kernel gives to whoever connects (32768 and above).
const PORT = 20_000 + (process.pid % 12_000);
const MAC = '52:54:00:aa:00:03';
const PRINTER = '52:54:00:aa:00:99';
const HERE = '10.10.10.43';
const THERE = '10.10.10.44';
/** Where the machine that boots has its lease. The listener itself hears it from loopback. */
let from = HERE;
const pg = usePostgres();
let site: TrustedRegion;
let rack: TestIdentity;
let channel: RegionChannel;
let listener: BootListener;

beforeAll(async () => {
  site = await startTrustedRegion(pg.get());
  const asAdmin = async (method: string, path: string, options: { readonly body?: unknown } = {}) => {
    const answer = await site.asAdmin(method, path, options.body);
    return { ...answer, headers: {}, raw: JSON.stringify(answer.body) };
  };
  await giveDefaultImage({ call: asAdmin as never, db: site.db });
  await site.asAdmin('POST', '/subnets', { cidr: '10.10.10.0/24' });
  const node = { id: 'k1', name: 'k1', isRegion: false, isRack: true, addresses: [] };
  value(await change(site.db, (tx) => createNode(tx, node)));
  rack = await testIdentity(site.authority, { nodeId: 'k1', isRegion: false });
  channel = await openRackChannel();
  const { templates, ...state } = knowledge();
  listener = openBootListener({
    clock: realClock,
    log: silentLog,
    templates,
    state: () => state,
    enlist: (client, signal) => askToEnlist(channel)(client, signal, from),
    enlistMs: 20_000,
    port: PORT,
  });
  await listener.listenOn(['127.0.0.1']);
});
afterAll(async () => {
  await listener?.close();
  channel?.close();
  await site?.close();
});

async function openRackChannel(): Promise<RegionChannel> {
  const { authority, certificate, key } = rack;
  const trust = openTrustStore({ read: async () => [authority, certificate, key], clock: realClock });
  await trust.refresh();
  const ports = { clock: realClock, random: realRandom, agentPort: site.process.secureAgentPort ?? 0 };
  const opened = openChannel({ ...ports, urls: [], credential: null, rack: null, trust: () => trust.current() });
  opened.setRegions([{ address: '127.0.0.1' }]);
  return opened;
}

/** What the machine's firmware gets. */
const boot = (mac: string, changes: Readonly<Record<string, string>> = {}): Promise<string> =>
  new Promise((resolve, reject) => {
    const path = `/ipxe/script?${aQuestion('ipxe-bios', { mac, ...changes }).query}`;
    const call = request({ host: '127.0.0.1', port: PORT, path, agent: false }, (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => (text += chunk.toString()));
      response.on('end', () => resolve(text));
    });
    call.once('error', reject);
    call.end();
  });
const machines = async () =>
  (await site.asAdmin('GET', '/machines')).body['items'] as readonly Record<string, string>[];
const lease = (mac: string, address: string) =>
  pg.get().admin(
    `insert into leases (node_id, address, subnet_id, mac, state, starts_at, expires_at)
      values ('k1', '${address}', 1, '${mac}', 'active', now(), now() + interval '1 hour')`,
    site.connection.database,
  );

it('a machine that nobody knows boots our image, posts its inventory, and waits for an operator', async () => {
  await lease(MAC, HERE);
  const script = await boot(MAC);
  const [machine, ...more] = await machines();
  expect(more).toEqual([]);
  expect(script).toContain(`The machine ${MAC} is unknown, so it is enlisted.`);
  expect(script).toContain(`regent.metadata=http://127.0.0.1:5248/MAAS/metadata/inventory/${machine?.['id']}`);
  const posted = await callSecure({
    port: site.process.secureAgentPort,
    ca: site.authority.certificate,
    identity: rack,
    path: `/MAAS/metadata/inventory/${machine?.['id']}`,
    headers: {
      'content-type': 'application/json',
      'x-forwarded-for': HERE,
      'x-forwarded-host': '10.10.10.1:5248',
    },
    body: {
      bootMac: MAC,
      system: { uuid: BOOT_UUID },
      interfaces: [{ name: 'ens3', mac: MAC }],
      bmc: { kind: 'ipmi', address: '10.88.0.3' },
    },
  });
  expect(posted, posted.failure).toMatchObject({ status: 200 });
  expect((await machines())[0]).toMatchObject({
    state: 'new',
    interfaces: [{ name: 'ens3', mac: MAC, vlan: expect.any(String) }],
    suggestedBmc: { type: 'ipmi', address: '10.88.0.3' },
  });
  // Its scripts have not ended yet (test/api/machines/enlist-runner.test.ts): it may begin anew.
  expect(await boot(MAC)).toContain('so it is enlisted');
});

it('a machine is commissioned when an operator accepts it', async () => {
  const [machine] = await machines();
  const answer = await site.asAdmin('POST', `/machines/${machine?.['hostname']}/commission`, {});
  expect(answer.status).toBe(202);
  expect(await boot(MAC)).toContain('is commissioning, but the rack does not know that yet');
});

it('another one is ignored, and its firmware goes on at each boot', async () => {
  from = THERE;
  expect(await boot(PRINTER, { uuid: '', serial: '' })).toContain('gave it no address by DHCP');
  await lease(PRINTER, THERE);
  expect(await boot(PRINTER, { uuid: '', serial: '' })).toContain('so it is enlisted');
  const printer = (await machines()).find(({ state }) => state === 'new');
  const ignored = await site.asAdmin('POST', `/machines/${printer?.['hostname']}/ignore`, { comment: 'a printer' });
  expect(ignored).toMatchObject({ status: 200, body: { macs: [PRINTER] } });
  const script = await boot(PRINTER, { uuid: '', serial: '' });
  expect(script).toContain(`An operator ordered to ignore the machine ${PRINTER}.`);
  expect(script).not.toContain('kernel ');
});

it('no region answers: the machine is told so, and asks again', async () => {
  await site.process.stop();
  const none = () => boot('52:54:00:aa:00:04', { uuid: '' });
  const script = await until('the rack says that it reaches none', async () => {
    const text = await none();
    return text.includes('the rack reaches no region') && text;
  });
  expect(script).toContain('sleep');
});
