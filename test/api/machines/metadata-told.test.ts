import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { MachineEvent } from '../../../src/model/machines/machine-states.ts';
import { rejected } from '../../../src/core/errors.ts';
import { beginRun, relayListener, SEALING_AUTHORITY } from '../../kit/metadata.ts';
import { builtInScript, machineScriptsOf } from '../../kit/machine-scripts.ts';
import { usePostgres } from '../../kit/postgres.ts';
import { type Keys, oauth, readPreseed } from '../../kit/preseed.ts';
import { startTestRegion, type TestRegion } from '../../kit/region.ts';

/** What machines tell: their hardware, and what their scripts gave. */

const ROOT = '/MAAS/metadata';
const HERE = '10.10.10.21';
const INVENTORY = {
  teller: 'micro 1.0',
  cpu: { count: 2, model: 'QEMU', architecture: 'x86_64' },
  memory: { kb: 1_048_576 },
  disks: [{ name: 'vda', bytes: 1_073_741_824, serial: 'd1', rotational: false }],
  interfaces: [
    { name: 'ens1', mac: '52:54:00:00:00:01', link: true },
    { name: 'ens2', mac: '52:54:00:00:00:0b', link: false, speedMbps: 1000 },
    { name: 'ens3', mac: '52:54:00:00:00:02' },
    { name: 'WLAN:0', mac: '52:54:00:00:00:0c' },
  ],
  virtual: 'qemu',
};

const pg = usePostgres();
let site: TestRegion;
let relay: FastifyInstance;
let id: string;
let other: string;
let keys: Keys;
const told: MachineEvent[] = [];

beforeAll(async () => {
  site = await startTestRegion(pg.get(), {
    ca: SEALING_AUTHORITY,
    tellMachine: async (_tx, { event }) => {
      told.push(event);
      return event === 'scripts-failed' ? rejected('conflict', 'it does not fit') : {};
    },
  });
  relay = relayListener(site);
  const made = async (hostname: string, mac: string) =>
    String((await site.call('POST', '/machines', { body: { hostname, interfaces: [{ mac }] } })).body.id);
  id = await made('m1', '52:54:00:00:00:01');
  other = await made('m2', '52:54:00:00:00:02');
  await pg.get().admin(
    `insert into leases (node_id, address, subnet_id, mac, state, starts_at, expires_at)
      values ('r1', '${HERE}', 1, '52:54:00:00:00:01', 'active', now(), now() + interval '1 hour')`,
    site.connection.database,
  );
  await beginRun(site, id, 'commissioning');
  const preseed = await relay.inject({
    url: `${ROOT}/latest/by-id/${id}/?op=get_preseed`,
    headers: { 'x-forwarded-for': HERE, 'x-forwarded-host': 'k1' },
  });
  keys = readPreseed(preseed.body).datasource.MAAS;
});
beforeEach(() => {
  told.length = 0;
});
afterAll(async () => {
  await relay.close();
  await site.close();
});

interface Post {
  readonly type?: string;
  readonly by?: Keys | null;
  readonly from?: string;
}
async function post(path: string, payload: string | Buffer, { type, by = keys, from = HERE }: Post = {}) {
  const response = await relay.inject({
    method: 'POST',
    url: ROOT + path,
    payload,
    headers: {
      'x-forwarded-for': from,
      'x-forwarded-host': 'k1',
      ...(by ? { authorization: oauth(by) } : {}),
      ...(type ? { 'content-type': type } : {}),
    },
  });
  return { status: response.statusCode, text: response.body };
}
const get = async (path: string) => await site.call('GET', path);

