import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { ProberConfig, WriteOrder } from '../../../../src/drills/probes/config.ts';
import { startDnsAsker } from '../../../../src/drills/probes/dns/asker.ts';
import { type Prober, type ProberRecord, startProber } from '../../../../src/drills/probes/start-prober.ts';
import { monotonicMs } from '../../../../src/drills/probes/time/deadline.ts';
import { allProcesses, identify, isRunning } from '../../../../src/lab/process.ts';
import { freePort, type Loopback, serveDns, serveHttp } from '../../../kit/probes/servers.ts';
import { until } from '../../../kit/until.ts';

const PROBES = join(import.meta.dirname, '../../../../src/drills/probes');
const HOST = '127.0.0.1';
const KEY = 'drill:token:secret';
const EVERY = { everyMs: 20, stopMs: 500 };
const WRITE: WriteOrder = {
  method: 'POST',
  path: '/api/v1/entries/{number}',
  body: '{"number":{number}}',
  firstNumber: 1,
  timeoutMs: 1500,
  deadlineMs: 5000,
};

const servers: Loopback[] = [];
const probers: Prober[] = [];
const opened = async (server: Promise<Loopback>) => {
  servers.push(await server);
  return (await server).port;
};
const started = async (config: Partial<ProberConfig>) => {
  const prober = await startProber(null, { ...EVERY, ...config });
  probers.push(prober);
  return prober;
};
afterEach(() => {
  for (const prober of probers.splice(0)) prober.kill();
  for (const server of servers.splice(0)) server.close();
});

const lane = (record: ProberRecord, probe: string) => record.lanes.find((item) => item.probe === probe)?.samples ?? [];
const whys = (record: ProberRecord, probe: string) => new Set(lane(record, probe).map((item) => item.why ?? ''));
const proberPids = (parent: number) =>
  allProcesses()
    .filter((item) => item.parent === parent && item.argv.some((word) => word.endsWith('/prober.ts')))
    .map((item) => item.pid);

/** A status, or how a server fails to answer. */
type Manner = number | 'silent' | 'half' | 'reset';

/** An API of numbered writes; what a number's tries are answered, in order, and then 201. */
async function serveWrites(answers: (number: number) => readonly Manner[]) {
  const tries: { number: number; key: string; body: string; at: number }[] = [];
  const port = await opened(
    serveHttp((request, response) => {
      const number = Number(request.url?.split('/').at(-1));
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
      request.on('end', () => {
        const before = tries.filter((item) => item.number === number).length;
        tries.push({ number, key: String(request.headers['idempotency-key']), body, at: monotonicMs() });
        const answer = answers(number)[before] ?? 201;
        if (answer === 'silent') return;
        if (answer === 'reset') request.socket.destroy();
        else if (answer === 'half') {
          response.writeHead(201, { 'content-length': '10' }).write('12345');
          setTimeout(() => request.socket.destroy(), 10);
        } else response.writeHead(answer, { 'retry-after': '1' }).end('{}');
      });
    }),
  );
  return { port, tries, of: (number: number) => tries.filter((item) => item.number === number) };
}

