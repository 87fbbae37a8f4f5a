import { createSocket, type Socket } from 'node:dgram';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { FastifyInstance } from 'fastify';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type BootListener, openBootListener } from '../../../src/agent/boot/listener.ts';
import { indexRecords } from '../../../src/boot/answer.ts';
import { planOf } from '../../../src/boot/plan.ts';
import type { BootRecord } from '../../../src/boot/record.ts';
import { decodeReply, encodeQuestion } from '../../../src/drills/probes/dhcp/packet.ts';
import { Files } from '../../bench/fleet/files.ts';
import { type LeaseDesk, openLeaseDesk } from '../../bench/fleet/lease.ts';
import { rowsOf, STEPS } from '../../bench/fleet/result.ts';
import { bootMachine, type FleetMachine, type World } from '../../bench/fleet/way.ts';
import { goldenTemplates } from '../../kit/goldens.ts';
import { anImage, sha256 } from '../../kit/images.ts';
import { relayListener, SEALING_AUTHORITY } from '../../kit/metadata.ts';
import { realClock, silentLog, usePostgres } from '../../kit/postgres.ts';
import { startTestRegion, type TestRegion } from '../../kit/region.ts';

/**
 * The machines of `npm run bench -- fleet` beside a rack of the test's: packets and calls over loopback, the product's own boot listener, and a region's
 * metadata service behind what relays to it. A machine at 127.1.0.N is where its lease says.
 */

// Below the ports that the kernel gives to whoever connects.
const PORT = 12_000 + (process.pid % 2_000) * 4;
const RACK = '127.0.0.1';
const FILES = `http://${RACK}:${PORT + 1}`;
const IMAGE = anImage({ vmlinuz: Buffer.alloc(3 * 2 ** 20 + 5, 'k'), 'root.squashfs': Buffer.alloc(700, 'r') });

const pg = usePostgres();
let site: TestRegion;
let relay: FastifyInstance;
let web: Server;
let listener: BootListener;
let records: readonly BootRecord[] = [];
/** Of the rack's web server and of its DHCP server. */
let isWrong = false;
let dropped = 0;

beforeAll(async () => {
  site = await startTestRegion(pg.get(), { ca: SEALING_AUTHORITY });
  relay = relayListener(site);
  web = createServer((request, response) => void serve(request, response)).listen(PORT + 1, RACK);
  listener = openBootListener({
    clock: realClock,
    log: silentLog,
    templates: goldenTemplates(),
    state: () => ({ records: indexRecords(records), generation: 1 }),
    enlist: async () => ({ kind: 'ignored' }),
    port: PORT,
    filesPort: PORT + 1,
  });
  await listener.listenOn([RACK]);
});
afterAll(async () => {
  await listener.close();
  web.close();
  await relay.close();
  await site.close();
});

/** What the rack's web server does: files by range, and calls to a region, with the address that they came from. */
async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { url = '', method, headers } = request;
  const [, name = ''] = /^\/images\/[0-9a-f]{64}\/(.*)$/.exec(url) ?? [];
  const file = IMAGE.files[name];
  if (file) {
    const [, from, to] = (/^bytes=(\d+)-(\d+)$/.exec(headers.range ?? '') ?? []).map(Number);
    const part = Buffer.from(file.subarray(from, (to ?? 0) + 1));
    if (isWrong) part[0] = 0;
    return void response.writeHead(206, { 'content-range': `bytes ${from}-${to}/${file.length}` }).end(part);
  }
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const answer = await relay.inject({
    method: method as 'GET' | 'POST',
    url,
    headers: {
      ...headers,
      'x-forwarded-for': request.socket.remoteAddress ?? '',
      'x-forwarded-host': `${RACK}:${PORT + 1}`,
    },
    payload: Buffer.concat(chunks),
  });
  response.writeHead(answer.statusCode).end(answer.rawPayload);
}

/** A DHCP server on loopback: the machine with the number N has 127.1.0.N; its rack tells a region of the lease a moment later. */
function serveLeases(): Socket {
  const socket = createSocket('udp4');
  socket.on('message', (packet) => {
    if (dropped > 0) return void (dropped -= 1);
    packet[0] = 2;
    const { xid, mac, kind } = decodeReply(packet) ?? { xid: 0, mac: '', kind: 'other' };
    const number = Number.parseInt(mac.slice(-2), 16);
    const type = { discover: 2, request: 5 }[kind as string];
    if (type === undefined) return;
    const reply = encodeQuestion({
      kind: 'request',
      xid,
      mac,
      options: [
        [53, [type]],
        [54, [127, 0, 0, 1]],
      ],
    });
    reply[0] = 2;
    reply.set([127, 1, 0, number], 16);
    reply.write(`http://${RACK}:${PORT}/ipxe.cfg`, 108, 'latin1');
    socket.send(reply, PORT + 2, RACK);
    if (type !== 5) return;
    const row = `insert into leases (node_id, address, subnet_id, mac, state, starts_at, expires_at)
      values ('r1', '127.1.0.${number}', 1, '${mac}', 'active', now(), now() + interval '1 hour') on conflict do nothing`;
    setTimeout(() => void pg.get().admin(row, site.connection.database), 100);
  });
  return socket.bind(PORT + 3, RACK);
}

