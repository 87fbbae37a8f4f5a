import type { ChildProcess } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ORIGIN_PROGRAM } from '../../src/drills/probes/web/start-origin.ts';
import { readTemplates } from '../../src/main/templates.ts';
import type { Snapshot } from '../../src/model/snapshot.ts';
import { compileProxy, prepareProxy } from '../../src/services/proxy/compile.ts';
import type { ProxyDesired } from '../../src/services/proxy/desired.ts';
import { proxy } from '../../src/services/proxy/index.ts';
import { DaemonBench } from '../kit/daemon-bench.ts';
import { DebianHost, type Ran } from '../kit/debian-root.ts';
import { aSubnet, emptySnapshot, R1 } from '../kit/snapshots.ts';
import { until } from '../kit/until.ts';

const HA = join(import.meta.dirname, '../../ha/squid');
const SCRIPTS = '/opt/regent/current/ha/squid';
const AS_PROXY = 'setpriv --reuid=proxy --regid=proxy --clear-groups --no-new-privs';
/** What the drop-in of squid.service does. */
const START = [
  'sh',
  '-ec',
  `install -d -o proxy -g proxy /run/squid
  ${SCRIPTS}/own >&2; ${AS_PROXY} env REGENT_PROXY_RESERVE_MB=50 ${SCRIPTS}/prepare >&2; ${AS_PROXY} ${SCRIPTS}/fit
  ${AS_PROXY} squid -N -z -f /run/squid/squid.conf 2>/dev/null
  exec ${AS_PROXY} squid -N -C -d 1 -f /run/squid/squid.conf`,
];
const RELOAD = ['sh', '-ec', `${AS_PROXY} ${SCRIPTS}/fit; kill -HUP "$(pgrep -x squid)"`];
const CACHE = '/var/spool/squid/regent';
const OWN = '10.10.10.1';
const CLIENT = '10.10.10.100';

/** What a fetch through the proxy gave. */
interface Fetched {
  readonly status: number;
  readonly cache: string;
  readonly error: string;
  readonly size: number;
  readonly head: string;
}