describe('numbered writes', () => {
  it('keep their key over all tries, wait as they are told, and end acknowledged, refused or ambiguous', async () => {
    const script: Readonly<Record<number, readonly Manner[]>> = {
      1: [503],
      2: [422],
      3: ['half', 201],
      4: ['reset', 422],
      5: [500],
      6: Array<Manner>(20).fill('silent'),
      7: ['silent'],
    };
    const api = await serveWrites((number) => script[number] ?? []);
    const prober = await started({ api: { host: HOST, port: api.port, apiKey: KEY }, write: WRITE });
    const isTold = () => [1, 3, 7, 8].every((number) => prober.record().ledger.acknowledged.includes(number));
    await until('four acknowledged writes', isTold);
    const record = await prober.stop();
    const { acknowledged, ambiguous, refused } = record.ledger;
    expect(refused).toEqual([2]);
    // Later ones may have been open at the stop.
    expect(ambiguous.filter((number) => number <= 8)).toEqual([4, 5, 6]);
    const all = [...acknowledged, ...ambiguous, ...refused].toSorted((a, b) => a - b);
    expect(all).toEqual(Array.from(all, (_, index) => index + 1));
    for (const number of [1, 3, 4, 7]) {
      expect(api.of(number)).toHaveLength(2);
      expect(new Set(api.of(number).map((item) => item.key)).size).toBe(1);
    }
    const different = (of: (item: (typeof api.tries)[number]) => string | number) => new Set(api.tries.map(of)).size;
    expect(different((item) => item.key)).toBe(different((item) => item.number));
    expect(api.of(8)[0]?.body).toBe('{"number":8}');
    const [first, second] = api.of(1);
    expect((second?.at ?? 0) - (first?.at ?? 0)).toBeGreaterThan(950);
    expect([...whys(record, 'write')].toSorted()).toEqual(['', '422', '500', 'given up']);
  });
});

describe('the other lanes', () => {
  it('tell what each service answered, and that it was asked in the time of all processes', async () => {
    let reads = 0;
    const api = await opened(
      serveHttp((_, response) => {
        reads += 1;
        const by = reads % 2 === 0 ? { 'Regent-Answer': 'load-balancer' } : {};
        response.writeHead(reads > 4 ? 200 : 503, by).end('{}');
      }),
    );
    const forwarded: string[] = [];
    const proxy = await opened(
      serveHttp((request, response) => {
        forwarded.push(request.url ?? '');
        response.writeHead(200).end('x');
      }),
    );
    const named = async (host: string, port: number | Promise<number>) => ({ host, address: HOST, port: await port });
    const good = await named('r1', opened(serveDns(0)));
    const silent = await named('r2', opened(serveDns('silent')));
    const failing = await named('r3', opened(serveDns(2)));
    const closed = await named('r4', freePort());
    const before = monotonicMs();
    const prober = await started({
      api: { host: HOST, port: api, apiKey: KEY },
      read: { path: '/', timeoutMs: 1000 },
      vip: { host: HOST, port: await freePort(), timeoutMs: 300 },
      dns: {
        name: 'www.example.test',
        type: 'A',
        timeoutMs: 300,
        servers: [good, silent, failing, closed],
        lookup: [silent, failing, closed, good],
      },
      proxy: {
        host: HOST,
        port: proxy,
        origin: HOST,
        originPort: await freePort(),
        everyMs: 50,
        timeoutMs: 1000,
      },
    });
    const isSeen = () => ['read', 'lookup', 'proxy'].every((name) => lane(prober.record(), name).length > 8);
    await until('samples of every lane', isSeen);
    const record = await prober.stop();
    const after = monotonicMs();
    expect(record.lanes.map((item) => item.probe).toSorted()).toEqual(
      ['dns r1', 'dns r2', 'dns r3', 'dns r4', 'lookup', 'proxy', 'read', 'vip'].toSorted(),
    );
    // The servers may be starved: then some questions time out.
    expect(whys(record, 'dns r1')).toContain('');
    expect(whys(record, 'dns r2')).toEqual(new Set(['timeout']));
    expect(whys(record, 'dns r3')).toContain('SERVFAIL');
    expect(whys(record, 'dns r4')).toEqual(new Set(['refused']));
    const lookups = lane(record, 'lookup').filter((item) => item.why === undefined);
    expect(lookups.length).toBeGreaterThan(0);
    expect(lookups.every((item) => item.endedAt - item.sentAt >= 299)).toBe(true);
    expect(whys(record, 'vip')).toEqual(new Set(['refused']));
    expect(whys(record, 'proxy')).toContain('');
    expect(new Set(forwarded).size).toBe(forwarded.length);
    for (const why of ['503', '503 haproxy'])
      expect(lane(record, 'read').filter((item) => item.why === why)).toHaveLength(2);
    expect(whys(record, 'read')).toContain('');
    const samples = record.lanes.flatMap((item) => item.samples);
    expect(samples.every((item) => item.sentAt > before && item.endedAt < after)).toBe(true);
    expect(record.cost?.cpuMs).toBeGreaterThan(0);
    expect(record.cost?.wallMs).toBeGreaterThan(100);
  });
});