describe('an inventory', () => {
  it('is kept, gives the machine the interfaces that it lacks, and takes none of another machine', async () => {
    const answer = await post(`/inventory/${id}`, JSON.stringify(INVENTORY), { by: null });
    expect(answer.status, answer.text).toBe(200);
    const { problems, added } = JSON.parse(answer.text) as { problems: string[]; added: string[] };
    expect(added).toEqual(['ens2', 'eth2']);
    expect(problems).toEqual([
      expect.stringContaining('52:54:00:00:00:02 is not added: its MAC address is that of the machine m2.'),
    ]);
    const { interfaces } = (await get('/machines/m1')).body as unknown as {
      interfaces: { name: string; mac: string }[];
    };
    expect(interfaces.map(({ name, mac }) => `${name} ${mac}`)).toEqual([
      'eth0 52:54:00:00:00:01',
      'ens2 52:54:00:00:00:0b',
      'eth2 52:54:00:00:00:0c',
    ]);
    expect((await get('/machines/m1/inventory')).body).toMatchObject({
      machine: id,
      source: HERE,
      inventory: INVENTORY,
    });
    // No script is to be run, so nothing else is waited for.
    expect(told).toEqual(['inventory-posted', 'scripts-passed']);
  });

  it('puts the card that the machine booted from on the VLAN that it posts from, unless it stands on one; names stay', async () => {
    await site.call('POST', '/fabrics', { body: { name: 'told' } });
    const vlan = await site.call('POST', '/vlans', { body: { fabric: 'told', vid: 30, name: 'told30' } });
    const subnet = await site.call('POST', '/subnets', { body: { cidr: '10.10.10.0/24', vlan: 'told/told30' } });
    expect([vlan.status, subnet.status], `${vlan.raw} ${subnet.raw}`).toEqual([201, 201]);
    const vlans = async () => {
      const { interfaces } = (await get('/machines/m1')).body as unknown as {
        interfaces: { name: string; vlan: { name: string } | null }[];
      };
      return interfaces.map((one) => `${one.name} ${JSON.stringify(one.vlan)}`);
    };
    const before = await vlans();
    expect(before[0]).toBe('eth0 null');
    const body = JSON.stringify({ ...INVENTORY, bootMac: '52:54:00:00:00:01' });
    expect((await post(`/inventory/${id}`, body)).status).toBe(200);
    const after = await vlans();
    expect(after[0]).toContain('told30');
    expect(after.slice(1)).toEqual(before.slice(1));
  });

  it('told again changes nothing but itself', async () => {
    const answer = await post(`/inventory/${id}`, JSON.stringify({ ...INVENTORY, virtual: 'kvm' }), {
      type: 'application/json',
    });
    expect(JSON.parse(answer.text)).toMatchObject({ added: [] });
    expect((await get(`/machines/${id}/inventory`)).body).toMatchObject({ inventory: { virtual: 'kvm' } });
  });

  it('loses what is hostile, and the rest is kept', async () => {
    const text =
      '{"virtual":"<script>","system":{"serial":"\\u001b[2J\\u0000x"},"disks":[{"name":"../../etc"},{"name":"sda"}],"evil":1}';
    const answer = await post(`/inventory/${id}`, text);
    expect(answer.status).toBe(200);
    const kept = (await get('/machines/m1/inventory')).body;
    expect(kept['inventory']).toEqual({ system: { serial: '?[2J?x' }, disks: [{ name: 'sda' }] });
    expect(kept['problems']).toHaveLength(4);
  });

  it.each([
    ['no JSON', 'x', 400],
    ['a list', '[]', 400],
    ['200 levels', `${'['.repeat(200)}${']'.repeat(200)}`, 400],
    ['3 MB', `{"x":"${'x'.repeat(3_000_000)}"}`, 413],
  ])('of %s is refused', async (_what, body, status) => {
    expect((await post(`/inventory/${id}`, body)).status).toBe(status);
  });

  it('is the machine’s own to tell', async () => {
    expect((await post(`/inventory/${other}`, '{}')).status).toBe(403);
    expect((await post(`/inventory/${other}`, '{}', { by: null })).status).toBe(404);
    expect((await post(`/inventory/${id}`, '{}', { by: { ...keys, token_secret: 'x' } })).status).toBe(401);
    expect(await get('/machines/m2/inventory')).toMatchObject({ status: 404 });
  });

  it('lays the disks out as the site has it, until somebody asks for something else', async () => {
    const set = (value: string) => site.call('PUT', '/settings/default_storage_layout', { body: { value } });
    const tell = (disks: object[]) => post(`/inventory/${id}`, JSON.stringify({ ...INVENTORY, disks }), { by: null });
    const layout = async () =>
      ((await get('/machines/m1/storage')).body['devices'] as { name: string; kind: string; on: string }[])
        .map(({ name, kind, on }) => `${kind} ${name} ${on}`.trim())
        .sort();
    const disk = (name: string) => ({ name, bytes: 4_294_967_296, serial: `s-${name}`, rotational: false });
    expect((await set('custom')).status).toBe(422);
    expect((await set('lvm')).status).toBe(200);
    expect((await tell([disk('vda')])).status).toBe(200);
    const lvm = ['disk vda', 'group vgroot', 'partition vda-part1 group vgroot', 'volume vgroot/lvroot ext4 /'];
    expect(await layout()).toEqual(lvm);
    // Nobody asked for it: the next commissioning lays out what is there then.
    await set('raid1');
    await tell([disk('vdb'), disk('vdc')]);
    expect((await layout()).filter((line) => line.startsWith('raid'))).toEqual(['raid md0 ext4 /']);
    // What does not fit is told, and the usual one holds.
    await tell([disk('vdb')]);
    expect(await layout()).toEqual(['disk vdb', 'partition vdb-part1 ext4 /']);
    const { items } = (await get('/events?kind=machine.storage&limit=100')).body as unknown as {
      items: { data: object }[];
    };
    expect(items.map(({ data }) => data)).toContainEqual({ layout: 'raid1', refused: expect.any(String) });
    await set('flat');
    await tell([disk('vda')]);
    expect(await layout()).toEqual(['disk vda', 'partition vda-part1 ext4 /']);
    // Somebody asked for what it has.
    await set('lvm');
    await tell([disk('vda')]);
    await pg.get().admin('update machine_storage set by_default = false', site.connection.database);
    const own = await layout();
    await set('blank');
    await tell([disk('vda')]);
    expect([await layout(), own]).toEqual([lvm, lvm]);
    await pg.get().admin('delete from machine_storage', site.connection.database);
    await set('flat');
  });
});

