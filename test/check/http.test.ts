import type { ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compileHttp } from '../../src/services/http/compile.ts';
import type { HttpDesired } from '../../src/services/http/desired.ts';
import { http } from '../../src/services/http/index.ts';
import { servingOf } from '../../src/model/networks/serving.ts';
import { bootFiles, FIRST_SCRIPTS } from '../../src/services/tftp/boot-files.ts';
import { giveIdentity, PKI } from '../kit/cluster/host-identity.ts';
import { DaemonBench } from '../kit/daemon-bench.ts';
import { DebianHost } from '../kit/debian-root.ts';
import { goldenTemplates } from '../kit/goldens.ts';
import { CASES } from '../kit/snapshots.ts';
import { until } from '../kit/until.ts';

const ADDRESSES = { r1: '10.77.0.11', r2: '10.77.0.12', r3: '10.77.0.13' };
const NAMES = ['r1', 'r2', 'r3'] as const;
type Name = (typeof NAMES)[number];
const REGION = join(import.meta.dirname, '../kit/boot-region.ts');
const DROP_IN = readFileSync(join(import.meta.dirname, '../../systemd/nginx.service.d/regent.conf'), 'utf8');
const RACK = 'http://127.0.0.1:5248';
const IMAGES = `${RACK}/images/${'0123456789abcdef'.repeat(4)}`;

/** The line that systemd runs, as the user of the unit. */
const [, line = ''] = /^ExecStart=(\/.+)$/m.exec(DROP_IN) ?? [];
const START = [
  'sh',
  '-ec',
  `install -d -o regent-http -g regent-http /run/regent-http /var/lib/regent/http
  exec setpriv --reuid=regent-http --regid=regent-http --init-groups --no-new-privs ${line}`,
];

function wanted(changes: Partial<HttpDesired> = {}): HttpDesired {
  const snapshot = CASES['pair'];
  const part = snapshot ? compileHttp(snapshot, 'n-r1', servingOf(snapshot)) : null;
  if (part === null) throw new Error('there is none');
  return { ...part, ...changes };
}