describe('the process of a prober', () => {
  it('tells clearly that it could not begin', async () => {
    const taken = await opened(serveHttp((_, response) => response.end()));
    const proxy = { host: HOST, port: 1, origin: HOST, originPort: taken, everyMs: 50, timeoutMs: 100 };
    await expect(started({ proxy })).rejects.toMatchObject({
      code: 'drill_prober',
      message: expect.stringContaining('EADDRINUSE'),
    });
  });

  it('tells clearly that it died, and what it had told until then', async () => {
    const port = await opened(serveHttp((_, response) => response.end()));
    const prober = await started({ vip: { host: HOST, port, timeoutMs: 300 } });
    await until('a sample', () => lane(prober.record(), 'vip').length > 0);
    expect(prober.failure()).toBeNull();
    const [pid] = proberPids(process.pid);
    if (pid !== undefined) process.kill(pid, 'SIGKILL');
    await until('the failure', () => prober.failure());
    await expect(prober.stop()).rejects.toThrow(/ended by itself by SIGKILL/);
    expect(lane(prober.record(), 'vip').length).toBeGreaterThan(0);
  });

  it('is believed when it ends well, whatever it has said on standard error', async () => {
    const port = await opened(serveHttp((_, response) => response.end()));
    // Node warns of such a time.
    const prober = await started({ vip: { host: HOST, port, timeoutMs: -1 } });
    await until('a sample', () => lane(prober.record(), 'vip').length > 0);
    const said = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    const record = await prober.stop();
    expect(said.mock.calls.flat().join('')).toContain('TimeoutNegativeWarning');
    said.mockRestore();
    expect(record.cost).not.toBeNull();
  });

  it('is gone after its stop, and when the process that started it was killed', async () => {
    const prober = await started({});
    const [own] = proberPids(process.pid);
    const id = identify(own ?? 0);
    expect(id && isRunning(id)).toBe(true);
    await prober.stop();
    expect(id && isRunning(id)).toBe(false);

    const script = `import { startProber } from ${JSON.stringify(`${PROBES}/start-prober.ts`)};
      await startProber(null, { everyMs: 20, stopMs: 60000 }); console.log('ready'); setInterval(() => {}, 1000);`;
    const parent = spawn(process.execPath, ['--input-type=module', '--eval', script], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    await once(parent.stdout, 'data');
    const [orphan] = proberPids(parent.pid ?? 0);
    const orphanId = identify(orphan ?? 0);
    expect(orphanId).not.toBeNull();
    parent.kill('SIGKILL');
    await until('its end', () => orphanId && !isRunning(orphanId));
  });

  it('does not tell the secret of a configuration that it cannot read', async () => {
    const child = spawn(process.execPath, [join(PROBES, 'prober.ts')], { stdio: ['pipe', 'pipe', 'pipe'] });
    let said = '';
    child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
    child.stdin.end(`{"api":{"apiKey":"${KEY}"\n`);
    const [code] = (await once(child, 'close')) as [number];
    expect(code).not.toBe(0);
    expect(said).toContain('not JSON');
    expect(said).not.toContain('secret');
  });
});

describe('an asker', () => {
  it('has an answer even when its program is gone', async () => {
    const asker = startDnsAsker(null, HOST);
    asker.close();
    expect(await asker.ask('www.example.test', 'A', 10)).toEqual({ rcode: 'timeout', data: [] });
  });
});