const part = (name: string, content: Buffer | string, { file = false, base64 = false } = {}) => {
  const head = `--B=\r\nContent-Disposition: form-data; name="${name}"${file ? `; filename="${name}"` : ''}\r\n${base64 ? 'Content-Transfer-Encoding: base64\r\n' : ''}\r\n`;
  const body = base64 ? Buffer.from(Buffer.from(content as string).toString('base64')) : Buffer.from(content as string);
  return Buffer.concat([Buffer.from(head), body, Buffer.from('\r\n')]);
};
const signal = (...parts: Buffer[]) =>
  post('/latest/', Buffer.concat([...parts, Buffer.from('--B=--')]), { type: 'multipart/form-data; boundary="B="' });

describe('a signal', () => {
  it('has files of scripts, plain and in base64, which are kept as they are', async () => {
    const binary = Buffer.from([0, 1, 2, 255, 13, 10, 0]);
    const answer = await signal(
      part('op', 'signal', { base64: true }),
      part('status', 'WORKING', { base64: true }),
      part('exit_status', '0'),
      part('00-cpu', 'one\u001b[31m\ntwo', { file: true, base64: true }),
      part('00-cpu.err', binary, { file: true }),
    );
    expect(answer).toEqual({ status: 200, text: 'OK' });
    const items = (await get('/machines/m1/results')).body['items'] as { id: number }[];
    expect(items).toMatchObject([
      {
        script: '00-cpu',
        state: 'passed',
        exitStatus: 0,
        purpose: 'commissioning',
        outputs: [
          { kind: 'output', bytes: 12, kept: 12 },
          { kind: 'stderr', bytes: 7 },
        ],
      },
    ]);
    const whole = (await get(`/machines/m1/results/${items[0]?.id}`)).body;
    expect(whole['contents']).toEqual([
      { kind: 'output', bytes: 12, text: 'one\u001b[31m\ntwo' },
      { kind: 'stderr', bytes: 7, base64: binary.toString('base64') },
    ]);
    expect(told).toEqual([]);
  });

  it('of a script that prints too much keeps its begin and counts the rest', async () => {
    const long = Buffer.alloc(3_000_000, 'x');
    expect(
      await signal(
        part('op', 'signal'),
        part('status', 'FAILED'),
        part('name', '01-loud'),
        part('exit_status', '1'),
        part('01-loud.out', long, { file: true }),
      ),
    ).toMatchObject({ status: 200 });
    const items = (await get('/machines/m1/results')).body['items'] as { script: string }[];
    expect(items.find(({ script }) => script === '01-loud')).toMatchObject({
      state: 'failed',
      outputs: [{ kind: 'stdout', bytes: 3_000_000, kept: 262_144 }],
    });
    expect(told).toEqual([]);
  });

  it.each([
    // A script of this run has failed: all is not well, whoever says so.
    ['OK', 'scripts-failed'],
    ['FAILED', 'scripts-failed'],
    ['TIMEDOUT', 'scripts-failed'],
  ] as const)('%s of the whole run means %s, whatever the lifecycle says to it', async (status, event) => {
    expect(
      await post('/2012-03-01/', `op=signal&status=${status}&error=no+disk`, {
        type: 'application/x-www-form-urlencoded',
      }),
    ).toMatchObject({ status: 200 });
    expect(told).toEqual([event]);
  });

  it.each([
    ['no status', 'op=signal'],
    ['an unknown status', 'op=signal&status=FINE'],
    ['no number', 'op=signal&status=OK&exit_status=x'],
    ['an unknown operation', 'op=explode&status=OK'],
    ['no operation', 'status=OK'],
  ])('with %s is refused', async (_what, body) => {
    expect((await post('/latest/', body, { type: 'application/x-www-form-urlencoded' })).status).toBe(400);
  });

  it('is refused with a hostile file name, a cut form, another type, or no credentials', async () => {
    expect(
      (await signal(part('op', 'signal'), part('status', 'OK'), part('../../x', 'x', { file: true }))).status,
    ).toBe(400);
    const cut = await post('/latest/', part('status', 'OK'), { type: 'multipart/form-data; boundary="B="' });
    expect(cut.status).toBe(400);
    expect((await post('/latest/?op=signal', 'status=OK', { type: 'text/plain' })).status).toBe(415);
    expect((await post('/latest/?op=signal', 'status=OK', { by: null })).status).toBe(401);
  });

  it('about the boot device is told with an empty body, by path, query or form', async () => {
    const form = { type: 'application/x-www-form-urlencoded' };
    expect(await post('/latest/', 'op=netboot_off', form)).toEqual({ status: 200, text: 'OK' });
    expect(await post(`/latest/by-id/${id}/`, 'op=netboot_off', { ...form, by: null })).toEqual({
      status: 200,
      text: 'OK',
    });
    expect(await post('/latest/op-netboot_on/', '')).toEqual({ status: 200, text: 'OK' });
    const rows = await pg
      .get()
      .admin(`select boots_network from machine_tokens where ended_at is null`, site.connection.database);
    expect(rows).toEqual([{ boots_network: true }]);
  });
});

