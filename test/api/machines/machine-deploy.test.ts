import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { DEFAULT_SETTINGS } from '../../../src/model/site/settings.ts';
import { bootRecords } from '../../../src/region/images/boot-records.ts';
import { readSnapshot } from '../../../src/store/snapshot.ts';
import { type DeploySite, useDeploySite, HARDWARE, SHA } from '../../kit/deploy-site.ts';
import { usePostgres } from '../../kit/postgres.ts';
import { value } from '../../kit/store.ts';
import { filesOfTar } from '../../kit/tar.ts';

/** Deployments: what begins, what a machine is given, what it tells, and what goes with its release. */

const pg = usePostgres();
const deploying = useDeploySite(pg);
let on: DeploySite;
beforeAll(() => {
  on = deploying.get();
});
beforeEach(async () => {
  await on.reset();
  await on.site.call('POST', '/ssh-keys', { role: 'user', body: { key: KEY } });
});

const KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGPJfFnKG1bFMOCLrMNqXTCD2Tf3WVGYnfpgwnqF6Xy6 ada';
const deploy = (body: object = {}) => on.ask('deploy', { image: 'debian-13', ...body });
const ok = async (body: object = {}) => {
  // A pair would not warn.
  const answer = await deploy({ force: true, ...body });
  if (answer.status !== 202) throw new Error(answer.raw);
  return answer.body;
};
const addresses = async () =>
  ((await on.show())['interfaces'] as { addresses: { address: string }[] }[]).flatMap((card) =>
    card.addresses.map((one) => one.address),
  );
