import type { ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readTemplates } from '../../src/main/templates.ts';
import { compileLb } from '../../src/services/lb/compile.ts';
import type { LbDesired } from '../../src/services/lb/desired.ts';
import { lb } from '../../src/services/lb/index.ts';
import { giveIdentity, PKI } from '../kit/cluster/host-identity.ts';
import { DaemonBench } from '../kit/daemon-bench.ts';
import { RELOAD_HAPROXY } from '../kit/haproxy-reload.ts';
import { DebianHost } from '../kit/debian-root.ts';
import { clusterSnapshot } from '../kit/snapshots.ts';
import { pause, until } from '../kit/until.ts';

const ADDRESSES = { r1: '10.77.0.11', r2: '10.77.0.12', r3: '10.77.0.13' };
/** Where no region is. */
const MOVED = '10.77.0.19';
const NAMES = ['r1', 'r2', 'r3'] as const;
type Name = (typeof NAMES)[number];
const STAND_IN = join(import.meta.dirname, '../kit/cluster/region-stand-in.ts');
const HTTP = 'http://127.0.0.1:5240';
const HTTPS = 'https://127.0.0.1:5443';
const KEEP = readFileSync(join(import.meta.dirname, '../../ha/haproxy/keep'), 'utf8');

/** One real haproxy before three region nodes that are switched at will. */
describe('haproxy on rendered files', () => {
  let host: DebianHost;
  let bench: DaemonBench;
  const regions = new Map<Name, ChildProcess>();
  const desired = wanted();

  function wanted(count = 3): LbDesired {
    const part = compileLb(clusterSnapshot(), 'n-r1');
    if (part === null) throw new Error('there is no cluster');
    return { ...part, regions: part.regions.slice(0, count) };
  }

  async function begin(name: Name): Promise<void> {
    const child = host.startBeside([process.execPath, STAND_IN, name, ADDRESSES[name], host.path(PKI)]);
    regions.set(name, child);
    await new Promise((resolve) => child.stdout?.once('data', resolve));
  }

  const tell = (name: Name, word: string) => regions.get(name)?.stdin?.write(`${word}\n`);
  const facts = async () => (await bench.probe(desired)).facts;
  const fetch = (...argv: readonly string[]) => host.run(['curl', '-q', '-s', '-m', '10', ...argv]);
  const status = async (...argv: readonly string[]) =>
    (await fetch('-o', '/dev/null', '-w', '%{http_code}', ...argv)).stdout;
  /** Values of the header Strict-Transport-Security of an answer (RFC 6797 §7.1: one, and over TLS alone). */
  const strictTransport = async (url: string, ...argv: readonly string[]) => {
    const head = await fetch('-k', '-m', '3', '-D', '-', '-o', '/dev/null', ...argv, url);
    expect(head.stdout, url).toMatch(/^HTTP\/[12.]+ [0-9]{3}/);
    return [...head.stdout.matchAll(/^strict-transport-security: (.*?)\r?$/gim)].map(([, found]) => found);
  };
  /** A new process takes every server for one that is up until it has checked it: it has, when r2 alone is seen as primary. */
  const settled = () =>
    until('all regions are up, and r2 is primary', async () => {
      const seen = await facts();
      return seen?.['primary'] === 'r2' && JSON.stringify(seen).split('"isUp":true').length === 4;
    });
  const allUp = () =>
    until('all regions are up', async () => JSON.stringify(await facts()).split('"isUp":true').length === 4);
  const sql = async () =>
    (await host.run(['timeout', '2', 'bash', '-c', 'head -n 1 </dev/tcp/127.0.0.1/5433'])).stdout.trim();

  beforeAll(async () => {
    host = await DebianHost.open();
    for (const address of Object.values(ADDRESSES))
      await host.run(['ip', 'address', 'add', `${address}/32`, 'dev', 'lo']);
    await giveIdentity(host, ['127.0.0.1', ...Object.values(ADDRESSES)]);
    await host.run(['install', '-d', '-o', 'haproxy', '-g', 'haproxy', '/run/haproxy']);
    for (const name of NAMES) await begin(name);
    tell('r2', 'primary');
    const master = ['-W', '-S', '/run/haproxy/master.sock,mode,600'];
    const argv = [
      'runuser',
      '-u',
      'haproxy',
      '--',
      '/usr/sbin/haproxy',
      ...master,
      '-f',
      '/etc/haproxy/regent/haproxy.cfg',
    ];
    bench = new DaemonBench(host, lb, await readTemplates(join(import.meta.dirname, '../../templates')), argv);
    host.write('/keep', KEEP, { mode: 0o755 });
    bench.reload = ['sh', '-c', 'runuser -u haproxy -- /keep; exec "$@"', 'sh', ...RELOAD_HAPROXY];
    await bench.apply(desired);
    await settled();
  });
  afterAll(async () => {
    await bench.stop();
    for (const child of regions.values()) child.kill('SIGKILL');
    await host[Symbol.asyncDispose]();
  });

  it('spreads calls over all regions and tells who is primary', async () => {
    const answers = await Promise.all(NAMES.concat(NAMES).map(() => fetch(`${HTTP}/x`)));
    expect(new Set(answers.map(({ stdout }) => JSON.parse(stdout).name)).size).toBe(3);
    expect(await sql()).toBe('r2');
  });

  it('asks regions on connections that it has, whoever calls', async () => {
    const nths: number[] = [];
    for (let n = 0; n < 9; n += 1) nths.push(JSON.parse((await fetch(`${HTTP}/x`)).stdout).nth);
    expect(Math.max(...nths)).toBeGreaterThan(1);
  });

  describe('before one region that is slow', () => {
    const one = wanted(1);
    const inHand = async () => JSON.parse((await fetch(`${HTTP}/in-hand`)).stdout || '{}');
    const crowd = (count: number, patience: number) => {
      const argv = ['-Z', '--parallel-immediate', '--parallel-max', '200', '-m', `${patience}`];
      return fetch(...argv, '-o', '/dev/null', '-w', '%{http_code}\n', `${HTTP}/slow?[1-${count}]`);
    };

    beforeAll(async () => {
      await bench.apply(one);
      await until('the new process serves', async () => (await bench.probe(one)).isHealthy);
    });
    afterAll(async () => {
      await bench.apply(desired);
      await until('all three are back', async () => (await bench.probe(desired)).isHealthy);
      await settled();
    });

    it('gives it no more calls than it can have in hand, and what waits by its nature takes none of its turns', async () => {
      const all = crowd(120, 30);
      await pause(700);
      expect(await status(`${HTTP}/api/v1/events`)).toBe('200');
      const codes = (await all).stdout.trim().split('\n');
      // 32 at once, and a call takes 1.5 s: the last ones wait for 4.5 s, and nobody is refused.
      expect(codes).toEqual(Array.from({ length: 120 }, () => '200'));
      expect((await inHand()).most).toBe(32);
    });

    it('answers the newest first when calls have to wait', async () => {
      const order: string[] = [];
      const older = crowd(100, 30).then(() => order.push('older'));
      await pause(1700);
      await crowd(10, 30).then(() => order.push('newer'));
      await older;
      expect(order).toEqual(['newer', 'older']);
    });

    it('keeps it from calls whose callers have gone', async () => {
      const before = (await inHand()).slow;
      await crowd(120, 1);
      expect(await status(`${HTTP}/x`)).toBe('200');
      // 32 at a time. On a busy machine some of them end, and the next ones are begun, before their callers go.
      const begun = (await inHand()).slow - before;
      expect(begun).toBeGreaterThanOrEqual(32);
      expect(begun).toBeLessThan(80);
    });
  });

  it('believes no region that does not show the name of one', async () => {
    // Of the whole file, so that it is seen for every backend.
    await host.run(['sed', '-i', 's/verifyhost regent-region/verifyhost another/', '/etc/haproxy/regent/haproxy.cfg']);
    await host.run(bench.reload ?? []);
    await until('none is up', async () => !JSON.stringify(await facts()).includes('true'));
    expect(await status(`${HTTP}/health/live`)).toBe('503');
    await bench.apply({ ...desired, regions: desired.regions.slice(0, 2) });
    await bench.apply(desired);
    await settled();
  });

  it('says itself how and by whom it was called, and takes bodies of any size', async () => {
    const lies = [
      'X-Forwarded-For: 6.6.6.6',
      'X-Forwarded-Proto: https',
      'X-Forwarded-Host: evil',
      'Forwarded: for=6.6.6.6',
      'X-Real-IP: 6.6.6.6',
    ];
    const plain = JSON.parse((await fetch(...lies.flatMap((line) => ['-H', line]), `${HTTP}/x`)).stdout);
    expect(plain.headers).toMatchObject({ 'x-forwarded-for': '127.0.0.1', 'x-forwarded-proto': 'http' });
    expect(JSON.stringify(plain.headers)).not.toMatch(/6\.6\.6\.6|evil/);
    const size = 3_000_000;
    await host.run(['sh', '-c', `head -c ${size} /dev/zero >/tmp/body`]);
    const secure = await fetch(
      '--cacert',
      `${PKI}/ca.crt`,
      '-X',
      'POST',
      '--data-binary',
      '@/tmp/body',
      'https://127.0.0.1:5443/x',
    );
    const body = JSON.parse(secure.stdout || '{}');
    expect(body).toMatchObject({ size, headers: { 'x-forwarded-proto': 'https' } });
  });

  it.each(['x', 'health/proxy', 'health/epoch', 'peer/v1/memory', 'api/v1/site/events'])(
    'sends browsers that came over TLS back there, and says nothing of it without: /%s',
    async (path) => {
      for (const version of ['--http1.1', '--http2'])
        expect(await strictTransport(`${HTTPS}/${path}`, version)).toEqual(['max-age=2592000']);
      expect(await strictTransport(`${HTTP}/${path}`)).toEqual([]);
      expect(await strictTransport(`${HTTP}/${path}`, '-H', 'X-Forwarded-Proto: https')).toEqual([]);
    },
  );

  it('hands on nothing that region nodes ask each other', async () => {
    const table: string[] = [];
    for (const path of [
      'peer/v1/memory',
      'peer/',
      'peer/v1/memory?a=b',
      '%70eer/v1/memory',
      'PEER/v1/memory',
      'peer/../peer/x',
    ])
      for (const base of [HTTP, 'https://127.0.0.1:5443']) {
        const answer = await status('-k', '--path-as-is', `${base}/${path}`);
        table.push(`${base}/${path} → ${answer}`);
        expect(answer, path).toBe('403');
      }
    expect(await status(`${HTTP}/peers`)).toBe('200');
    process.stdout.write(`\nsecurity S15: haproxy\n${table.join('\n')}\n`);
  });

  it('tells the floating address of itself and of regions that live, and asks none for it', async () => {
    const sessions = async () => {
      const question = { socket: '/run/haproxy/regent.sock', request: 'show stat -1 4 -1\n', timeoutMs: 2_000 };
      const [head = '', ...rows] = (await host.exec(question)).stdout.trim().split('\n');
      const [name, total] = ['svname', 'stot'].map((word) => head.replace('# ', '').split(',').indexOf(word));
      const cells = rows.map((row) => row.split(','));
      return cells.reduce(
        (sum, row) => sum + (NAMES.some((one) => one === row[name ?? -1]) ? Number(row[total ?? -1]) : 0),
        0,
      );
    };
    expect(await status(`${HTTP}/health/live`)).toBe('200');
    const before = await sessions();
    for (let count = 0; count < 20; count += 1) expect(await status(`${HTTP}/health/proxy`)).toBe('200');
    expect(await sessions()).toBe(before);
    expect(before).toBeGreaterThan(0);
    const numbers = await bench.metrics(desired);
    expect(numbers['requests_total']).toBeGreaterThanOrEqual(20);
    expect(numbers['connections_total']).toBeGreaterThan(0);
    expect(numbers['connections_limit']).toBeGreaterThan(100);
    for (const name of ['connections', 'sessions{backend=ready,server=r1}', 'sessions{backend=database,server=r3}'])
      expect(numbers[name], name).toBeGreaterThanOrEqual(0);
  });

  it('sends again what may be sent twice, and nothing else', async () => {
    const counts = async () => {
      const answers = await Promise.all(
        NAMES.map((name) =>
          fetch(
            '--cacert',
            `${PKI}/ca.crt`,
            '--cert',
            `${PKI}/node.crt`,
            '--key',
            `${PKI}/node.key`,
            `https://${ADDRESSES[name]}:5251/died`,
          ),
        ),
      );
      return answers.reduce((sum, { stdout }) => sum + Number(stdout), 0);
    };
    // Whoever wrote without a key is told, also when the region had served others before.
    for (let n = 0; n < 6; n += 1) await fetch(`${HTTP}/x`);
    expect(await status('-X', 'POST', '-d', 'x', `${HTTP}/die/1`)).toBe('502');
    expect(await counts()).toBe(1);
    // Of a connection that has served before haproxy tells by an end without an answer (000): this may be repeated.
    const untold = expect.stringMatching(/^(502|000)$/);
    expect(await status('-X', 'POST', '-d', 'x', '-H', 'Idempotency-Key: k', `${HTTP}/die/2`)).toEqual(untold);
    expect(await counts()).toBe(4);
    expect(await status(`${HTTP}/die/3`)).toEqual(untold);
    expect(await counts()).toBe(7);
  });

  it('goes on without a region that is dead, and nobody notices', async () => {
    regions.get('r1')?.kill('SIGKILL');
    const codes = await Promise.all(Array.from({ length: 30 }, () => status('-X', 'POST', '-d', 'x', `${HTTP}/x`)));
    expect(new Set(codes)).toEqual(new Set(['200']));
    await until('r1 is gone from the facts', async () =>
      JSON.stringify(await facts()).includes('"name":"r1","isUp":false'),
    );
    await begin('r1');
    await until('r1 is back', async () => JSON.stringify(await facts()).includes('"name":"r1","isUp":true'));
  });

  it('lets regions hold calls while none is ready, and tells of those that live', async () => {
    for (const name of NAMES) tell(name, 'unready');
    await until('none is ready', async () => !JSON.stringify(await facts()).includes('true'));
    expect(await status(`${HTTP}/x`)).toBe('200');
    expect(await status(`${HTTP}/health/live`)).toBe('200');
    expect(await status(`${HTTP}/health/ready`)).toBe('503');
    for (const name of NAMES) tell(name, 'ready');
    await until('all are ready', async () => !JSON.stringify(await facts()).includes('false'));
    expect(await status(`${HTTP}/health/ready`)).toBe('200');
  });

  it('tries regions that live by no check, as busy ones seem to', async () => {
    const file = '/etc/haproxy/regent/haproxy.cfg';
    const pretend = (from: string, to: string) =>
      host.run(['sed', '-i', `s#uri /health/${from} ver#uri /${to} ver#`, file]);
    await pretend('ready?held', 'die/1');
    await pretend('live', 'die/2');
    await host.run(bench.reload ?? []);
    await until('none is up', async () => (await status(`${HTTP}/health/proxy`)) === '503');
    expect(await status(`${HTTP}/x`)).toBe('200');
    expect(await status('-X', 'POST', '-d', 'x', `${HTTP}/x`)).toBe('503');
    await bench.apply({ ...desired, regions: desired.regions.slice(0, 2) });
    await bench.apply(desired);
    await settled();
  });

  it('moves the way to the database with the primary; a session that is there is left to its server', async () => {
    const open = host.start(['bash', '-c', 'exec cat </dev/tcp/127.0.0.1/5433']);
    await new Promise((resolve) => open.stdout?.once('data', resolve));
    tell('r2', 'standby');
    await until('no primary is seen', async () => (await facts())?.['primary'] === null);
    expect(await sql()).toBe('');
    tell('r3', 'primary');
    await until('r3 is primary', async () => (await sql()) === 'r3');
    expect(open.exitCode).toBeNull();
    open.kill('SIGKILL');
  });

  it('cuts within seconds what went to a host that says nothing any more, and asks another region', async () => {
    const open = host.start(['bash', '-c', 'exec cat </dev/tcp/127.0.0.1/5433']);
    const isCut = new Promise((resolve) => open.once('exit', resolve));
    await new Promise((resolve) => open.stdout?.once('data', resolve));
    const began = performance.now();
    const calls = NAMES.map(() => fetch(`${HTTP}/slow`));
    await pause(500);
    try {
      await host.run(['nft', 'add', 'table', 'ip', 'silent']);
      await host.run(['nft', 'add', 'chain', 'ip', 'silent', 'out', '{ type filter hook output priority 0; }']);
      await host.run(['nft', 'add', 'rule', 'ip', 'silent', 'out', 'ip', 'saddr', ADDRESSES.r3, 'drop']);
      await isCut;
      console.log(`SQL was cut after ${Math.round(performance.now() - began)} ms`);
      const names = (await Promise.all(calls)).map(({ stdout }) => JSON.parse(stdout || '{}').name);
      console.log(`all calls were answered after ${Math.round(performance.now() - began)} ms by ${names.join(', ')}`);
      expect(names.every((name) => name === 'r1' || name === 'r2')).toBe(true);
      expect(performance.now() - began).toBeLessThan(10_000);
    } finally {
      await host.run(['nft', 'delete', 'table', 'ip', 'silent']);
    }
    await until('r3 is primary again', async () => (await sql()) === 'r3');
  });

  it('reloads without a refused call, and old streams go on', async () => {
    const stream = host.start(['curl', '-q', '-s', '-N', '-m', '20', `${HTTP}/stream`]);
    let text = '';
    stream.stdout?.on('data', (chunk: Buffer) => {
      text += chunk.toString();
    });
    await until('the stream speaks', () => text.includes('data'));
    const calls = Array.from({ length: 20 }, () => status(`${HTTP}/x`));
    await bench.apply(wanted(2));
    calls.push(...Array.from({ length: 20 }, () => status(`${HTTP}/x`)));
    expect(new Set(await Promise.all(calls))).toEqual(new Set(['200']));
    const length = text.length;
    await until('the stream goes on', () => text.length > length);
    stream.kill('SIGKILL');
    await bench.apply(desired);
  });

  it('takes no region from callers for one late check after a reload, and one that was down stays down', async () => {
    await bench.apply(desired);
    await allUp();
    tell('r1', 'unready');
    await until('r1 is down', async () => JSON.stringify(await facts()).includes('"name":"r1","isUp":false'));
    for (const name of ['r2', 'r3'] as const) tell(name, 'late');
    expect((await host.run(bench.reload ?? [])).code).toBe(0);
    const end = performance.now() + 900;
    const answers = new Set<string>();
    while (performance.now() < end) {
      const { stdout } = await fetch('-w', ' %{http_code}', `${HTTP}/x`);
      answers.add(`${JSON.parse(stdout.slice(0, -4) || '{}').name ?? ''}${stdout.slice(-4)}`);
      expect(await status(`${HTTP}/health/proxy`)).toBe('200');
    }
    expect([...answers].toSorted()).toEqual(['r2 200', 'r3 200']);
    tell('r1', 'ready');
    await allUp();
  });

  it('asks a region at its new address after a reload, not at the one that the process before knew', async () => {
    const moved = {
      ...desired,
      regions: desired.regions.map((one) => (one.name === 'r1' ? { ...one, address: MOVED } : one)),
    };
    await host.run(['ip', 'address', 'add', `${MOVED}/32`, 'dev', 'lo']);
    await bench.apply(moved);
    await until('nobody is there', async () =>
      JSON.stringify((await bench.probe(moved)).facts).includes('"name":"r1","isUp":false'),
    );
    const stat = (
      await host.exec({ socket: '/run/haproxy/regent.sock', request: 'show servers state ready\n', timeoutMs: 2_000 })
    ).stdout;
    expect(stat).toContain(` r1 ${MOVED} `);
    await bench.apply(desired);
    await allUp();
  });

  it('sends calls to a drained node when no other one can take them, and not before', async () => {
    const drained = {
      ...desired,
      regions: desired.regions.map((region) => (region.name === 'r1' ? { ...region, isDrained: true } : region)),
    };
    await bench.apply(drained);
    const asked = async () => JSON.parse((await fetch(`${HTTP}/x`)).stdout || '{}').name as string;
    await until('the new process serves', async () => (await bench.probe(drained)).isHealthy);
    const before = await Promise.all(Array.from({ length: 12 }, asked));
    expect(new Set(before)).toEqual(new Set(['r2', 'r3']));
    for (const name of ['r2', 'r3'] as const) tell(name, 'unready');
    await until('the drained one serves', async () => (await asked()) === 'r1');
    for (const name of ['r2', 'r3'] as const) tell(name, 'ready');
    await until('it is relieved', async () => (await asked()) !== 'r1');
    await bench.apply(desired);
    await until('the first process serves again', async () => (await bench.probe(desired)).isHealthy);
  });

  it('answers with a problem document when no region is left', async () => {
    for (const child of regions.values()) child.kill('SIGKILL');
    await until('nothing answers', async () => (await status(`${HTTP}/health/live`)) === '503');
    await until('haproxy has seen it too', async () => (await status(`${HTTP}/health/proxy`)) === '503');
    const own = (await fetch('-i', `${HTTP}/health/proxy`)).stdout.toLowerCase();
    expect(own).toContain('regent-answer: load-balancer');
    const { stdout } = await fetch('-i', `${HTTP}/api/v1/status`);
    expect(stdout.toLowerCase()).toContain('retry-after: 2');
    expect(stdout).toContain('application/problem+json');
    expect(JSON.parse(stdout.split('\r\n\r\n').at(-1) ?? '')).toMatchObject({ status: 503, code: 'unavailable' });
    expect(await strictTransport(`${HTTPS}/api/v1/status`)).toEqual(['max-age=2592000']);
    expect(await strictTransport(`${HTTP}/api/v1/status`)).toEqual([]);
  });
});
