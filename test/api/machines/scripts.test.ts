import { sql as sqlText } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { beginRun, SEALING_AUTHORITY } from '../../kit/metadata.ts';
import { builtInScript, machineScriptsOf } from '../../kit/machine-scripts.ts';
import { usePostgres } from '../../kit/postgres.ts';
import { value } from '../../kit/store.ts';
import { startTestRegion, type TestRegion } from '../../kit/region.ts';

/** Scripts of the site, what a run has of them, and tags that follow from hardware. */

const TEXT = '#!/bin/sh\n\techo "one"\n';
const told = (...lines: string[]) =>
  `#!/bin/sh\n# --- Start MAAS 1.0 script metadata ---\n${lines.map((line) => `# ${line}\n`).join('')}# --- End MAAS 1.0 script metadata ---\necho\n`;

const pg = usePostgres();
let site: TestRegion;
beforeAll(async () => {
  const machineScripts = machineScriptsOf(
    builtInScript('regent-system', '', 'tags: inventory'),
    builtInScript('regent-cpu', '', 'script_type: testing; tags: default'),
    builtInScript('regent-wipe', '', 'script_type: testing; destructive: true; parameters: {storage: {type: storage}}'),
  );
  site = await startTestRegion(pg.get(), { ca: SEALING_AUTHORITY, machineScripts });
  for (const [hostname, last] of [
    ['m1', '1'],
    ['m2', '2'],
  ] as const)
    await site.call('POST', '/machines', { body: { hostname, interfaces: [{ mac: `52:54:00:00:02:0${last}` }] } });
});
afterAll(() => site.close());

const create = (body: object, role: 'admin' | 'user' = 'admin') => site.call('POST', '/scripts', { body, role });
const detail = async (body: object) => {
  const answer = await create({ name: 'bad', content: TEXT, ...body });
  return `${answer.status} ${answer.body['detail'] ?? answer.raw}`;
};
const sql = (text: string) => pg.get().admin(text, site.connection.database);
const setState = (state: string) =>
  sql(`insert into machine_states (machine_id, state) select id, '${state}' from machines where hostname = 'm1'
    on conflict (machine_id) do update set state = excluded.state, epoch = machine_states.epoch + 1, deadline = null, minutes = null`);