/** One real Squid through several generations, used from a subnet that may and by a stranger. */
describe('squid on rendered files', () => {
  let host: DebianHost;
  let bench: DaemonBench;
  let origin: ChildProcess;
  let api: ChildProcess;
  let client: (argv: readonly string[]) => Promise<Ran>;
  let stranger: (argv: readonly string[]) => Promise<Ran>;

  function site(settings: Partial<Snapshot['settings']> = {}, changes: Partial<Snapshot> = {}): ProxyDesired {
    const snapshot = emptySnapshot({
      nodes: [{ ...R1, addresses: [OWN] }],
      subnets: [aSubnet(1, 'vlan10', '10.10.10.0/24'), aSubnet(2, 'others', '203.0.113.0/24', { proxyOn: false })],
      ...changes,
    });
    const whole = { ...snapshot, settings: { ...snapshot.settings, ...settings } };
    const desired = compileProxy(whole, R1.id, prepareProxy(whole));
    if (desired === null) throw new Error('the proxy is off');
    return desired;
  }

  async function fetch(url: string, who = client, proxyUrl = `http://${OWN}:8000`): Promise<Fetched> {
    const argv = ['curl', '-q', '-s', '-g', '-m', '8', '--noproxy', '', '--proxy', proxyUrl];
    const format = '\n%{http_code} %{size_download} %{http_connect}';
    const ran = await who([...argv, '-D', '-', '-o', '/dev/null', '-w', format, url]);
    const [status, size, connect] = (ran.stdout.split('\n').at(-1) ?? '').split(' ').map(Number);
    const field = (name: string) => new RegExp(`^${name}: *([^\\r]*)`, 'im').exec(ran.stdout)?.[1] ?? '';
    const [error] = field('X-Squid-Error').split(' ');
    return {
      status: status || connect || 0,
      cache: field('Cache-Status'),
      error: error ?? '',
      size: size ?? 0,
      head: ran.stdout,
    };
  }

  async function serve(...ports: readonly number[]): Promise<ChildProcess> {
    const child = host.startBeside([process.execPath, ORIGIN_PROGRAM, ...ports.map(String)]);
    await new Promise((resolve) => child.stdout?.once('data', resolve));
    return child;
  }

  async function end(child: ChildProcess | undefined): Promise<void> {
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const isGone = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await isGone;
  }

  const squidPid = async () => (await host.run(['pgrep', '-x', 'squid'])).stdout.trim();
  const archive = (path: string) => `http://203.0.113.1:8081${path}`;

  /** Squid starts anew on whatever is there. */
  async function restart(desired: ProxyDesired): Promise<void> {
    await bench.restart();
    await bench.healthy(desired);
  }

  beforeAll(async () => {
    host = await DebianHost.open();
    for (const name of readdirSync(HA))
      host.write(`${SCRIPTS}/${name}`, readFileSync(join(HA, name), 'utf8'), { mode: 0o755 });
    await host.run(['chmod', '-R', 'a+rX', '/opt/regent']);
    client = await host.stranger(`${OWN}/24`, `${CLIENT}/24`);
    // Its own end is an address of no node: where the archive is.
    stranger = await host.stranger('203.0.113.1/24', '203.0.113.9/24');
    origin = await serve(8081, 80, 5432);
    api = await serve(5240);
    bench = new DaemonBench(host, proxy, await readTemplates(join(import.meta.dirname, '../../templates')), START);
    bench.reload = RELOAD;
  });
  afterAll(async () => {
    await end(origin);
    await end(api);
    await bench?.stop();
    await host[Symbol.asyncDispose]();
  });

  it('starts, relays, and keeps packages: the second fetch asks the origin nothing', async () => {
    expect((await bench.apply(site())).kind).toBe('restart');
    expect((await bench.probe(site())).detail).toMatch(/^Squid fetches on port 8000; cache \d of 4096 MB$/);
    const first = await fetch(archive('/size/2000000/pool/main/a/a_1.0_amd64.deb'));
    expect(first).toMatchObject({ status: 200, size: 2_000_000 });
    const second = await fetch(archive('/size/2000000/pool/main/a/a_1.0_amd64.deb'));
    expect(second).toMatchObject({ status: 200, size: 2_000_000 });
    expect(second.cache).toContain(';hit');
    const numbers = await bench.metrics(site());
    expect(numbers).toMatchObject({ hits_total: 1, cache_size: 4096 * 1024 * 1024 });
    expect(Object.keys(numbers).sort()).toEqual(
      ['cache_size', 'cache_used', 'errors_total', 'fetched_total', 'hits_total', 'requests_total'].concat([
        'sent_from_cache_total',
        'sent_total',
      ]),
    );
    expect(numbers['requests_total']).toBeGreaterThan(3);
    expect(numbers['sent_from_cache_total']).toBeGreaterThanOrEqual(1_999_000);
    expect(numbers['fetched_total']).toBeGreaterThanOrEqual(1_999_000);
    expect(second.head).toMatch(/X-Asked: 1\r/i);
    expect(second.head).not.toContain('Regent-Configuration');
  });

  it('asks the origin about an index each time, and gets it whole only when it changed', async () => {
    for (const path of [
      '/dists/trixie/InRelease',
      '/dists/trixie/main/binary-amd64/Packages.xz',
      '/repodata/repomd.xml',
    ]) {
      await fetch(archive(path));
      const again = await fetch(archive(path));
      expect(again.status, path).toBe(200);
      expect(again.cache, path).toMatch(/hit|fwd=stale/);
      const third = await fetch(archive(path));
      expect(third.head, path).toMatch(/X-Asked: 3\r/i);
    }
    const hash = '/dists/trixie/main/binary-amd64/by-hash/SHA256/0123456789abcdef';
    await fetch(archive(hash));
    expect((await fetch(archive(hash))).head).toMatch(/X-Asked: 1\r/i);
  });

  it('asks an origin once for what many machines want at the same moment', async () => {
    const path = '/size/3000000/pool/main/b/b_1.0_amd64.deb';
    const all = await Promise.all(Array.from({ length: 12 }, () => fetch(archive(path))));
    expect(all.map((one) => one.size)).toEqual(all.map(() => 3_000_000));
    expect(new Set(all.map((one) => /X-Asked: (\d+)/i.exec(one.head)?.[1]))).toEqual(new Set(['1']));
  });

  it('leads nobody to BMCs, to nodes’ other networks or to what the site closes, however the address is written', async () => {
    const closed = { closedAddresses: ['192.0.2.7', '2001:db8:1::7'] };
    await bench.apply(site({ proxy_closed_networks: ['198.51.100.0/24'] }, closed));
    const lines: string[] = [];
    for (const [url, isClosed] of [
      ['http://192.0.2.7/', true],
      ['https://192.0.2.7/', true],
      ['http://[::ffff:192.0.2.7]/', true],
      ['http://[::ffff:c000:207]/', true],
      ['http://3221225991/', true],
      ['http://0xc0.0.2.7/', true],
      ['http://[2001:db8:1::7]:8443/', true],
      ['http://198.51.100.9:8080/', true],
      ['https://198.51.100.255/', true],
      ['http://192.0.2.8/', false],
      ['http://198.51.101.9/', false],
    ] as const) {
      const answer = await fetch(url);
      lines.push(`proxy: ${url} → ${answer.status} ${answer.error}`);
      expect(answer.status === 403, url).toBe(isClosed);
    }
    process.stdout.write(`\nsecurity S3: address asked through the proxy → answer\n${lines.join('\n')}\n`);
    await bench.apply(site());
  }, 200_000);

  it('leads nobody to a BMC by its name, however the name is written, with a parent or without', async () => {
    const closed = { closedNames: ['bmc7.corp.example', 'bmc8'] };
    const lines: string[] = [];
    for (const parent of [{}, { http_proxy: 'http://203.0.113.1:8081' }]) {
      await bench.apply(site(parent, closed));
      for (const [url, isClosed] of [
        ['http://bmc7.corp.example/', true],
        ['https://bmc7.corp.example/', true],
        ['http://BMC7.Corp.EXAMPLE/', true],
        ['http://bmc7.corp.example./', true],
        ['https://bmc7.corp.example./', true],
        ['https://BMC7.corp.example.:443/', true],
        ['http://bmc7.corp.example:8443/redfish/v1', true],
        ['http://user@bmc7.corp.example/', true],
        ['http://bmc8/', true],
        ['http://bmc77.corp.example/', false],
        ['http://x.bmc7.corp.example/', false],
      ] as const) {
        // Nobody answers here for names that are open.
        if (!isClosed && !('http_proxy' in parent)) continue;
        const answer = await fetch(url);
        lines.push(`proxy${'http_proxy' in parent ? ' with a parent' : ''}: ${url} → ${answer.status} ${answer.error}`);
        expect(answer.status === 403, `${url} ${answer.status}`).toBe(isClosed);
      }
    }
    process.stdout.write(`\nsecurity S3: BMC asked by name through the proxy → answer\n${lines.join('\n')}\n`);
    await bench.apply(site());
  }, 200_000);

  it('is closed to strangers, and opens to them with their subnet', async () => {
    const url = archive('/');
    const via = 'http://203.0.113.1:8000';
    expect(await fetch(url, stranger, via)).toMatchObject({ status: 403, error: 'ERR_ACCESS_DENIED' });
    expect((await fetch(`${via}/squid-internal-mgr/storedir`, stranger, '')).status).toBe(403);
    const open = site({}, { subnets: [aSubnet(1, 'vlan10', '10.10.10.0/24'), aSubnet(2, 'others', '203.0.113.0/24')] });
    const pid = await squidPid();
    expect((await bench.apply(open)).kind).toBe('reload');
    expect(await squidPid()).toBe(pid);
    expect((await fetch(url, stranger, via)).status).toBe(200);
    expect((await bench.apply(site())).kind).toBe('reload');
    expect((await fetch(url, stranger, via)).status).toBe(403);
  });

  it.each([
    'http://127.0.0.1:5432/',
    'http://127.0.0.1:5240/health/live',
    'http://127.0.0.1:5240/api/v1/settings',
    'http://localhost:5432/',
    'http://0.0.0.0:5432/',
    'http://2130706433:5432/',
    'http://0x7f.1:5432/',
    'http://[::1]:5432/',
    'http://[::ffff:127.0.0.1]:5432/',
    'http://169.254.169.254/latest/meta-data/',
    `http://${OWN}:5432/`,
    `http://${OWN}:953/`,
    `http://${OWN}/`,
    'http://r1.regent.internal:5432/',
    'http://R1.Regent.internal.:5432/',
    'https://203.0.113.1:8081/',
    `https://${OWN}/`,
    `https://${OWN}:5240/`,
    'http://203.0.113.1:22/',
    'http://203.0.113.1:25/',
    'ftp://203.0.113.1/',
    `http://${OWN}:8000/squid-internal-mgr/config`,
  ])('refuses a client %s', async (url) => {
    const fetched = await fetch(url);
    expect(fetched.status, fetched.head).toBeGreaterThanOrEqual(403);
    expect(fetched.head).not.toMatch(/X-Asked/i);
    expect(['ERR_ACCESS_DENIED', 'ERR_INVALID_URL', 'ERR_DNS_FAIL'], fetched.head).toContain(fetched.error);
  });

  it('lets clients reach the API of the region, and the node itself nothing of its own but the probe', async () => {
    expect((await fetch(`http://${OWN}:5240/`)).status).toBe(200);
    const own = (url: string) => fetch(url, (argv) => host.run(argv), 'http://127.0.0.1:8000');
    expect((await own('http://127.0.0.1:5240/health/live')).status).toBe(200);
    expect((await own('http://127.0.0.1:5240/')).status).toBe(403);
    expect((await own('http://127.0.0.1:5432/')).status).toBe(403);
    expect((await own(archive('/'))).status).toBe(200);
  });

  it('takes port, cache size and name servers by a reload, and downloads go on meanwhile', async () => {
    const pid = await squidPid();
    const slow = client([
      'curl',
      '-q',
      '-s',
      '-m',
      '20',
      '--limit-rate',
      '4M',
      '--noproxy',
      '',
      '--proxy',
      `http://${OWN}:8000`,
      '-o',
      '/dev/null',
      '-w',
      '%{size_download}',
      archive('/size/8000000/pool/slow.deb'),
    ]);
    await until(
      'the download has begun',
      async () =>
        (await host.run(['sh', '-c', 'ss -Htn state established "dport = :8081" | grep -c .'])).stdout.trim() !== '0',
    );
    const moved = site({ maas_proxy_port: 3128, proxy_cache_size: 1000 });
    expect((await bench.apply(moved)).kind).toBe('reload');
    expect((await bench.probe(moved)).detail).toMatch(/port 3128; cache \d+ of 1000 MB$/);
    expect((await fetch(archive('/'), client, `http://${OWN}:3128`)).status).toBe(200);
    expect((await slow).stdout).toBe('8000000');
    await bench.apply(site());
    expect(await squidPid()).toBe(pid);
  });

  it('fetches through a parent alone, and goes without it again', async () => {
    const parent = site({ http_proxy: 'http://203.0.113.1:8081' });
    expect((await bench.apply(parent)).kind).toBe('reload');
    // The archive answers as a proxy would; nobody has this name.
    const fetched = await fetch('http://nowhere.example/size/77/pool/p.deb');
    expect(fetched.head).toMatch(/X-Asked: 1\r/i);
    expect((await fetch(`http://${OWN}:5240/`)).status).toBe(200);
    expect((await fetch(`http://${OWN}:5432/`)).status).toBe(403);
    expect((await fetch('http://r1.regent.internal:5432/')).status).toBe(403);
    await bench.apply(site());
    expect((await fetch(archive('/size/77/pool/q.deb'))).status).toBe(200);
  });

  it('is not blamed for an origin that is down or silent, and is for hanging', async () => {
    await end(api);
    const down = await bench.probe(site());
    expect(down).toMatchObject({ isHealthy: true });
    expect(down.detail).toContain('not the origin of the probe, http://127.0.0.1:5240/health/live (ERR_CONNECT_FAIL)');
    api = await serve(5240);
    api.kill('SIGSTOP');
    const silent = await bench.probe(site());
    api.kill('SIGCONT');
    expect(silent).toMatchObject({ isHealthy: true });
    expect(silent.detail).toContain('(no answer in time)');
    await host.run(['pkill', '-STOP', '-x', 'squid']);
    const hung = await bench.probe(site());
    await host.run(['pkill', '-CONT', '-x', 'squid']);
    expect(hung).toEqual({
      isHealthy: false,
      detail: 'Squid on port 8000: no answer within 2 seconds',
    });
  });

  it('sees Squid on another configuration, and a stranger on its port', async () => {
    expect((await bench.probe(site({ proxy_cache_size: 999 }))).detail).toMatch(
      /it runs the configuration [0-9a-f]{16}, published is/,
    );
    const other = await bench.probe(site({ maas_proxy_port: 8081 }));
    expect(other).toEqual({
      isHealthy: false,
      detail: "Squid on port 8081: something else than Regent's Squid answers there",
    });
    expect((await bench.probe(site({ maas_proxy_port: 8099 }))).detail).toContain('connect');
  });

  /** Damage that Squid, or its host, may find at its start; `isKept`: what it had kept is still there afterwards. */
  it.each([
    ['an index that is cut off', `truncate -s 100 ${CACHE}/swap.state`, null],
    ['an index of garbage', `head -c 9000 /dev/urandom >${CACHE}/swap.state`, null],
    ['no index', `rm ${CACHE}/swap.state`, true],
    ['a folder for an index', `rm ${CACHE}/swap.state; mkdir ${CACHE}/swap.state`, false],
    [
      'objects of garbage',
      `find ${CACHE} -mindepth 3 -type f -exec sh -c 'head -c 999 /dev/urandom >"$1"' sh {} \\;`,
      false,
    ],
    ['no cache', `rm -rf ${CACHE}`, false],
    ['no folder of Squid at all', 'rm -rf /var/spool/squid', false],
    ['half of a cache', `rm -rf ${CACHE}/0[0-7]`, null],
    ['a file for a cache', `rm -rf ${CACHE}; echo >${CACHE}`, false],
    ['a link for a cache', `rm -rf ${CACHE}; mkdir /srv/else; ln -s /srv/else ${CACHE}`, false],
    ['a cache of another owner', `chown -R root:root /var/spool/squid; chmod 700 /var/spool/squid ${CACHE}`, true],
    ['an index of another owner', `chown root:root ${CACHE}/swap.state; chmod 600 ${CACHE}/swap.state`, true],
    ['three breakdowns within a minute', 'for n in 1 2 3; do date +%s; done >/run/squid/aborted', false],
    [
      'a host that died, with objects cut off',
      `find ${CACHE} -mindepth 3 -type f -exec truncate -s 5000 {} +; echo another >${CACHE}/boot-id`,
      false,
    ],
  ])('comes back by itself with %s', async (what, damage, isKept) => {
    const path = `/size/2000000/pool/${what.replaceAll(/\W/g, '-')}.deb`;
    await bench.apply(site());
    await fetch(archive(path));
    await bench.stop();
    expect(await host.run(['sh', '-c', damage])).toMatchObject({ code: 0 });
    await restart(site());
    const after = await fetch(archive(path));
    expect(after).toMatchObject({ status: 200, size: 2_000_000 });
    const isHit = after.cache.includes(';hit');
    expect(isHit, after.cache).toBe(isKept ?? isHit);
    expect((await fetch(archive(path))).cache).toContain(';hit');
  });

  it('takes up what it had kept after it was killed', async () => {
    const path = '/size/2000000/pool/killed.deb';
    await fetch(archive(path));
    await host.run(['pkill', '-KILL', '-x', 'squid']);
    await restart(site());
    expect((await fetch(archive(path))).cache).toContain(';hit');
  });

  it('serves when its disk is full: first with a smaller cache, then with none', async () => {
    await bench.stop();
    await host.run(['sh', '-ec', 'rm -rf /var/spool/squid/*; mount -t tmpfs -o size=200m tmpfs /var/spool/squid']);
    await restart(site());
    expect((await bench.probe(site())).detail).toMatch(
      /cache 0 of 1[4-6]\d MB, cut from 4096 MB because its disk has no more room/,
    );
    expect(bench.log).toMatch(/the cache is cut from 4096 to 1[4-6]\d MB/);
    await host.run(['sh', '-c', 'head -c 300M /dev/zero >/var/spool/squid/stranger']);
    // Squid breaks down at its first write, and its unit starts it again.
    await fetch(archive('/size/2000000/pool/full.deb'));
    await restart(site());
    expect((await bench.probe(site())).detail).toContain('it stores nothing on disk');
    expect(bench.log).toContain('Squid runs without a cache on disk');
    const path = '/size/300000/pool/in-memory.deb';
    await fetch(archive(path));
    expect((await fetch(archive(path))).cache).toContain(';hit');
    expect((await bench.apply(site({ proxy_cache_size: 2048 }))).kind).toBe('reload');
    await bench.apply(site());
    await bench.stop();
    await host.run(['umount', '/var/spool/squid']);
    await restart(site());
    expect((await bench.probe(site())).detail).toMatch(/of 4096 MB$/);
  });
});