const record = async () => {
  const snapshot = value(await on.site.db.read(async (tx) => ({ found: await readSnapshot(tx) }))).found;
  return bootRecords({ ...snapshot, settings: DEFAULT_SETTINGS })
    .get('k1')
    ?.find(({ hostname }) => hostname === 'm1');
};
describe('deploy', () => {
  it('begins with an address, an order to the BMC and a run, all in one', async () => {
    const body = await ok();
    expect(body).toMatchObject({
      state: 'deploying',
      owner: 'user',
      busy: true,
      deployment: { image: 'debian-13', deployedAt: null },
    });
    expect(await addresses()).toEqual(['10.10.10.2']);
    expect(await on.admin("select payload -> 'order' as o from jobs")).toEqual([
      { o: { verb: 'cycle', boot: 'pxe', stopMode: 'hard' } },
    ]);
    expect((await record())?.boots?.[0]).toMatchObject({
      image: { name: 'ephemeral' },
      parameters: expect.arrayContaining(['regent.end=reboot']),
    });
  });

  it('of a VLAN with two subnets takes the one that the machine told its hardware from', async () => {
    const made = await on.site.call('POST', '/subnets', { body: { cidr: '10.10.30.0/24', vlan: 'vlan10' } });
    expect(made.status, made.raw).toBe(201);
    try {
      for (const [source, wanted] of [
        ['', []],
        ['10.10.30.77', ['10.10.30.1']],
        ['10.10.10.201', ['10.10.10.2']],
      ] as const) {
        await on.reset();
        await on.site.call('POST', '/ssh-keys', { role: 'user', body: { key: KEY } });
        await on.admin(`update machine_inventories set source = '${source}'`);
        await ok();
        expect(await addresses(), source).toEqual(wanted);
      }
    } finally {
      await on.reset();
      await on.site.call('DELETE', '/subnets/10.10.30.0%2F24');
    }
  });

  it('tried changes nothing', async () => {
    const answer = await on.site.call('POST', '/machines/m1/deploy?dry_run=true', {
      role: 'user',
      body: { image: 'debian-13', force: true },
    });
    expect(answer, answer.raw).toMatchObject({ status: 200, body: { object: { state: 'deploying' } } });
    expect(await on.show()).toMatchObject({ state: 'allocated' });
    expect([
      await addresses(),
      await on.admin('select from jobs'),
      await on.admin('select from machine_deployments'),
    ]).toEqual([[], [], []]);
  });

  it('gives the machine the steps and all that they need, byte for byte', async () => {
    const userData = Buffer.from([0x1f, 0x8b, 0, 255, 10, 13]);
    await ok({ userData: userData.toString('base64'), storage: { layout: 'lvm', swapBytes: 2 ** 30 } });
    const keys = await on.keys('10.10.10.2');
    const described = await on.metadata(keys, 'user-data');
    expect(described.body).toBe('#!/bin/sh\n');
    const files = filesOfTar((await on.metadata(keys, 'maas-scripts')).rawPayload);
    const text = (path: string) => files[`deployment/${path}`]?.toString();
    expect(files['deployment/seed/user-data']).toEqual(userData);
    expect(text('sources')).toBe('http://10.10.10.1:5248\n');
    expect(text('image/path')).toBe(`images/${'d'.repeat(64)}/root.tar.zst\n`);
    expect([text('image/sha256'), text('image/format'), text('image/compression'), text('image/size')]).toEqual([
      `${SHA}\n`,
      'tar\n',
      'zst\n',
      '1000\n',
    ]);
    expect([text('hostname'), text('fqdn'), text('ntp'), text('ssh-keys')]).toEqual([
      'm1\n',
      'm1.regent.internal\n',
      '10.10.10.1\n',
      `${KEY}\n`,
    ]);
    expect([text('storage/layout'), text('storage/firmware')]).toEqual(['lvm\n', 'uefi\n']);
    expect(text('storage/disks')).toContain('vda');
    expect(text('network/netplan.yaml')).toContain('10.10.10.2/24');
    expect(JSON.parse(text('seed/meta-data') ?? '')).toMatchObject({
      'local-hostname': 'm1.regent.internal',
      'public-keys': [KEY],
    });
    expect(files['index.txt']?.toString().match(/deploying-scripts\/regent-install-\d\d-\w+/g)).toEqual([
      'deploying-scripts/regent-install-10-disks',
      'deploying-scripts/regent-install-20-image',
    ]);
  });

  it('gives its interfaces the MTU of their VLAN', async () => {
    const vlans = (await on.site.call('GET', '/vlans')).body['items'] as { fabric: string; name: string }[];
    for (const { fabric, name } of vlans) {
      const set = await on.site.call('PATCH', `/vlans/${fabric}%2F${name}`, { body: { mtu: 9000 } });
      expect(set, set.raw).toMatchObject({ status: 200, body: { mtu: 9000 } });
    }
    await ok();
    const files = filesOfTar((await on.metadata(await on.keys('10.10.10.2'), 'maas-scripts')).rawPayload);
    expect(files['deployment/network/netplan.yaml']?.toString()).toContain('mtu: 9000');
  });

  it('ends with the word of its own system, and its credentials with it', async () => {
    await ok();
    await on.endJob();
    const keys = await on.keys('10.10.10.2');
    expect((await on.metadata(keys, '?op=signal', { status: 'OK' })).statusCode).toBe(200);
    expect(await on.show()).toMatchObject({ state: 'deploying' });
    // The second pass at the rack: its disk.
    expect(await record()).toMatchObject({ state: 'deploying', idle: 'local' });
    expect((await record())?.boots).toBeUndefined();
    // One that comes again all the same has nothing to do.
    expect((await on.metadata(keys, 'maas-scripts')).statusCode).toBe(204);
    expect((await on.metadata(keys, '?op=signal', { status: 'DEPLOYED', error: 'degraded' })).statusCode).toBe(200);
    expect(await on.show()).toMatchObject({
      state: 'deployed',
      busy: false,
      owner: 'user',
      error: '',
      message: 'Its cloud-init is degraded. On the machine: cloud-init status --long.',
      deployment: { image: 'debian-13', deployedAt: expect.any(String) },
    });
    expect((await on.metadata(keys, '?op=signal', { status: 'OK' })).statusCode).toBe(401);
    expect(await record()).toMatchObject({ state: 'deployed' });
    expect((await record())?.boots).toBeUndefined();
  });

  it('may be told by the installer before the end of its steps', async () => {
    await ok();
    const keys = await on.keys('10.10.10.2');
    expect((await on.metadata(keys, '?op=signal', { status: 'DEPLOYED', error: 'none' })).statusCode).toBe(200);
    expect(await on.show()).toMatchObject({ state: 'deployed', message: '' });
    expect((await on.metadata(keys, '?op=signal', { status: 'OK' })).statusCode).toBe(401);
  });

  it('may take as long as the step that runs may, and not longer', async () => {
    await ok();
    const keys = await on.keys('10.10.10.2');
    const index =
      filesOfTar((await on.metadata(keys, 'maas-scripts')).rawPayload)
        ['index.txt']?.toString()
        .split('\n') ?? [];
    const left = async () =>
      Number((await on.admin('select extract(epoch from deadline - now()) / 60 as m from machine_states'))[0]?.['m']);
    const begin = async (step: number) =>
      await on.metadata(keys, '?op=signal', {
        status: 'WORKING',
        script_result_id: index[step]?.split('\t')[0] ?? '',
      });
    // Ten minutes are left of the thirty of the setting.
    await on.admin("update machine_states set deadline = now() + interval '10 min', since = now() - interval '20 min'");
    expect((await begin(0)).statusCode).toBe(200);
    expect(await left()).toBeCloseTo(10, 0);
    // The image may take two hours; five minutes until the next step begins.
    expect((await begin(1)).statusCode).toBe(200);
    expect(await left()).toBeCloseTo(125, 0);
    // Rounded up, and some seconds have passed.
    const [row] = await on.admin('select minutes from machine_states');
    expect([145, 146]).toContain(row?.['minutes']);
  });

  it('keeps its image until it is written', async () => {
    await ok();
    const remove = async () => await on.site.call('DELETE', '/images/debian-13?dry_run=true');
    const refused = await remove();
    expect(refused, refused.raw).toMatchObject({ status: 409 });
    expect(refused.raw).toContain('debian-13 is being installed on m1.');
    await on.tell('abort');
    expect((await remove()).status).toBe(200);
  });

  it('fails with the step that failed and its last words; again it is one call', async () => {
    await ok({ storage: { layout: 'raid1' } });
    const keys = await on.keys('10.10.10.2');
    const files = filesOfTar((await on.metadata(keys, 'maas-scripts')).rawPayload);
    const [result] = files['index.txt']?.toString().split('\t') ?? [];
    const mark = 'x1';
    const part = (name: string, text: string, file = '') =>
      `--${mark}\r\nContent-Disposition: form-data; name="${name}"${file}\r\n\r\n${text}\r\n`;
    const log = 'wiping vda\nvda: no space left\n';
    const form = `${part('status', 'WORKING')}${part('exit_status', '1')}${part('script_result_id', result ?? '')}${part('a', log, '; filename="regent-install-10-disks.err"')}--${mark}--\r\n`;
    const { oauth } = await import('../../kit/preseed.ts');
    const told = await on.relay.inject({
      method: 'POST',
      url: '/MAAS/metadata/latest/?op=signal',
      headers: {
        authorization: oauth(keys),
        'content-type': `multipart/form-data; boundary=${mark}`,
        'x-forwarded-for': '10.10.10.2',
      },
      payload: form,
    });
    expect(told.statusCode, told.body).toBe(200);
    await on.metadata(keys, '?op=signal', { status: 'FAILED', error: 'failed: regent-install-10-disks' });
    const failed = await on.show();
    expect(failed).toMatchObject({ state: 'failed-deployment', owner: 'user' });
    expect(failed['error']).toMatch(
      /^1 of 2 scripts failed: regent-install-10-disks \(exit 1\)\. vda: no space left See: regent machine results m1 --run \d+$/,
    );
    // With what it was to have.
    expect((await on.ask('deploy', { force: true })).body).toMatchObject({
      state: 'deploying',
      deployment: { image: 'debian-13' },
    });
    expect(await on.admin('select storage from machine_deployments')).toEqual([{ storage: { layout: 'raid1' } }]);
    expect(await addresses()).toEqual(['10.10.10.2']);
  });

  it('whose disks have changed meanwhile fails before anything is written, and says so', async () => {
    await ok({ storage: { layout: 'raid1' } });
    const keys = await on.keys('10.10.10.2');
    await on.admin(
      `update machine_inventories set inventory = '${JSON.stringify({ ...HARDWARE, disks: HARDWARE.disks.slice(0, 1) })}'`,
    );
    expect((await on.metadata(keys, 'maas-scripts')).statusCode).toBe(409);
    expect(await on.show()).toMatchObject({ state: 'failed-deployment', error: expect.stringContaining('disk') });
  });

  it('that is begun anew by another rack begins with its first step', async () => {
    await ok();
    const keys = await on.keys('10.10.10.2');
    await on.metadata(keys, 'maas-scripts');
    await on.admin(
      "update machine_script_results set state = 'passed', ended_at = now() where script like '%10-disks'",
    );
    await on.endJob();
    value((await on.tell('boot-lost', { text: 'k1 died.' })) as object);
    expect(await on.show()).toMatchObject({ state: 'deploying', busy: true });
    expect(
      await on.admin(
        'select distinct state from machine_script_results where run = (select max(id) from machine_tokens)',
      ),
    ).toEqual([{ state: 'pending' }]);
    expect((await on.metadata(keys, 'maas-scripts')).statusCode).toBe(200);
  });

  it('is ended by abort, and the machine stays its owner’s', async () => {
    await ok();
    expect((await on.site.call('POST', '/machines/m1/abort', { body: {} })).body).toMatchObject({
      state: 'allocated',
      owner: 'user',
    });
    expect((await on.admin("select payload -> 'order' ->> 'verb' as v from jobs order by id")).at(-1)).toEqual({
      v: 'off',
    });
  });

  it('in memory writes to no disk, and boots the network each time', async () => {
    const answer = await on.ask('deploy', {
      ephemeral: true,
      force: true,
      userData: Buffer.from('#cloud-config\n').toString('base64'),
    });
    expect(answer, answer.raw).toMatchObject({
      status: 202,
      body: { state: 'deploying', deployment: { image: null } },
    });
    const keys = await on.keys('10.10.10.2');
    expect((await on.metadata(keys, 'maas-scripts')).statusCode).toBe(204);
    expect((await on.metadata(keys, 'user-data')).body).toBe('#cloud-config\n');
    expect((await record())?.boots?.[0]?.parameters).toContain('regent.end=wait');
    value((await on.tell('deployed')) as object);
    expect((await record())?.boots).toHaveLength(1);
    expect((await on.metadata(keys, 'user-data')).statusCode).toBe(200);
  });

  it.each([
    [
      '10 MB of user data',
      { userData: Buffer.alloc(10 * 1024 * 1024).toString('base64') },
      413,
      'The user data have 10485760 bytes. Rule: at most 1048576.',
    ],
    ['user data that are no base64', { userData: '#cloud-config' }, 422, 'RFC 4648'],
    ['an image that nobody has', { image: 'windows' }, 404, 'one of debian-13'],
    ['an image that installs', { image: 'ephemeral' }, 409, 'is ephemeral. Rule: an image of the kind deployable'],
    ['bcache', { storage: { layout: 'bcache' } }, 409, 'bcache'],
    ['a layout that nobody knows', { storage: { layout: 'zfs' } }, 422, ''],
    ['a disk that is not there', { storage: { layout: 'flat', disks: ['vdz'] } }, 409, 'vdz'],
  ])('refuses %s, and leaves nothing', async (_, body, status, words) => {
    const answer = await deploy({ force: true, ...body });
    expect(answer.status, answer.raw.slice(0, 500)).toBe(status);
    expect(answer.body.detail).toContain(words);
    expect(await on.show()).toMatchObject({ state: 'allocated' });
    expect([await addresses(), await on.admin('select from jobs')]).toEqual([[], []]);
  });

  it("refuses somebody else's machine", async () => {
    const answer = await on.site.call('POST', '/machines/m1/deploy', {
      role: 'operator',
      body: { image: 'debian-13' },
    });
    expect(answer).toMatchObject({
      status: 403,
      body: { detail: "m1 is user's. Rule: its owner or an admin may deploy it." },
    });
  });

  it('is given back with its address and its credentials in one transaction', async () => {
    await ok();
    const keys = await on.keys('10.10.10.2');
    value((await on.tell('deployed')) as object);
    expect((await on.ask('release')).body).toMatchObject({ state: 'releasing' });
    expect(await addresses()).toEqual([]);
    expect((await on.show())['deployment']).toBeUndefined();
    expect((await on.metadata(keys, 'user-data')).statusCode).toBe(401);
    await on.endJob();
    expect(await on.show()).toMatchObject({ state: 'ready', owner: null });
    expect(await record()).not.toHaveProperty('idle');
  });
});