describe('a script', () => {
  it('is kept byte for byte, listed beside those of the release without its text, changed, deleted, and brought back', async () => {
    const made = await create({ name: 'check-raid', content: TEXT, tags: ['b', 'a', 'b'] });
    expect(made, made.raw).toMatchObject({
      status: 201,
      body: { content: TEXT, builtIn: false, tags: ['a', 'b'], timeout: 300, purpose: 'commissioning', size: 22 },
    });
    const items = (await site.call('GET', '/scripts')).body['items'] as Record<string, unknown>[];
    expect(items.map(({ name, builtIn }) => `${String(name)} ${String(builtIn)}`)).toEqual([
      'check-raid false',
      'regent-cpu true',
      'regent-system true',
      'regent-wipe true',
    ]);
    expect(items.every((item) => !('content' in item))).toBe(true);
    expect((await site.call('GET', '/scripts?purpose=testing&tag=default')).body['items']).toHaveLength(1);
    expect((await site.call('GET', '/scripts?limit=1')).body.next).toEqual(expect.any(String));
    const set = await site.call('PATCH', '/scripts/check-raid', { body: { timeout: 5, comment: 'x' } });
    expect(set).toMatchObject({ status: 200, body: { timeout: 5, comment: 'x', content: TEXT } });
    expect(await site.call('DELETE', `/scripts/${made.body.id}`)).toMatchObject({ status: 200 });
    const [change] = (await site.call('GET', '/config/history?limit=1')).body['items'] as { id: number }[];
    expect((await site.call('POST', `/config/history/${change?.id}/rollback`)).status).toBe(201);
    expect((await site.call('GET', '/scripts/check-raid')).body).toMatchObject({ timeout: 5, content: TEXT });
  });

  it('is what its own comment says, as MAAS has it', async () => {
    const content = told(
      'name: smart',
      'title: SMART',
      'script_type: test',
      'hardware_type: storage',
      'parallel: instance',
      'timeout: 01:00:30',
      'tags: [disk, default]',
      'destructive: False',
      'parameters:',
      '  storage:',
      '    type: storage',
      "    argument_format: '--blockdevice {path}'",
      'results:',
      '  speed: {title: Speed}',
    );
    expect(await create({ name: 'smart', content })).toMatchObject({
      status: 201,
      body: {
        comment: 'SMART',
        purpose: 'testing',
        hardware: 'storage',
        parallel: true,
        timeout: 3630,
        tags: ['default', 'disk'],
        parameters: { storage: { type: 'storage', required: true, argument_format: '--blockdevice {path}' } },
      },
    });
    expect(await site.call('PATCH', '/scripts/smart', { body: { timeout: 5 } })).toMatchObject({
      status: 422,
      body: { detail: expect.stringContaining("timeout: the script's own metadata says otherwise") },
    });
  });

  it('is refused with what is wrong and the rule', async () => {
    expect(await detail({ content: 'echo' })).toContain('its first line does not say what runs it');
    expect(await detail({ content: '#!/bin/sh\0' })).toMatch(/^4/);
    expect(await detail({ content: `#!/bin/sh\n${'x'.repeat(131_072)}` })).toMatch(/^4/);
    expect(await detail({ content: '#!/bin/sh\r\n' })).toMatch(/^4/);
    expect(await detail({ name: 'regent-x' })).toContain('are those of the release');
    expect(await detail({ name: 'x.yaml' })).toContain('not ending in .out, .err or .yaml');
    expect(await detail({ timeout: -1 })).toMatch(/^4/);
    expect(await detail({ tags: ['a b'] })).toContain('tags: "a b" is not usable');
    expect(await detail({ parameters: { a: { type: 'gpu' } } })).toContain('a has the type "gpu"');
    expect(await detail({ parameters: { a: { type: 'password', default: 'x' } } })).toContain(
      'a password with a default',
    );
    expect(await detail({ content: told('packages: {apt: [jq]}') })).toContain('packages is not supported');
    expect(await detail({ content: told('for_hardware: [pci:1af4]') })).toContain('for_hardware is not supported');
    expect(await detail({ content: told('nonsense: 1') })).toContain('"nonsense" is not known');
    expect(await detail({ content: told('name: other') })).toContain("name: the script's own metadata says otherwise");
    expect(await detail({ content: '#!/bin/sh\n# --- Start MAAS 1.0 script metadata ---\n' })).toContain(
      'does not end',
    );
    expect(await site.call('PATCH', '/scripts/regent-cpu', { body: { timeout: 1 } })).toMatchObject({ status: 409 });
    expect((await create({ name: 'x', content: TEXT }, 'user')).status).toBe(403);
    expect((await create({ name: 'smart', content: TEXT })).status).toBe(409);
  });
});

describe('a run', () => {
  const rows = () =>
    sql(`select name, given, sealed, content from run_scripts order by run, position`) as unknown as Promise<{
      rows: Record<string, unknown>[];
    }>;
  const order = (verb: string, body: object) => site.call('POST', `/machines/m1/${verb}`, { body });

  it('has the scripts that it began with, whatever becomes of them', async () => {
    await create({
      name: 'own',
      content: TEXT,
      tags: ['default'],
      parameters: { word: { type: 'string' }, pass: { type: 'password', required: false } },
    });
    expect(await order('commission', {})).toMatchObject({
      status: 422,
      body: { detail: expect.stringContaining('own needs word') },
    });
    expect(await order('commission', { scripts: ['nobody'] })).toMatchObject({
      status: 422,
      body: { detail: expect.stringContaining('there is no script or tag "nobody" of commissioning') },
    });
    expect(await order('commission', { scripts: ['smart'] })).toMatchObject({
      status: 422,
      body: { detail: expect.stringContaining('smart is a script of testing') },
    });
    expect(await order('commission', { parameters: { own: { word: 'a', evil: 'b' } } })).toMatchObject({ status: 422 });
    const parameters = { own: { word: 'a', pass: 'hunter2' } };
    expect(await order('commission', { parameters })).toMatchObject({ status: 202, body: { state: 'commissioning' } });
    await site.call('PATCH', '/scripts/own', { body: { content: '#!/bin/sh\necho changed\n' } });
    const stored = JSON.stringify(await rows());
    expect(stored).toContain('regent-system');
    expect(stored).toContain('"own"');
    expect(stored).not.toContain('changed');
    expect(stored).not.toContain('hunter2');
    expect(await order('abort', {})).toMatchObject({ status: 202 });
    expect(JSON.stringify(await rows())).not.toContain('regent-system');
  });

  it('of a test has those with the tag default, or those that are named; what destroys data only by its name, and never on what somebody has', async () => {
    await setState('ready');
    expect(await order('test', { skip: ['default'] })).toMatchObject({
      status: 409,
      body: { detail: expect.stringContaining('There is no test to run') },
    });
    expect(await order('test', { scripts: ['built-in'] })).toMatchObject({ status: 202 });
    expect(JSON.stringify(await rows())).not.toContain('regent-wipe');
    expect((await order('abort', {})).status).toBe(202);
    await setState('deployed');
    expect(await order('test', { scripts: ['regent-wipe'] })).toMatchObject({
      status: 409,
      body: { detail: expect.stringContaining('regent-wipe destroys data') },
    });
    await setState('ready');
    expect(
      await order('test', { scripts: ['regent-wipe'], parameters: { 'regent-wipe': { storage: 'sda' } } }),
    ).toMatchObject({ status: 202 });
    expect((await order('abort', {})).status).toBe(202);
  });
});

