import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Role } from '../../../src/contract/base/role.ts';
import type { MachineEvent } from '../../../src/model/machines/machine-states.ts';
import { machineEvent } from '../../../src/region/machines/lifecycle/event.ts';
import { createLifecycleTask } from '../../../src/region/machines/lifecycle/task.ts';
import { giveAddress, storeDeployment } from '../../../src/store/queries/machines/deployments.ts';
import { builtInScript, machineScriptsOf } from '../../kit/machine-scripts.ts';
import { realRandom, usePostgres } from '../../kit/postgres.ts';
import { type Method, startTestRegion, type TestRegion } from '../../kit/region.ts';
import { change, value } from '../../kit/store.ts';

/** Machines that people take and give back. */

const pg = usePostgres();
let site: TestRegion;
beforeAll(async () => {
  const machineScripts = machineScriptsOf(
    ...['regent-erase-quick', 'regent-erase-full'].map((name) =>
      builtInScript(name, '', 'script_type: erasing; destructive: true'),
    ),
  );
  site = await startTestRegion(pg.get(), { machineScripts, deadlineMs: 60_000 });
  const parameters = { power_address: '10.88.0.1', power_user: 'operator', power_pass: '' };
  await made('/bmcs', { name: 'm1-bmc', powerType: 'ipmi', parameters });
  await made('/zones', { name: 'hall-1' });
  await made('/resource-pools', { name: 'lab' });
  await made('/tags', { name: 'gpu' });
  await made('/vlans', { vid: 20, name: 'storage' });
  await made('/subnets', { cidr: '10.20.0.0/24', vlan: 'storage' });
});
afterAll(() => site.close());
beforeEach(async () => {
  await admin('delete from jobs');
  for (const { hostname } of (await say('GET', '/machines')).body['items'] as { hostname: string }[]) {
    await admin('delete from machine_states');
    await say('DELETE', `/machines/${hostname}`);
  }
});

type By = { readonly role?: Role; readonly headers?: Readonly<Record<string, string>> };
const say = (method: Method, path: string, body?: unknown, by: By = {}) =>
  site.call(method, path, { ...by, ...(body === undefined ? {} : { body }) });
const ask = (verb: string, body: object = {}, by: By = {}) => say('POST', `/machines/m1/${verb}`, body, by);
const allocate = (body: object = {}, by: By = {}) => say('POST', '/machines/allocate', body, by);
const admin = (text: string) => pg.get().admin(text, site.connection.database);
const made = async (path: string, body: object) => {
  const answer = await say('POST', path, body);
  if (answer.status !== 201) throw new Error(answer.raw);
  return answer.body;
};
const show = async (hostname = 'm1') => (await say('GET', `/machines/${hostname}`)).body;
const round = () => createLifecycleTask(site.db, realRandom).run();
const endJob = async (state: 'done' | 'failed' = 'done') => {
  await admin(`update jobs set state = '${state}', result = 'x', ended_at = clock_timestamp() where ended_at is null`);
  await round();
};
const tell = async (event: MachineEvent, more: object = {}) => {
  const machineId = String((await show())['id']);
  return await change(site.db, (tx) => machineEvent(tx, { machineId, event, by: 'metadata', ...more }));
};
/** A ready machine; `inventory`: what it told of itself. */
const ready = async (hostname: string, body: object = {}, inventory: object = {}) => {
  const { id } = await made('/machines', { hostname, ...body });
  await admin(
    `insert into machine_states (machine_id, state, epoch, commissioned_at) values ('${id}', 'ready', 1, now())`,
  );
  await admin(
    `insert into machine_inventories (machine_id, inventory) values ('${id}', '${JSON.stringify(inventory)}')`,
  );
};
const hardware = (cpus: number, gib: number, ...disks: object[]) => ({
  cpu: { count: cpus, architecture: 'x86_64' },
  memory: { kb: gib * 2 ** 20 },
  disks,
});
const nameOf = (answer: { body: Record<string, unknown> }) =>
  (answer.body['machine'] as { hostname: string } | undefined)?.hostname;