describe('the guard', () => {
  const bad = [
    [
      'a VLAN without DHCP',
      async () => void (await on.site.call('PATCH', '/vlans/vlan10', { body: { dhcpOn: false } })),
      'Its VLAN',
      'has no DHCP: the machine would not boot.',
    ],
    [
      'no rack that answers',
      () => on.report('k1', [], [['eth1', '10.10.10.1']]),
      'No rack answers DHCP on its VLAN',
      'regent pairing propose',
    ],
    [
      'no image on any region',
      () => on.admin('delete from image_places'),
      'No region node has a complete copy of the image debian-13.',
      'regent image show debian-13',
    ],
    [
      'no image that installs',
      () => on.admin('update images set is_default = false'),
      'Its architecture has no default image of the kind ephemeral',
      'regent image set-default',
    ],
    [
      'a BMC that cannot be asked',
      () =>
        on.admin(
          "insert into machine_power (machine_id, state, why, remedy) select id, 'error', 'Its password is wrong.', 'Set it.' from machines",
        ),
      'Its BMC m1-bmc cannot be reached. Its password is wrong. Set it.',
      'regent bmc show m1-bmc',
    ],
  ] as const;
  it.each(bad)('refuses with %s, whoever insists, and changes nothing', async (_, break_, ...words) => {
    await break_();
    const answer = await deploy({ force: true });
    expect(answer).toMatchObject({ status: 409, body: { code: 'conflict' } });
    for (const word of words) expect(answer.body.detail).toContain(word);
    expect(await on.show()).toMatchObject({ state: 'allocated', busy: false });
    expect(await addresses()).toEqual([]);
  });

  it('only warns of what may go wrong: it goes on with force', async () => {
    await on.admin('delete from ssh_keys');
    const answer = await deploy();
    expect(answer.status).toBe(409);
    for (const word of ['Nobody could log in', 'To deploy anyway: --force.'])
      expect(answer.body.detail).toContain(word);
    expect((answer.body.fields ?? []).map(({ field }) => field)).toEqual(['no-way-in']);
    expect((await deploy({ force: true })).status).toBe(202);
  });
});