/** Machines of these numbers, commissioned, and known to the rack. */
async function commissioned(...numbers: readonly number[]): Promise<FleetMachine[]> {
  const machines: FleetMachine[] = [];
  for (const number of numbers) {
    const hostname = `fleet-${number}`;
    const mac = `52:54:f1:00:00:${number.toString(16).padStart(2, '0')}`;
    const made = await site.call('POST', '/machines', { body: { hostname, interfaces: [{ mac }] } });
    expect(made.status, made.raw).toBe(201);
    const begun = await site.call('POST', `/machines/${hostname}/commission`, { body: { skip: [] } });
    expect(begun.status, begun.raw).toBe(202);
    machines.push({ id: String(made.body.id), hostname, mac, number });
  }
  const { digest } = IMAGE;
  const files = Object.entries(IMAGE.files).map(([name, bytes]) => ({
    name,
    size: bytes.length,
    sha256: sha256(bytes),
  }));
  records = machines.map(({ id, hostname, mac }) => {
    const image = { digest, name: 'bench', architecture: 'amd64', files } as const;
    const plan = planOf(image, { machineId: id, purpose: 'commissioning' });
    return { machine: id, hostname, macs: [mac], state: 'commissioning', boots: plan === null ? [] : [plan] };
  });
  return machines;
}

describe('a fleet of machines that boot', () => {
  let dhcp: Socket;
  let leases: LeaseDesk;
  let world: World;
  beforeAll(() => {
    dhcp = serveLeases();
  });
  afterAll(() => {
    dhcp.close();
  });
  beforeEach(async () => {
    leases = await openLeaseDesk({ clientPort: PORT + 2, serverPort: PORT + 3, to: RACK });
    const files = new Files();
    for (const [name, bytes] of Object.entries(IMAGE.files))
      await files.learn(
        { url: `${FILES}/images/${IMAGE.digest}/${name}`, size: bytes.length, sha256: sha256(bytes) },
        RACK,
      );
    const pauses = { boot: 10, post: 200 };
    world = { leases, files, take: async () => undefined, onLease: () => undefined, pauses, patienceMs: 20_000 };
  });
  afterEach(() => {
    leases.close();
    isWrong = false;
  });

  it('comes from DISCOVER to its inventories, each machine by its own lease and its own credentials', async () => {
    const machines = await commissioned(11, 12, 13, 14, 15, 16, 17, 18);
    const results = await Promise.all(machines.map((machine) => bootMachine(machine, world)));
    expect(results.map(({ failed }) => failed)).toEqual(machines.map(() => null));
    expect(rowsOf(results).map(({ step, count }) => [step, count])).toEqual(
      [...STEPS, 'all of it'].map((step) => [step, machines.length]),
    );
    for (const { hostname, mac, number } of machines) {
      expect((await site.call('GET', `/machines/${hostname}`)).body).toMatchObject({ state: 'ready' });
      const told = (await site.call('GET', `/machines/${hostname}/inventory`)).body;
      expect(told).toMatchObject({
        source: `127.1.0.${number}`,
        problems: [],
        inventory: { bootMac: mac, system: { serial: `FLEET-${number}` } },
      });
    }
    expect(results.every(({ bytes }) => bytes > IMAGE.files['initrd.img']!.length)).toBe(true);
  });

  it('sends a packet again that was lost, and counts it', async () => {
    const [machine] = await commissioned(21);
    dropped = 1;
    const result = await bootMachine(machine!, world);
    expect(result).toMatchObject({ failed: null, steps: { discover: { again: 1 }, lease: { again: 0 } } });
    expect(result.steps.discover?.ms).toBeGreaterThan(900);
  });

  it('says at which step and why a machine gave up: wrong bytes', async () => {
    const [machine] = await commissioned(31);
    isWrong = true;
    const { failed, steps } = await bootMachine(machine!, world);
    expect(failed).toMatchObject({ step: 'files', why: expect.stringMatching(/^block \d of .* has wrong bytes$/) });
    expect(steps.files?.again).toBe(9);
    expect(steps.inventory).toBeUndefined();
  });

  it('says it of one that is not to boot', async () => {
    const [machine] = await commissioned(32);
    records = records.map((record) => ({ ...record, state: 'ready', boots: [] }));
    const { failed } = await bootMachine(machine!, world);
    expect(failed).toMatchObject({ step: 'script', why: expect.stringContaining('it is not to boot') });
  });

  it('says it of one that is somebody else there: its credentials are no other machine’s', async () => {
    const [machine, other] = await commissioned(33, 34);
    const { failed } = await bootMachine({ ...machine!, id: other!.id }, { ...world, patienceMs: 0 });
    expect(failed).toMatchObject({ step: 'metadata', why: expect.stringContaining('it is told that it is fleet-33') });
  });

  it('takes no file for known that is another one', async () => {
    const url = `${FILES}/images/${IMAGE.digest}/vmlinuz`;
    const size = IMAGE.files['vmlinuz']!.length;
    await expect(new Files().learn({ url, size, sha256: sha256('other') }, RACK)).rejects.toThrow('is not the file');
    await expect(new Files().fetch(url, RACK, 0.5)).rejects.toThrow('nobody said');
  });
});
