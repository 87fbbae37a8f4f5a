import type { ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compileHttp } from '../../src/services/http/compile.ts';
import { servingOf } from '../../src/model/networks/serving.ts';
import { http } from '../../src/services/http/index.ts';
import { giveIdentity, PKI } from '../kit/cluster/host-identity.ts';
import { DaemonBench } from '../kit/daemon-bench.ts';
import { DebianHost } from '../kit/debian-root.ts';
import { goldenTemplates } from '../kit/goldens.ts';
import { CASES } from '../kit/snapshots.ts';

/** What a rack's relay answers machines while regions hang, die or refuse: state and question → answer, printed as a table. Real nginx. */

const ADDRESSES = { r1: '10.77.0.11', r2: '10.77.0.12', r3: '10.77.0.13' };
const NAMES = ['r1', 'r2', 'r3'] as const;
type Name = (typeof NAMES)[number];
const REGION = join(import.meta.dirname, '../kit/boot-region.ts');
const DROP_IN = readFileSync(join(import.meta.dirname, '../../systemd/nginx.service.d/regent.conf'), 'utf8');
const RACK = 'http://127.0.0.1:5248';
const METADATA = `${RACK}/MAAS/metadata/2012-03-01`;
/** As cloud-init asks: it follows 30 redirects. */
const CLOUD_INIT = ['-A', 'Cloud-Init/25.1.4', '-L', '--max-redirs', '30'];
const ONCE = ['meta-data/public-keys', 'meta-data/vendor-data', 'user-data'] as const;
const [, line = ''] = /^ExecStart=(\/.+)$/m.exec(DROP_IN) ?? [];
const START = [
  'sh',
  '-ec',
  `install -d -o regent-http -g regent-http /run/regent-http /var/lib/regent/http
  exec setpriv --reuid=regent-http --regid=regent-http --init-groups --no-new-privs ${line}`,
];

