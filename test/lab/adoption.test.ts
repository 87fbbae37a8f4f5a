import { copyFileSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { askForLease } from '../../src/lab/dhcp/client.ts';
import { kill, up } from '../../src/lab/lab.ts';
import { installRelease } from '../../src/lab/product/install.ts';
import { SINGLE } from '../../src/lab/topologies.ts';
import { systemRandom } from '../../src/main/process.ts';
import { RANDOM } from '../kit/dice.ts';
import { makeEarlierRelease } from '../kit/earlier/release.ts';
import { CLUSTERED, lostRows, PRIVATE, readRows, type Rows } from '../kit/earlier/site.ts';
import { type Saved, saveLab } from '../kit/earlier/saved.ts';
import { LAB_PROGRAM, makeRelease, openLab, PACKAGES_FILE, type TestLab } from '../kit/lab.ts';
import { told } from '../kit/site.ts';
import { pause, until } from '../kit/until.ts';

/** What an operator has on a node of 0.2.0: typed there, with its own command line. */
const SITE = [
  'vlan create --name vlan10 --vid 10',
  'subnet create 10.10.10.0/24 --vlan vlan10',
  'range create 10.10.10.200-10.10.10.250 --kind dynamic',
  'vlan set vlan10 --dhcp on --wait',
  'domain create site.example',
  'record create www.site.example A 10.10.10.50',
  'record create txt.site.example TXT \'hello "x"\'',
  'machine create web1 --mac 52:54:00:12:34:56 --address 10.10.10.60',
  'machine create web2 --mac 52:54:00:12:34:57 --address auto --subnet 10.10.10.0/24',
  'reservation create 10.10.10.70 --mac 52:54:00:12:34:99',
  'setting set dhcp_lease_time 1200',
  'user create olga --role operator',
].map((words) => `regent ${words}`);
const ZONES = ['regent.internal', 'site.example', '10.10.10.in-addr.arpa'];
const MAC = '52:54:00:aa:00:01';
/** A cut is tried in each part of the adoption, at a moment that nobody chose. */
const PARTS = [
  { from: 3, to: 7 },
  { from: 8, to: 14 },
];
const LOG = '/var/tmp/install.log';

/**
 * A host that runs version 0.2.0 (a real release of it, test/kit/earlier), on which this version is installed: an ordinary upgrade, which
 * makes the single node with its private PostgreSQL the first member of a cluster.
 */
describe('a single node of 0.2.0, adopted in place by installing this version', () => {
  let lab: TestLab;
  let saved: Saved;
  let apiKey = '';
  let before: { readonly rows: Rows; readonly serials: readonly number[]; readonly lease: string };
  let install = '';

  const sh = (script: string, timeoutMs?: number) => lab.ask('r1', ['bash', '-c', script], timeoutMs);
  const trySh = (script: string, timeoutMs?: number) => lab.exec('r1', ['bash', '-c', script], timeoutMs);
  const serials = async () =>
    Promise.all(ZONES.map(async (zone) => Number((await sh(`dig +short @127.0.0.1 ${zone} SOA`)).split(' ')[2])));
  const pids = async () => await sh('systemctl show --property=Id,MainPID named kea-dhcp4-server squid');
  const order = (archive: string) => ({
    layout: lab.layout,
    archive,
    random: systemRandom(),
    contextFile: '/nonexistent',
    progress: () => {},
  });

  beforeAll(async () => {
    const made = makeRelease();
    const earlier = makeEarlierRelease();
    lab = await openLab('adoption');
    const kept = join(lab.layout.folder, basename(made));
    copyFileSync(made, kept);
    await installRelease(order(earlier), ['r1']);
    const init = await sh('regent init --single --name r1 --address 10.77.0.11 --json 2>/dev/null', 120_000);
    apiKey = (JSON.parse(init) as { apiKey: string }).apiKey;
    await sh(SITE.join(' && '), 120_000);
    const { address } = await askForLease({ layout: lab.layout, network: 'vlan10', mac: MAC, hostname: 'stranger' });
    const lease = address.replace(/\/.*/, '');
    const isHealthy = async () => (await trySh('regent status')).code === 0;
    await until('the lease in its list', async () => (await sh('regent lease list')).includes(lease), {
      deadlineMs: 30_000,
    });
    await until('health of 0.2.0', isHealthy, { deadlineMs: 60_000, everyMs: 500 });
    before = { rows: await readRows(lab, PRIVATE), serials: await serials(), lease };
    install = '/var/tmp/release/scripts/install';
    await sh('mkdir /var/tmp/release');
    copyFileSync(kept, `${lab.layout.rootOf('r1')}/var/tmp/release.tar.gz`);
    await sh(
      'tar -xzf /var/tmp/release.tar.gz -C /var/tmp/release --strip-components=1 && rm /var/tmp/release.tar.gz',
      60_000,
    );
    saved = await saveLab(lab, SINGLE);
    await until('health of 0.2.0', isHealthy, { deadlineMs: 60_000, everyMs: 500 });
  }, 600_000);
  afterAll(async () => {
    await lab?.close();
  }, 300_000);

  /** All that it had, and nothing of how it had it. */
  async function expectAdopted(): Promise<void> {
    // What was started just now reports a moment later, and what was published last is put into etcd a moment later.
    let status = '';
    const isWell = async () => {
      const { code, stdout } = await trySh('regent cluster status');
      status = `${code}: ${stdout}`;
      return status.startsWith('0: OK: Can lose none: single node');
    };
    await until('a green status', isWell, { deadlineMs: 30_000, everyMs: 500 }).catch((cause: unknown) => {
      throw new Error(status, { cause });
    });
    let doctor = '';
    const isSound = async () =>
      /^OK: All \d+ invariants hold(?:, as of \d+ s ago)?\./.test((doctor = (await trySh('regent doctor')).stdout));
    await until('every invariant', isSound, { deadlineMs: 30_000, everyMs: 500 }).catch((cause: unknown) => {
      throw new Error(doctor, { cause });
    });
    const rows = await readRows(lab, CLUSTERED);
    expect(lostRows(before.rows, rows)).toEqual([]);
    expect(rows.get('cluster')).toMatchObject([{ vip: null }]);
    expect(await sh(`REGENT_API_KEY=${apiKey} REGENT_URL=http://127.0.0.1:5240 regent user list`)).toContain('olga');
    const after = await serials();
    for (const [index, serial] of before.serials.entries())
      expect(after[index], ZONES[index]).toBeGreaterThanOrEqual(serial);
    expect(await sh('dig +short @127.0.0.1 www.site.example; dig +short @127.0.0.1 -x 10.10.10.60')).toBe(
      '10.10.10.50\nweb1.regent.internal.',
    );
    const lease = JSON.parse(await sh('regent lease list -o json')) as unknown;
    expect(JSON.stringify(lease)).toContain(MAC);
    const again = await askForLease({ layout: lab.layout, network: 'vlan10', mac: MAC, hostname: 'stranger' });
    expect(again.address).toBe(`${before.lease}/24`);
    expect(
      await sh(
        'ls -d /var/lib/regent/db* /etc/systemd/system/*regent-db.service* /opt/regent/releases/.restart-due 2>/dev/null || true',
      ),
    ).toBe('');
    expect((await trySh('getent passwd regent-db')).code).toBe(2);
    expect(await sh('systemctl --failed --no-legend')).toBe('');
    await until(
      'one write',
      async () => (await trySh('regent record create new.site.example A 10.10.10.51')).code === 0,
      {
        deadlineMs: 30_000,
      },
    );
  }

  it('keeps every row, key, lease and serial in one run, which a second one does not change', async () => {
    const start = performance.now();
    const daemons = await pids();
    const first = await trySh(install, 300_000);
    expect(first.stderr).toContain('adopt the node of an earlier version');
    expect(first).toMatchObject({ code: 0, stderr: expect.stringMatching(/is installed and running\n$/) });
    told('one run of scripts/install', first.stderr.trim().split('\n').at(-1) ?? '', start);
    // What serves machines went on. (chrony has new settings, which it takes by a restart: a clock misses nothing by it.)
    expect(await pids()).toBe(daemons);
    await expectAdopted();
    const all = "systemctl show --property=Id,ActiveState,MainPID 'regent-*' etcd patroni haproxy named";
    const running = await sh(all);
    const second = await trySh('/opt/regent/current/scripts/install', 120_000);
    expect(second).toMatchObject({ code: 0, stderr: expect.stringMatching(/is installed\n$/) });
    expect(second.stderr).not.toContain('adopt');
    expect(await sh(all)).toBe(running);
  });

  it('ends the same after power cuts in the middle of it', async () => {
    await saved.restore();
    for (const { from, to } of PARTS) {
      const start = performance.now();
      const step = from + Math.floor(RANDOM.next() * (to - from + 1));
      const log = `${lab.layout.rootOf('r1')}${LOG}`;
      await sh(`rm -f ${LOG}`);
      const running = trySh(`${install} >${LOG} 2>&1`, 300_000);
      await until(`step ${step}`, () => textOf(log).includes(`[${step}/`), { deadlineMs: 120_000, everyMs: 20 });
      await pause(RANDOM.next() * 1500);
      await kill(lab.layout, 'r1');
      await running;
      told(
        'a power cut',
        `seed ${RANDOM.seed}, in ${textOf(log)
          .match(/^\[\d+\/.*$/gm)
          ?.at(-1)}`,
        start,
      );
      const { layout } = lab;
      await up({ layout, topology: SINGLE, packagesFile: PACKAGES_FILE, program: LAB_PROGRAM, progress: () => {} });
      // Names are answered whatever becomes of the rest.
      await until('an answer', async () => (await sh('dig +short @127.0.0.1 www.site.example')) === '10.10.10.50', {
        deadlineMs: 30_000,
      });
    }
    const start = performance.now();
    const last = await trySh(install, 300_000);
    expect(last, last.stderr).toMatchObject({ code: 0 });
    await expectAdopted();
    told('after them', last.stderr.trim().split('\n').at(-1) ?? '', start);
  });
});

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