describe('allocate', () => {
  beforeEach(async () => {
    const ssd = { name: 'sda', bytes: 256e9, rotational: false };
    await ready('small', {}, hardware(2, 4, { ...ssd, bytes: 20e9 }));
    await ready(
      'middle',
      { zone: 'hall-1', tags: ['gpu'] },
      hardware(8, 16, ssd, { name: 'sdb', bytes: 4e12, rotational: true }),
    );
    await ready(
      'large',
      { pool: 'lab', interfaces: [{ name: 'eth0', mac: '52:54:00:00:00:01', addresses: [{ address: '10.20.0.9' }] }] },
      hardware(64, 512, ssd),
    );
  });

  it.each([
    ['nothing in particular: the smallest', {}, 'small'],
    ['a name', { machines: ['large.regent.internal', 'nobody'] }, 'large'],
    ['an architecture as MAAS says it', { architectures: ['amd64/generic'] }, 'small'],
    ['processors', { cpus: 3 }, 'middle'],
    ['memory', { memoryMb: 16_385 }, 'large'],
    ['a tag', { tags: ['gpu'] }, 'middle'],
    ['no such tag', { notTags: ['gpu'], cpus: 3 }, 'large'],
    ['a zone', { zones: ['hall-1'] }, 'middle'],
    ['no such zone', { notZones: ['default'] }, 'middle'],
    ['a pool', { pools: ['lab', 'other'] }, 'large'],
    ['no such pool', { notPools: ['default'] }, 'large'],
    ['a subnet', { subnets: ['10.20.0.0/24'] }, 'large'],
    ['an interface', { interfaces: 'data:vid=20,vlan=storage' }, 'large'],
    ['disks', { storage: 'root:100(ssd),data:1000(rotary)' }, 'middle'],
  ])('gives one that has %s', async (_, wish, hostname) => {
    const answer = await allocate(wish, { role: 'user' });
    expect(answer.status, answer.raw).toBe(200);
    expect(nameOf(answer)).toBe(hostname);
    expect(await show(hostname)).toMatchObject({ state: 'allocated', owner: 'user' });
  });

  it('tells which disk and which interface is which', async () => {
    const disks = await allocate({ storage: 'root:100(ssd),data:1000' });
    expect(disks.body).toMatchObject({ storage: { root: 'sda', data: 'sdb' }, interfaces: {} });
    const card = await allocate({ interfaces: 'data:name=eth0' });
    expect(card.body).toMatchObject({ interfaces: { data: expect.any(Number) } });
  });

  it.each([
    [
      'all that none has',
      { cpus: 8, memoryMb: 10 ** 6 },
      'No ready machine fits. Machines that are left: 3 ready, 2 after 8 processors, 0 after 1000000 MiB of memory.',
    ],
    ['a tag that none has', { tags: ['fast'] }, '0 after tag fast.'],
    ['three disks', { storage: '1,1,1' }, '0 after its disks (the first one holds /, the others hold nothing).'],
    ['another architecture', { architectures: ['arm64'] }, '0 after architecture arm64.'],
  ])('says why none fits: %s', async (_, wish, words) => {
    const answer = await allocate(wish);
    expect(answer).toMatchObject({ status: 409, body: { code: 'conflict' } });
    expect(answer.body.detail).toContain(words);
  });

  it.each([
    [{ storage: 'root' }, 'LABEL:GB(TAG,TAG)'],
    [{ storage: 'a:1,a:2' }, 'a is there twice'],
    [{ interfaces: 'fabric=f' }, 'has no label'],
    [{ interfaces: 'a:colour=red' }, 'a key of name, mac'],
    [{ cpus: 0 }, ''],
    [{ tags: [] }, ''],
    [{ colour: 'red' }, ''],
  ])('refuses what it does not understand: %j', async (wish, words) => {
    const answer = await allocate(wish);
    expect(answer.status).toBe(422);
    expect(JSON.stringify(answer.body)).toContain(words);
  });

  it('tried changes nothing, and says what it would give', async () => {
    const answer = await say('POST', '/machines/allocate?dry_run=true', {});
    expect(answer).toMatchObject({ status: 200, body: { object: { machine: { hostname: 'small' } } } });
    expect(await show('small')).toMatchObject({ state: 'ready', owner: null });
  });

  it('takes no machine that is locked', async () => {
    for (const name of ['small', 'middle', 'large']) await say('POST', `/machines/${name}/lock`, {});
    expect((await allocate()).body.detail).toBe(
      'No machine is ready and unlocked. See: regent machine list --state ready.',
    );
  });

  it('of 50 at once for the last one gives it to exactly one', async () => {
    for (const name of ['small', 'middle']) await say('POST', `/machines/${name}/lock`, {});
    const roles: Role[] = ['admin', 'operator', 'user'];
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, index) => allocate({}, { role: roles[index % 3] ?? 'user' })),
    );
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    for (const { status, body } of answers.filter((answer) => answer.status !== 200))
      expect([status, body.detail]).toEqual([
        409,
        'No machine is ready and unlocked. See: regent machine list --state ready.',
      ]);
    const owner = nameOf(answers.find(({ status }) => status === 200) ?? { body: {} });
    expect(owner).toBe('large');
  }, 120_000);

  it('of three at once for three gives each another one', async () => {
    const answers = await Promise.all([allocate(), allocate(), allocate()]);
    expect(answers.map(nameOf).toSorted((one = '', other = '') => (one < other ? -1 : 1))).toEqual([
      'large',
      'middle',
      'small',
    ]);
  });

  it('of one that is named takes that one, once', async () => {
    const take = () => say('POST', '/machines/middle/allocate', { comment: 'for a test' }, { role: 'user' });
    expect(await take()).toMatchObject({ status: 200, body: { state: 'allocated', owner: 'user' } });
    expect((await take()).body.detail).toContain(
      'allocate does not fit: middle is allocated. Rule: allocate when it is ready.',
    );
    expect((await say('POST', '/machines/small/allocate', {}, { role: 'auditor' })).status).toBe(403);
    expect((await allocate({}, { role: 'auditor' })).status).toBe(403);
  });
});