describe('a machine that is commissioned', () => {
  let real: TestRegion;
  let port: FastifyInstance;
  beforeAll(async () => {
    const machineScripts = machineScriptsOf(
      builtInScript('00-cpu', '', 'hardware_type: cpu; parallel: any; timeout: 60'),
    );
    real = await startTestRegion(pg.get(), { ca: SEALING_AUTHORITY, machineScripts });
    port = relayListener(real);
  });
  afterAll(async () => {
    await port.close();
    await real.close();
  });

  it('has credentials from its order to the end of its scripts, and is ready then', async () => {
    const body = { hostname: 'm3', interfaces: [{ mac: '52:54:00:00:00:03' }] };
    const machineId = String((await real.call('POST', '/machines', { body })).body.id);
    await pg.get().admin(
      `insert into leases (node_id, address, subnet_id, mac, state, starts_at, expires_at)
        values ('r1', '${HERE}', 1, '52:54:00:00:00:03', 'active', now(), now() + interval '1 hour')`,
      real.connection.database,
    );
    const ask = (url: string, headers: object = {}, payload?: string) =>
      port.inject({
        method: payload === undefined ? 'GET' : 'POST',
        url: ROOT + url,
        headers: { 'x-forwarded-for': HERE, 'x-forwarded-host': 'k1', ...headers },
        ...(payload === undefined ? {} : { payload }),
      });
    const state = async () => (await real.call('GET', '/machines/m3')).body['state'];
    const preseed = `/latest/by-id/${machineId}/?op=get_preseed`;
    expect((await ask(preseed)).statusCode).toBe(404);
    expect((await real.call('POST', '/machines/m3/commission', { body: {} })).status).toBeLessThan(300);
    const own = readPreseed((await ask(preseed)).body).datasource.MAAS;
    expect(
      (await ask(`/inventory/${machineId}`, { authorization: oauth(own) }, JSON.stringify({ virtual: 'qemu' })))
        .statusCode,
    ).toBe(200);
    expect(await state()).toBe('commissioning');
    const form = { authorization: oauth(own), 'content-type': 'application/x-www-form-urlencoded' };
    const pack = await ask('/latest/maas-scripts', { authorization: oauth(own) });
    expect([pack.statusCode, pack.headers['content-type']]).toEqual([200, 'application/x-tar']);
    const index = JSON.parse(/\{\n.*\n\}\n/s.exec(pack.body)?.[0] ?? '') as {
      '1.0': { commissioning_scripts: { script_result_id: number }[] };
    };
    const [only] = index['1.0'].commissioning_scripts;
    expect(only).toMatchObject({
      name: '00-cpu',
      path: 'commissioning-scripts/00-cpu',
      timeout_seconds: 60,
      parallel: 2,
      hardware_type: 1,
    });
    const results = async () => (await real.call('GET', '/machines/m3/results')).body['items'];
    expect(await results()).toMatchObject([
      { id: only?.script_result_id, script: '00-cpu', state: 'pending', startedAt: null },
    ]);
    expect((await ask('/latest/', form, `op=signal&status=WORKING&script_result_id=999`)).statusCode).toBe(400);
    expect(
      (await ask('/latest/', form, `op=signal&status=WORKING&script_result_id=${only?.script_result_id}`)).statusCode,
    ).toBe(200);
    expect(await results()).toMatchObject([{ script: '00-cpu', state: 'running', endedAt: null }]);
    const done = `op=signal&status=WORKING&exit_status=0&script_result_id=${only?.script_result_id}`;
    expect((await ask('/latest/', form, done)).statusCode).toBe(200);
    expect(await results()).toMatchObject([{ script: '00-cpu', state: 'passed', exitStatus: 0 }]);
    expect(await state()).toBe('commissioning');
    expect((await ask('/latest/', form, 'op=signal&status=OK')).statusCode).toBe(200);
    expect(await state()).toBe('ready');
    expect((await ask('/latest/', { authorization: oauth(own) })).statusCode).toBe(401);
    expect((await ask(preseed)).statusCode).toBe(404);
  });
});