describe('the relay of a rack', () => {
  const table: string[] = [];
  let host: DebianHost;
  let bench: DaemonBench;
  const regions = new Map<Name, ChildProcess>();

  const tell = (word: string, ...names: readonly Name[]) => {
    for (const name of names) regions.get(name)?.stdin?.write(`${word}\n`);
  };
  /** Asks, and notes the answer. */
  async function ask(state: string, question: string, ...argv: readonly string[]) {
    const format = '%{http_code} %{num_redirects} %{time_total} %{size_download}';
    const ran = await host.run(['curl', '-q', '-s', '-m', '60', '-o', '/tmp/body', '-w', format, ...argv]);
    const [status = '', redirects = '', seconds = '', bytes = ''] = ran.stdout.split(' ');
    const answer = {
      status: Number(status),
      redirects: Number(redirects),
      seconds: Number(seconds),
      bytes: Number(bytes),
    };
    table.push(
      `${state}: ${question} → ${status}, ${answer.seconds.toFixed(1)} s, ${redirects} redirects, ${bytes} bytes`,
    );
    return answer;
  }

  beforeAll(async () => {
    host = await DebianHost.open();
    for (const address of Object.values(ADDRESSES))
      await host.run(['ip', 'address', 'add', `${address}/32`, 'dev', 'lo']);
    await giveIdentity(host, ['127.0.0.1', ...Object.values(ADDRESSES)]);
    await host.run(['useradd', '--system', '--user-group', '--groups', 'regent-pki', 'regent-http']);
    await host.run(['install', '-d', '-m', '0755', '/var/lib/regent']);
    await host.run(['install', '-d', '-m', '0700', '-o', 'regent-http', '-g', 'regent-http', '/var/lib/regent/http']);
    for (const name of NAMES) {
      const child = host.startBeside([process.execPath, REGION, name, ADDRESSES[name], host.path(PKI)]);
      regions.set(name, child);
      await new Promise((resolve) => child.stdout?.once('data', resolve));
    }
    bench = new DaemonBench(host, http, goldenTemplates(), START);
    bench.reload = ['sh', '-ec', 'kill -HUP "$(cat /run/regent-http/nginx.pid)"'];
    const snapshot = CASES['pair'];
    const part = snapshot ? compileHttp(snapshot, 'n-r1', servingOf(snapshot)) : null;
    if (part === null) throw new Error('there is none');
    await bench.apply(part);
  });
  afterAll(async () => {
    process.stdout.write(
      `\ndaemons cloud-init, iPXE, GRUB, nginx; security S11: state, question → answer\n${table.join('\n')}\n`,
    );
    await bench?.stop();
    for (const child of regions.values()) child.kill('SIGKILL');
    await host[Symbol.asyncDispose]();
  });

  it('takes a question that hangs at one region to the next one within 5 s, a POST too', async () => {
    for (const hung of NAMES) {
      tell('hang', hung);
      for (let n = 0; n < 3; n += 1) {
        const get = await ask(`${hung} hangs`, 'GET user-data', ...CLOUD_INIT, `${METADATA}/user-data`);
        expect(get).toMatchObject({ status: 200, redirects: 0 });
        expect(get.seconds).toBeLessThan(5);
      }
      tell('up', hung);
    }
    tell('hang', 'r1', 'r2');
    for (let n = 0; n < 3; n += 1) {
      const post = await ask('r1, r2 hang', 'POST status', '-d', '{}', `${RACK}/MAAS/metadata/status/abc123`);
      expect([200, 503]).toContain(post.status);
      expect(post.seconds).toBeLessThan(10);
    }
    tell('up', 'r1', 'r2');
    tell('hang', 'r3');
    for (let n = 0; n < 3; n += 1) {
      const post = await ask('r3 hangs', 'POST status', '-d', '{}', `${RACK}/MAAS/metadata/status/abc123`);
      expect(post.status).toBe(200);
      expect(post.seconds).toBeLessThan(5);
    }
    tell('up', 'r3');
  }, 120_000);

  it('gives cloud-init no 5xx to what it asks once, whatever regions do, and the answer when one is back', async () => {
    for (const fault of ['down', 'status 500', 'status 503', 'status 429', 'hang']) {
      tell(fault, ...NAMES);
      for (const item of fault === 'down' ? ONCE : ONCE.slice(2)) {
        const first = await ask(
          fault,
          `GET ${item}, no redirect followed`,
          ...CLOUD_INIT.slice(0, 2),
          `${METADATA}/${item}`,
        );
        expect(first.status, `${fault} ${item}`).toBe(307);
        expect(first.seconds).toBeLessThan(10);
      }
      const held = ask(fault, 'GET user-data, all are back after 12 s', ...CLOUD_INIT, `${METADATA}/user-data`);
      await new Promise((resolve) => setTimeout(resolve, 12_000));
      tell('up', ...NAMES);
      const answer = await held;
      expect(answer.status, fault).toBe(200);
      expect(answer.redirects).toBeGreaterThan(0);
      // 30 redirects are all that cloud-init follows.
      expect(answer.redirects).toBeLessThan(6);
      expect(answer.seconds).toBeLessThan(25);
    }
    tell('status 404', ...NAMES);
    const none = await ask('no user data', 'GET user-data', ...CLOUD_INIT, `${METADATA}/user-data`);
    expect(none).toMatchObject({ status: 404, redirects: 0 });
    tell('up', ...NAMES);
  }, 300_000);

  it('tells everybody else to come again: a redirect is no answer of ours to curl, wget or a POST', async () => {
    tell('down', ...NAMES);
    const cases = [
      ['-A', 'curl/8.14.1', `${METADATA}/user-data`],
      ['-A', 'Wget', `${METADATA}/user-data`],
      ['-A', 'Cloud-Init/25.1.4', '-d', 'x=1', `${METADATA}/`],
      ['-A', 'Cloud-Init/25.1.4', `${METADATA}/user-data?a=%0d%0aLocation:%20http://x`],
      ['-A', 'Cloud-Init/25.1.4', '--path-as-is', `${RACK}//evil.example/../MAAS/metadata/2012-03-01/user-data`],
    ];
    for (const argv of cases) expect([503, 400, 404]).toContain((await ask('down', argv.join(' '), ...argv)).status);
    tell('up', ...NAMES);
  });

  it('holds a report of cloud-init, whose ten tries so last until a region is back', async () => {
    tell('down', ...NAMES);
    const report = () =>
      ask(
        'down',
        'POST status as cloud-init',
        '-A',
        'Cloud-Init/25.1.4',
        '-d',
        '{}',
        `${RACK}/MAAS/metadata/status/abc123`,
      );
    const answers = [await report(), await report(), await report()];
    expect(answers.map(({ status }) => status)).toEqual([503, 503, 503]);
    expect(answers[1]?.seconds).toBeGreaterThan(3);
    for (const { seconds } of answers) expect(seconds).toBeLessThan(10);
    tell('up', ...NAMES);
    expect((await report()).status).toBe(200);
  }, 60_000);

  it('has empty errors for GRUB, and a 503 of an image that iPXE does not wait for', async () => {
    const image = `${RACK}/images/${'f'.repeat(64)}/own-none-10`;
    for (const url of [image, `${RACK}/nothing`]) {
      expect(await ask('no such file', `GRUB ${url.slice(-12)}`, '-A', 'GRUB 2.12', url)).toMatchObject({
        status: 404,
        bytes: 0,
      });
      expect((await ask('no such file', `iPXE ${url.slice(-12)}`, '-A', 'iPXE/1.21.1', url)).bytes).toBeGreaterThan(0);
    }
    tell('down', ...NAMES);
    expect(await ask('down', 'GRUB image', '-A', 'GRUB 2.12', image)).toMatchObject({ status: 503, bytes: 0 });
    const head = await host.run(['curl', '-q', '-s', '-i', '-A', 'iPXE/1.21.1', image]);
    expect(head.stdout).toMatch(/^HTTP\/1\.1 503 /);
    expect(head.stdout).not.toMatch(/retry-after/i);
    const wait = await host.run(['curl', '-q', '-s', '-i', `${METADATA}/user-data`]);
    expect(wait.stdout).toMatch(/retry-after: 5/i);
    tell('up', ...NAMES);
  });

  it('takes a large body only from whom a region knows, and keeps none of it', async () => {
    const key = ['-H', 'Authorization: OAuth x'];
    await host.run(['sh', '-c', 'head -c 3M /dev/zero >/tmp/three; head -c 900k /dev/zero >/tmp/small']);
    const post = (file: string, ...argv: readonly string[]) => [
      '--data-binary',
      `@/tmp/${file}`,
      ...argv,
      `${METADATA}/`,
    ];
    expect((await ask('no key', '900 kB', ...post('small'))).status).toBe(200);
    expect((await ask('no key', '3 MB', ...post('three'))).status).toBe(401);
    expect((await ask('with a key', '3 MB', ...post('three', ...key))).status).toBe(200);
    expect(
      (await ask('with a key', '3 MB, no length', ...post('three', ...key, '-H', 'Transfer-Encoding: chunked'))).status,
    ).toBe(411);
    for (const bytes of [257 * 1024 * 1024, 1_000_000_000, 12_345_678_901])
      expect(
        (await ask('with a key', `${bytes} bytes`, ...post('small', ...key, '-H', `Content-Length: ${bytes}`))).status,
      ).toBe(413);
    tell('down', ...NAMES);
    expect((await ask('down', '3 MB', ...post('three', ...key))).status).toBe(503);
    tell('up', ...NAMES);
    const slow = host.run([
      'curl',
      '-q',
      '-s',
      '-m',
      '20',
      '-o',
      '/dev/null',
      '--limit-rate',
      '600k',
      ...post('three', ...key),
    ]);
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    const kept = await host.run([
      'sh',
      '-c',
      'du -sk /var/lib/regent/http/body | cut -f1; ls -l /proc/[0-9]*/fd 2>/dev/null | grep -c http/body/ || true',
    ]);
    table.push(`3 MB under way: kB and files in the rack's folder → ${kept.stdout.trim().replace('\n', ', ')}`);
    expect(kept.stdout.trim().split('\n').at(-1)).toBe('0');
    await slow;
  }, 60_000);

  it('bounds the connections of one address', async () => {
    tell('hang', ...NAMES);
    const crowd = await host.run([
      'sh',
      '-c',
      `curl -q -s -Z --parallel-immediate --parallel-max 120 -m 30 -o /dev/null -w '%{http_code}\\n' '${METADATA}/x?[1-100]' | sort | uniq -c`,
    ]);
    table.push(`100 questions at once of one address → ${crowd.stdout.trim().replaceAll(/\s+/g, ' ')}`);
    tell('up', ...NAMES);
    expect((await ask('afterwards', 'GET user-data', ...CLOUD_INIT, `${METADATA}/user-data`)).status).toBe(200);
  }, 60_000);
});