describe('a tag with a definition', () => {
  const tagsOf = async (name: string) => (await site.call('GET', `/machines/${name}`)).body['tags'];
  const inventory = (hostname: string, value: object) =>
    sql(`insert into machine_inventories (machine_id, inventory) select id, '${JSON.stringify(value)}' from machines where hostname = '${hostname}'
      on conflict (machine_id) do update set inventory = excluded.inventory`);

  it('is on the machines whose hardware it fits, and on no other', async () => {
    await inventory('m1', {
      memory: { kb: 33_554_432 },
      disks: [
        { name: 'sda', bytes: 1 },
        { name: 'nvme0n1', model: 'Fast NVMe' },
      ],
    });
    await inventory('m2', { memory: { kb: 1_048_576 }, virtual: 'qemu' });
    const made = await site.call('POST', '/tags', {
      body: { name: 'big', definition: 'memory.kb >= 16M and disks.model ~ "nvme"' },
    });
    expect(made, made.raw).toMatchObject({ status: 201, body: { machines: 1 } });
    expect([await tagsOf('m1'), await tagsOf('m2')]).toEqual([['big'], []]);
    await site.call('PATCH', '/tags/big', { body: { definition: 'virtual == qemu' } });
    expect([await tagsOf('m1'), await tagsOf('m2')]).toEqual([[], ['big']]);
    expect(await site.call('PATCH', '/machines/m1', { body: { tags: ['big'] } })).toMatchObject({ status: 409 });
    await site.call('POST', '/tags', { body: { name: 'hand' } });
    expect(await site.call('PATCH', '/machines/m2', { body: { tags: ['hand'] } })).toMatchObject({
      body: { tags: ['big', 'hand'] },
    });
    expect((await site.call('DELETE', '/tags/big')).status).toBe(200);
    expect(await tagsOf('m2')).toEqual(['hand']);
  });

  it('follows each new inventory', async () => {
    await site.call('POST', '/tags', { body: { name: 'small', definition: 'not memory.kb > 2M' } });
    expect(await tagsOf('m1')).toEqual([]);
    const id = String((await site.call('GET', '/machines/m1')).body.id);
    await beginRun(site, id, 'commissioning');
    const asker = { machineId: id, purpose: 'commissioning' as const, run: 0 };
    const [run] = value(
      await site.db.read((tx) =>
        tx.all(sqlText<{ id: number }>`select id from machine_tokens where ended_at is null and machine_id = ${id}`),
      ),
    );
    const taken = await site.region.metadata.inventory({ ...asker, run: run?.id ?? 0 }, { memory: { kb: 5 } }, '');
    expect(taken).toMatchObject({ inventory: { memory: { kb: 5 } } });
    expect(await tagsOf('m1')).toEqual(['small']);
  });

  it.each([
    ['//node[@id="x"', 'it ends too early'],
    ['document("/etc/passwd")', 'document at 1 is not a function'],
    ['memory.kb >=', 'it ends too early'],
    ['memory.kb >= many', 'compares numbers'],
    ['(memory.kb memory.kb', 'a ( has no )'],
    ['memory.kb; drop table tags', 'is not understood'],
    ['x'.repeat(1001), ''],
  ])('%s is refused', async (definition, why) => {
    const answer = await site.call('POST', '/tags', { body: { name: 'wrong', definition } });
    expect([answer.status, answer.body['detail']]).toEqual([422, expect.stringContaining(why)]);
  });
});
