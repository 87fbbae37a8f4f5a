import { mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { judgeOne } from '../../src/region/cluster/doctor.ts';
import type { StoredLearner } from '../../src/region/cluster/trust/port.ts';
import { testAuthority, testIdentity } from '../kit/cluster/pki.ts';
import { DebianHost } from '../kit/debian-root.ts';
import { until } from '../kit/until.ts';
import { aSite } from '../unit/region/cluster/fixture.ts';

/** The trap of etcd 3.5.16: a learner that was promoted stays one in the v3 store. On the store of two members of Debian's etcd. */

const TOP = join(import.meta.dirname, '../..');
const STORE = '/var/lib/etcd/regent/member/snap/db';
const PKI = '/etc/regent/pki';
const NODE = process.execPath;
let host: DebianHost;
let folder: string;

const ctl = (...words: readonly string[]) =>
  host.run([
    'etcdctl',
    '--endpoints=https://127.0.0.1:2379',
    `--cacert=${PKI}/ca.crt`,
    `--cert=${PKI}/node.crt`,
    `--key=${PKI}/node.key`,
    ...words,
  ]);
const must = async (...words: readonly string[]) => {
  const ran = await ctl(...words);
  if (ran.code !== 0) throw new Error(ran.stderr);
  return ran.stdout;
};

function startMember(
  name: string,
  data: string,
  ports: readonly [client: number, peer: number],
  more: readonly string[],
) {
  const [client, peer] = ports;
  const tls = (side: string) => [
    `--${side}cert-file=${PKI}/node.crt`,
    `--${side}key-file=${PKI}/node.key`,
    `--${side}trusted-ca-file=${PKI}/ca.crt`,
    `--${side}client-cert-auth`,
  ];
  const url = (port: number) => `https://127.0.0.1:${port}`;
  const at = [
    `--listen-client-urls=${url(client)}`,
    `--advertise-client-urls=${url(client)}`,
    `--listen-peer-urls=${url(peer)}`,
    `--initial-advertise-peer-urls=${url(peer)}`,
  ];
  host.start(['etcd', `--name=${name}`, `--data-dir=${data}`, ...at, ...tls(''), ...tls('peer-'), ...more]);
}

/** As `scripts/install` does it, with its files and its runtime. `installed`: the version that dpkg knows. */
async function installStep(installed: string) {
  const status = readFileSync(host.path('/var/lib/dpkg/status'), 'utf8');
  const other = status.replace(/(Package: etcd-server\n(?:.+\n)*?Version: )\S+/, `$1${installed}`);
  host.write('/var/lib/dpkg/status', other);
  const script = `cd /opt/tree/scripts; set -euo pipefail; here=$PWD; source_dir=/opt/tree; . lib/say.sh; . lib/host.sh; watch_steps; check_etcd; echo passed`;
  return await host.run(['bash', '-c', script]);
}

beforeAll(async () => {
  host = await DebianHost.open();
  folder = mkdtempSync(join(tmpdir(), 'regent-learners-'));
  const identity = await testIdentity(await testAuthority(), { nodeId: 'r1', isRegion: true });
  for (const [name, text] of [
    ['ca.crt', identity.authority],
    ['node.crt', identity.certificate],
    ['node.key', identity.key],
  ] as const) {
    host.write(`${PKI}/${name}`, text);
    writeFileSync(join(folder, name), text);
  }
  for (const place of [
    '/opt/tree/bin',
    '/opt/tree/src',
    '/opt/tree/scripts',
    '/opt/tree/node_modules',
    '/usr/local/runtime',
  ])
    host.write(`${place}/.here`, '');
  for (const part of ['src', 'scripts']) await host.show(join(TOP, part), `/opt/tree/${part}`);
  await host.show(realpathSync(join(TOP, 'node_modules')), '/opt/tree/node_modules');
  await host.show(join(NODE, '..'), '/opt/tree/bin');
  startMember('r1', '/var/lib/etcd/regent', [2379, 2380], ['--initial-cluster=r1=https://127.0.0.1:2380']);
  await until('the first member leads', async () => (await ctl('endpoint', 'health')).code === 0);
}, 60_000);
afterAll(async () => {
  await host[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

const stored = async () => {
  const ran = await host.run(['/opt/tree/bin/node', '/opt/tree/src/main/region/etcd/learners.ts', STORE]);
  return { code: ran.code, names: ran.stdout.split('\n').filter(Boolean), why: ran.stderr };
};

/** What regiond reads over TLS, put before the doctor of a site of r1 and r2. */
async function doctor(version: string) {
  const child = host.startBeside([NODE, join(TOP, 'test/kit/stored-learners.ts'), folder, '2379']);
  let text = '';
  child.stdout?.on('data', (part: Buffer) => (text += part.toString()));
  await new Promise((resolve) => child.once('close', resolve));
  const site = aSite({ regions: 2, site: { storedLearners: JSON.parse(text) as StoredLearner[] | null } });
  const nodes = site.nodes.map((node) => ({ ...node, versions: { dcs: version } }));
  return judgeOne({ ...site, nodes }, 'etcd-learners');
}

describe("etcd's store before the step to 3.6", () => {
  it('holds for one member: the doctor is content, the installer goes on', async () => {
    expect(await stored()).toEqual({ code: 0, names: [], why: '' });
    expect(await doctor('etcd Version: 3.5.16')).toMatchObject({
      state: 'ok',
      detail: 'The v3 store of etcd has no voter as a learner.',
    });
    expect((await installStep('3.6.4-1')).stdout).toBe('passed\n');
  });

  it('names who was promoted: the doctor names it, and the installer refuses 3.6, and nothing but 3.6', async () => {
    const added = await must('member', 'add', 'r2', '--learner', '--peer-urls=https://127.0.0.1:2382');
    const id = /Member ([0-9a-f]+) added/.exec(added)?.[1] ?? '';
    startMember(
      'r2',
      '/var/lib/etcd/second',
      [2381, 2382],
      ['--initial-cluster=r1=https://127.0.0.1:2380,r2=https://127.0.0.1:2382', '--initial-cluster-state=existing'],
    );
    await until('the learner is promoted', async () => (await ctl('member', 'promote', id)).code === 0, {
      deadlineMs: 20_000,
    });
    expect(await must('member', 'list')).not.toContain('true');
    // Written many times a second meanwhile: the file is read while etcd commits.
    const busy = host.start([
      'sh',
      '-c',
      `while :; do etcdctl --endpoints=https://127.0.0.1:2379 --cacert=${PKI}/ca.crt --cert=${PKI}/node.crt --key=${PKI}/node.key put x y; done`,
    ]);
    for (let round = 0; round < 5; round += 1)
      expect(await stored()).toEqual({ code: 0, names: ['127.0.0.1:2382'], why: '' });
    busy.kill();
    const today = await doctor('etcd Version: 3.5.16');
    expect(today).toMatchObject({ state: 'ok' });
    expect(today?.detail).toBe(
      'The v3 store of etcd has 127.0.0.1:2382 as a learner, and it votes. A direct step to etcd 3.6 is refused. Rule: etcd 3.5.20 or later of the line 3.5 runs on every region node before etcd 3.6 is installed on one.',
    );
    const late = await doctor('etcd Version: 3.6.4');
    expect(late).toMatchObject({ state: 'broken' });
    expect(late?.detail).toContain('etcd 3.6 or later is installed on r1 and r2');
    for (const version of ['3.6.0-1', '3.6.14-2', '3.7.0-1', '4.0-1']) {
      const refused = await installStep(version);
      expect(refused).toMatchObject({ code: 1 });
      expect(refused.stderr).toContain(
        `etcd ${version.split('-')[0]} is not taken: the v3 store of etcd has members as learners although they vote (127.0.0.1:2382)`,
      );
      expect(refused.stderr).toContain('etcd 3.5.20 or later of the line 3.5 runs on every region node');
    }
    for (const version of ['3.5.16-4', '3.5.20-1', '3.5.33-1'])
      expect((await installStep(version)).stdout).toBe('passed\n');
  }, 60_000);

  it('is forgotten with the member; a file that is no store is refused with the reason', async () => {
    const id = /^([0-9a-f]+), started, r2/m.exec(await must('member', 'list'))?.[1] ?? '';
    // A leader that has just lost nobody waits until it has heard everybody for 5 s.
    await until('the member is removed', async () => (await ctl('member', 'remove', id)).code === 0, {
      deadlineMs: 20_000,
    });
    await until('the store has forgotten it', async () => (await stored()).names.length === 0);

    for (const [text, why] of [
      ['', 'its header is not that of an etcd store'],
      ['x'.repeat(9000), 'its header is not that of an etcd store'],
    ] as const) {
      host.write('/var/lib/etcd/no-store', text);
      const ran = await host.run([
        '/opt/tree/bin/node',
        '/opt/tree/src/main/region/etcd/learners.ts',
        '/var/lib/etcd/no-store',
      ]);
      expect(ran).toMatchObject({ code: 1 });
      expect(ran.stderr).toContain(why);
    }
  });
});