/** One real nginx before three region nodes that are switched at will. */
describe('nginx on rendered files', () => {
  let host: DebianHost;
  let bench: DaemonBench;
  const regions = new Map<Name, ChildProcess>();

  async function begin(name: Name): Promise<void> {
    const child = host.startBeside([process.execPath, REGION, name, ADDRESSES[name], host.path(PKI)]);
    regions.set(name, child);
    await new Promise((resolve) => child.stdout?.once('data', resolve));
  }
  async function end(name: Name): Promise<void> {
    const child = regions.get(name);
    regions.delete(name);
    if (!child) return;
    const isGone = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await isGone;
  }
  const tell = (word: string, ...names: readonly Name[]) => {
    for (const name of names) regions.get(name)?.stdin?.write(`${word}\n`);
  };
  const fetch = (...argv: readonly string[]) => host.run(['curl', '-q', '-s', '-m', '15', ...argv]);
  const status = async (...argv: readonly string[]) =>
    (await fetch('-o', '/dev/null', '-w', '%{http_code} %{size_download}', ...argv)).stdout;
  const cacheOf = async (url: string) =>
    /^regent-cache: *(\S*)/im.exec((await fetch('-D', '-', '-o', '/dev/null', url)).stdout)?.[1];
  /** How often regions were asked for images. */
  const asked = async () => {
    const counts: number[] = [];
    for (const name of regions.keys()) {
      const tls = ['--cacert', `${PKI}/ca.crt`, '--cert', `${PKI}/node.pem`, '--key', `${PKI}/node.pem`];
      const url = `https://${ADDRESSES[name]}:5250/asked`;
      counts.push(Number((await fetch(...tls, url)).stdout));
    }
    return counts.reduce((sum, count) => sum + count, 0);
  };

  beforeAll(async () => {
    host = await DebianHost.open();
    for (const address of Object.values(ADDRESSES))
      await host.run(['ip', 'address', 'add', `${address}/32`, 'dev', 'lo']);
    await giveIdentity(host, ['127.0.0.1', ...Object.values(ADDRESSES)]);
    await host.run(['useradd', '--system', '--user-group', '--groups', 'regent-pki', 'regent-http']);
    await host.run(['install', '-d', '-m', '0755', '/var/lib/regent']);
    await host.run(['install', '-d', '-m', '0700', '-o', 'regent-http', '-g', 'regent-http', '/var/lib/regent/http']);
    for (const name of NAMES) await begin(name);
    bench = new DaemonBench(host, http, goldenTemplates(), START);
    bench.reload = ['sh', '-ec', 'kill -HUP "$(cat /run/regent-http/nginx.pid)"'];
  });
  afterAll(async () => {
    await bench?.stop();
    for (const name of NAMES) await end(name);
    await host[Symbol.asyncDispose]();
  });

  it('starts as its own user, and a region answers through it', async () => {
    expect((await bench.apply(wanted())).kind).toBe('restart');
    expect((await bench.probe(wanted())).detail).toBe('nginx answers; a region answers through it');
    const users = await host.run(['sh', '-c', 'ps -o user:20= -C nginx | sort -u']);
    expect(users.stdout.trim()).toBe('regent-http');
    expect(await bench.metrics(wanted())).toMatchObject({ connections: expect.any(Number) });
  });

  it('gives out every loader byte for byte, first its length', async () => {
    for (const path of Object.values(FIRST_SCRIPTS)) host.write(path, 'echo x\n');
    await host.run(['chmod', '-R', 'a+rX', '/etc/regent/tftp']);
    for (const { name, path } of bootFiles()) {
      const compared = await host.run(['sh', '-ec', `curl -q -sf ${RACK}/${name} | cmp - ${path}`]);
      expect(compared, name).toMatchObject({ code: 0 });
      const size = (await host.run(['stat', '-L', '-c', '%s', path])).stdout.trim();
      // GRUB knows the length by this very word.
      expect((await fetch('-I', `${RACK}/${name}`)).stdout, name).toContain(`Content-Length: ${size}\r\n`);
    }
  });

  it('gives out nothing else, and takes nothing', async () => {
    for (const path of [
      '',
      'etc/passwd',
      '..%2f..%2fetc/passwd',
      'images/',
      'images/x/y',
      'regent/x',
      'grub/',
      'MAAS/',
    ])
      expect(await status('--path-as-is', `${RACK}/${path}`), path).toMatch(/^40[04] /);
    expect(await status('--path-as-is', `${IMAGES}/../../etc/passwd`)).toMatch(/^40[04] /);
    expect(await status('-X', 'PUT', '-d', 'x', `${IMAGES}/whole-1`)).toMatch(/^403 /);
    expect(await status('-X', 'DELETE', `${RACK}/snponly.efi`)).toMatch(/^403 /);
    const stranger = await host.stranger('203.0.113.1/24', '203.0.113.9/24');
    for (const path of ['configuration', 'status', 'region']) {
      const told = await stranger([
        'curl',
        '-q',
        '-s',
        '-m',
        '5',
        '-w',
        '%{http_code}',
        `http://203.0.113.1:5248/regent/${path}`,
      ]);
      expect(told.stdout, path).toMatch(/403$/);
    }
  });

  it('fetches an image once, also when many want it, and has it while no region answers', async () => {
    const before = await asked();
    const url = `${IMAGES}/whole-3000000`;
    const crowd = await fetch(
      '-Z',
      '--parallel-immediate',
      '-o',
      '/dev/null',
      '-w',
      '%{http_code} %{size_download}\n',
      `${url}?[1-20]`,
    );
    expect(crowd.stdout.trim().split('\n')).toEqual(Array.from({ length: 20 }, () => '200 3000000'));
    expect((await asked()) - before).toBe(1);
    expect(await status('-r', '10-19', url)).toBe('206 10');
    tell('down', ...NAMES);
    expect(await status(url)).toBe('200 3000000');
    expect(await cacheOf(url)).toBe('HIT');
    expect(await status(`${IMAGES}/whole-5`)).toMatch(/^503 /);
    expect((await bench.probe(wanted())).detail).toContain('no region answers through it');
    tell('up', ...NAMES);
    await until('a region answers again', async () => (await status(`${IMAGES}/whole-5`)) === '200 5');
  });

  it('takes the next region where one has lost a file, is dead or ends in the middle', async () => {
    // A region that has just failed is not asked for five seconds, also where it alone has the file.
    for (const name of NAMES)
      await until(
        `the image of ${name} alone`,
        async () => (await status(`${IMAGES}/own-${name}-1000`)) === '200 1000',
      );
    const url = `${IMAGES}/cut-400000`;
    const cut = await fetch('-o', '/dev/null', url);
    expect(cut.code).not.toBe(0);
    tell('whole', ...NAMES);
    expect(await status(url)).toBe('200 400000');
    expect(await cacheOf(url)).toBe('HIT');
    await end('r1');
    for (let n = 0; n < 4; n += 1) expect(await status(`${IMAGES}/whole-10${n}`)).toBe(`200 10${n}`);
    await begin('r1');
  });

  it('relays metadata to a region by name, says who asks, and lets nobody say it for himself', async () => {
    const url = `${RACK}/MAAS/metadata/2012-03-01/?op=signal`;
    const lies = ['-H', 'X-Forwarded-For: 6.6.6.6', '-H', 'Forwarded: for=6.6.6.6', '-H', 'X-Real-IP: 6.6.6.6'];
    const answer = await fetch(...lies, '-H', 'Authorization: OAuth oauth_token="x"', '-d', 'status=OK', url);
    const told = JSON.parse(answer.stdout);
    expect(told).toMatchObject({ method: 'POST', path: '/MAAS/metadata/2012-03-01/?op=signal', size: 9 });
    expect(told.headers).toMatchObject({
      authorization: 'OAuth oauth_token="x"',
      'x-forwarded-for': '127.0.0.1',
      'x-forwarded-host': '127.0.0.1:5248',
    });
    expect(told.headers).not.toHaveProperty('forwarded');
    expect(told.headers).not.toHaveProperty('x-real-ip');
    const names = new Set<string>();
    for (let n = 0; n < 6; n += 1) names.add(JSON.parse((await fetch(url)).stdout).name);
    expect(names.size).toBeGreaterThan(1);
  });

  it('hands the path on that it judged, never the one that was sent', async () => {
    const table: string[] = [];
    const path = async (sent: string) => {
      const { stdout } = await fetch('--path-as-is', `${RACK}${sent}`);
      const answer = stdout.startsWith('{')
        ? (JSON.parse(stdout) as { path: string }).path
        : stdout.trim().replaceAll(/\s+/g, ' ');
      table.push(`${sent} → ${answer.slice(0, 80)}`);
      return answer;
    };
    for (const [sent, handed] of [
      ['/MAAS/metadata/2012-03-01/meta-data/?op=a%2f..%2fb', '/MAAS/metadata/2012-03-01/meta-data/?op=a%2f..%2fb'],
      ['/MAAS/metadata//2012-03-01//meta-data', '/MAAS/metadata/2012-03-01/meta-data'],
      ['/agent/v1/desired/../../../MAAS/metadata/x', '/MAAS/metadata/x'],
      ['/agent/v1/%64esired/%2e%2e/%2e%2e/%2e%2e/MAAS/metadata/x', '/MAAS/metadata/x'],
      ['/agent%2fv1%2f..%2f..%2fMAAS/metadata/x', '/MAAS/metadata/x'],
      ['/MAAS/metadata/a%2fb%20c%3fd%25e', '/MAAS/metadata/a/b%20c%3Fd%25e'],
      ['/MAAS/metadata/a%0d%0aX-Y:%20z', '/MAAS/metadata/a%0D%0AX-Y:%20z'],
    ] as const)
      expect(await path(sent), sent).toBe(handed);
    for (const sent of [
      '/MAAS/metadata/../../agent/v1/desired',
      '/MAAS/metadata/%2e%2e/%2e%2e/agent/v1/desired',
      '/MAAS/metadata/..%2f..%2fagent/v1/desired',
      '//agent/v1/desired',
    ])
      expect(await status('--path-as-is', `${RACK}${sent}`), sent).toMatch(/^40[04] /);
    const image = `/images/${'0123456789abcdef'.repeat(4)}/whole-7`;
    expect(await status('--path-as-is', `${RACK}/agent/v1/desired/../../..${image}`)).toBe('200 7');
    const raw = `printf 'GET http://evil.test/MAAS/metadata/y HTTP/1.1\\r\\nHost: other.test\\r\\nConnection: close\\r\\n\\r\\n'`;
    const absolute = await host.run(['bash', '-c', `exec 3<>/dev/tcp/127.0.0.1/5248; ${raw} >&3; timeout 5 cat <&3`]);
    expect(absolute.stdout).toContain('"path":"/MAAS/metadata/y"');
    expect((await fetch('-i', `${RACK}/MAAS/metadata`, '-H', 'Host: evil.test')).stdout).not.toContain('evil.test');
    process.stdout.write(`\nsecurity S12: the relay of a rack\n${table.join('\n')}\n`);
  });

  it('goes on with one region of three, and asks machines to come again with none', async () => {
    const url = `${RACK}/MAAS/metadata/x`;
    tell('down', 'r1', 'r2');
    for (let n = 0; n < 6; n += 1) expect(JSON.parse((await fetch(url)).stdout).name).toBe('r3');
    tell('down', 'r3');
    const none = await fetch('-i', url);
    expect(none.stdout).toMatch(/^HTTP\/1\.1 503 /);
    expect(none.stdout).toContain('Retry-After: 5');
    tell('up', ...NAMES);
    await until('a region answers', async () => (await fetch(url)).stdout.includes('"name"'));
  });

  it('refuses what is too large before it is sent on', async () => {
    const url = `${RACK}/MAAS/metadata/x`;
    const send = (mb: number) =>
      host.run([
        'sh',
        '-c',
        `head -c ${mb}M /dev/zero >/tmp/sent; curl -q -s -m 20 -o /dev/null -w '%{http_code}' -H 'Authorization: OAuth x' --data-binary @/tmp/sent ${url}`,
      ]);
    expect((await send(3)).stdout).toBe('200');
    // By its announced length alone: a form may have 256 MiB.
    const announced = ['-H', `Content-Length: ${257 * 1024 * 1024}`, '--data-binary', 'x'];
    const told = ['-q', '-s', '-m', '20', '-o', '/dev/null', '-w', '%{http_code}'];
    expect((await host.run(['curl', ...told, ...announced, url])).stdout).toBe('413');
  });

  it('trusts nobody but a region: another authority, another name', async () => {
    await host.run(['sh', '-ec', `cp -a ${PKI} /tmp/pki`]);
    await giveIdentity(host, ['127.0.0.1', ...Object.values(ADDRESSES)]);
    // It still has the first authority; the regions come back with the second one's certificates.
    for (const name of NAMES) await end(name);
    for (const name of NAMES) await begin(name);
    expect((await fetch('-i', `${RACK}/MAAS/metadata/x`)).stdout).toMatch(/^HTTP\/1\.1 503 /);
    // As the engine does when a certificate was renewed.
    expect(http.onCertificate?.().kind).toBe('reload');
    await host.run(bench.reload);
    await until('it shows the new certificate', async () =>
      (await status(`${RACK}/MAAS/metadata/x`)).startsWith('200'),
    );
  });

  it('reloads while a download goes on, and tells which configuration runs', async () => {
    const slow = fetch(
      '--limit-rate',
      '1M',
      '-o',
      '/dev/null',
      '-w',
      '%{http_code} %{size_download}',
      `${IMAGES}/whole-3000000`,
    );
    const changed = wanted({ cacheMb: 4096 });
    expect((await bench.apply(changed)).kind).toBe('reload');
    expect((await bench.probe(wanted())).detail).toMatch(/it runs the configuration [0-9a-f]{16}, published is/);
    expect((await slow).stdout).toBe('200 3000000');
    expect((await bench.apply(changed)).kind).toBe('none');
  });

  it('is ill when it hangs or is gone', async () => {
    await host.run(['pkill', '-STOP', '-x', 'nginx']);
    expect(await bench.probe(wanted({ cacheMb: 4096 }))).toMatchObject({ isHealthy: false });
    await host.run(['pkill', '-CONT', '-x', 'nginx']);
    await bench.stop();
    expect(await bench.probe(wanted())).toMatchObject({ isHealthy: false });
  });
});