describe('release', () => {
  beforeEach(async () => {
    await ready('m1', {
      bmc: 'm1-bmc',
      interfaces: [
        { name: 'eth0', mac: '52:54:00:00:00:01', addresses: [{ address: '10.20.0.10' }] },
        { name: 'eth1', mac: '52:54:00:00:00:02', vlan: 'storage' },
      ],
    });
    await ask('allocate', {}, { role: 'user' });
  });
  const addresses = async () =>
    ((await show())['interfaces'] as { addresses: { address: string }[] }[]).flatMap((card) =>
      card.addresses.map((one) => one.address),
    );

  it('switches the machine off, and it is ready then', async () => {
    const answer = await ask('release', { comment: 'done' }, { role: 'user' });
    expect(answer).toMatchObject({
      status: 202,
      body: { state: 'releasing', owner: 'user', busy: true, message: 'The machine waits for its release.' },
    });
    await endJob();
    expect(await show()).toMatchObject({ state: 'ready', owner: null, busy: false, message: '' });
  });

  it('takes the addresses that a deployment gave in the same transaction, and no others', async () => {
    const machineId = String((await show())['id']);
    const [first, second] = (await show())['interfaces'] as { id: number; addresses: { subnetId: number }[] }[];
    const interfaceId = second?.id ?? 0;
    const subnetId = first?.addresses[0]?.subnetId ?? 0;
    value(
      await change(site.db, async (tx) => {
        await storeDeployment(tx, {
          machineId,
          image: null,
          imageName: '',
          storage: {},
          isEphemeral: false,
          startedBy: 'user',
        });
        await giveAddress(tx, { machineId, interfaceId, subnetId, address: '10.20.0.11' });
        return {};
      }),
    );
    const history = async () =>
      ((await say('GET', '/config/history?limit=1')).body['items'] as { summary: string }[])[0]?.summary;
    expect(await addresses()).toEqual(['10.20.0.10', '10.20.0.11']);
    await ask('release', {}, { role: 'user' });
    expect(await addresses()).toEqual(['10.20.0.10']);
    expect(await history()).toBe('machine release m1');
    expect(await admin('select from machine_deployments')).toEqual([]);
    // Another machine may have it when this one is off, which has it until then.
    const other = {
      hostname: 'm2',
      interfaces: [{ mac: '52:54:00:00:00:03', addresses: [{ address: '10.20.0.11' }] }],
    };
    expect((await say('POST', '/machines', other)).body['detail']).toContain('is still an address of the system on m1');
    await endJob();
    await made('/machines', other);
  });

  it('fails visibly where the machine cannot be switched off, and can be asked for again', async () => {
    await ask('release', {}, { role: 'user' });
    await endJob('failed');
    expect(await show()).toMatchObject({
      state: 'failed-releasing',
      owner: 'user',
      error: expect.stringContaining('which had to switch the machine, failed'),
    });
    await ask('release', {}, { role: 'user' });
    await endJob();
    expect(await show()).toMatchObject({ state: 'ready', owner: null });
  });

  it('of a machine that nothing switches leaves that to a person', async () => {
    await say('PATCH', '/machines/m1', { bmc: null });
    expect((await ask('release')).body).toMatchObject({
      state: 'ready',
      message: 'The machine has no BMC that switches it, so a person must switch it off.',
    });
  });

  it("of somebody else's machine is for admins alone, and of a locked one for nobody", async () => {
    expect(await ask('release', {}, { role: 'operator' })).toMatchObject({ status: 403 });
    expect((await ask('release', {}, { role: 'operator' })).body.detail).toBe(
      "m1 is user's. Rule: its owner or an admin may release it.",
    );
    await ask('lock');
    expect((await ask('release')).body.detail).toBe(
      'm1 is locked and stays allocated. Rule: no release before regent machine unlock m1.',
    );
    await ask('unlock');
    expect(await ask('release')).toMatchObject({ status: 202 });
  });

  it('with an erasure boots the machine, and makes it ready once its disks are erased', async () => {
    expect(await ask('release', { erase: true, quickErase: true }, { role: 'user' })).toMatchObject({
      status: 202,
      body: { state: 'disk-erasing', owner: 'user', message: 'The machine waits for the end of the erasure.' },
    });
    expect(await admin('select erase from machine_deployments')).toEqual([
      { erase: { isQuick: true, isSecure: false } },
    ]);
    expect(await admin('select purpose from machine_tokens where ended_at is null')).toEqual([{ purpose: 'erasing' }]);
    expect(await admin('select r.name from run_scripts r')).toEqual([{ name: 'regent-erase-quick' }]);
    await endJob();
    value(await tell('scripts-passed'));
    expect(await show()).toMatchObject({ state: 'ready', owner: null });
    expect(await admin('select * from machine_deployments where erase is not null')).toEqual([]);
  });

  it('of all blocks has two days for it, and another script', async () => {
    await ask('release', { erase: true });
    expect(
      await admin('select r.name, s.minutes from run_scripts r, machine_states s where s.minutes is not null'),
    ).toEqual([{ name: 'regent-erase-full', minutes: 2940 }]);
  });

  it('whose erasure fails is never ready before another one passes', async () => {
    await ask('release', { erase: true });
    value(await tell('scripts-failed', { text: 'sda: 3 sectors cannot be written.' }));
    expect(await show()).toMatchObject({
      state: 'failed-disk-erasing',
      owner: 'user',
      error: 'sda: 3 sectors cannot be written.',
    });
    expect((await ask('release')).body.detail).toContain('Possible now: test, mark-broken, lock, release --erase.');
    expect((await ask('commission')).status).toBe(409);
    await ask('mark-broken', { comment: 'a bad disk' });
    expect((await ask('mark-fixed')).body).toMatchObject({ state: 'failed-disk-erasing' });
    await ask('release', { erase: true });
    expect((await ask('abort')).body).toMatchObject({ state: 'failed-disk-erasing', error: 'abort, by admin.' });
    await ask('release', { erase: true });
    value(await tell('scripts-passed'));
    expect(await show()).toMatchObject({ state: 'ready', owner: null });
  });

  it('refuses a way of erasing without an erasure', async () => {
    expect((await ask('release', { quickErase: true })).status).toBe(422);
    expect((await ask('release', { erase: 'yes' })).status).toBe(422);
  });
});
