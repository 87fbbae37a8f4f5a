import { createSocket } from 'node:dgram';
import { createServer } from 'node:http';
import { describe, expect, it } from 'vitest';
import { filePath } from '../../../src/host/ask/bmc/interface.ts';
import { realBmcAccess } from '../../../src/host/ask/bmc/real.ts';
import { freeTcpPort, freeUdpPort, openGarbage } from '../../kit/power/ports.ts';

const reach = realBmcAccess();

describe('a program', () => {
  it('gets environment, standard input and texts that lie on no disk', async () => {
    const script = `printf '%s|' "$SECRET" "$(cat)" "$(cat ${filePath(0)})" "$(cat ${filePath(1)})"`;
    const ran = await reach.run({
      argv: ['/bin/sh', '-c', script],
      env: { SECRET: 'a' },
      stdin: 'b',
      files: ['c', 'd'],
      timeoutMs: 5000,
    });
    expect(ran).toMatchObject({ code: 0, stdout: 'a|b|c|d|' });
  });

  it('has nothing of our own environment, and may leave its texts unread', async () => {
    process.env['REGENT_TEST_SECRET'] = 'x';
    const ran = await reach.run({ argv: ['/usr/bin/env'], files: ['y'.repeat(200_000)], timeoutMs: 5000 });
    delete process.env['REGENT_TEST_SECRET'];
    expect(ran.code).toBe(0);
    expect(ran.stdout).not.toContain('REGENT_TEST_SECRET');
  });

  it('ends by its time limit', async () => {
    expect(await reach.run({ argv: ['/bin/sleep', '5'], timeoutMs: 50 })).toMatchObject({ timedOut: true });
  });
});

describe('datagrams', () => {
  it('are answered, refused at once, or by silence', async () => {
    await using garbage = await openGarbage();
    const packets = [Uint8Array.from([1])];
    expect(await reach.datagram({ host: '127.0.0.1', port: garbage.port, packets, timeoutMs: 2000 })).toBeInstanceOf(
      Uint8Array,
    );
    const startedAt = performance.now();
    expect(
      await reach.datagram({ host: '127.0.0.1', port: await freeUdpPort(), packets, timeoutMs: 5000 }),
    ).toMatchObject({ why: 'unreachable' });
    expect(performance.now() - startedAt).toBeLessThan(3000);
    const silent = createSocket('udp4');
    await new Promise<void>((resolve) => {
      silent.bind(0, '127.0.0.1', resolve);
    });
    expect(
      await reach.datagram({ host: '127.0.0.1', port: silent.address().port, packets, timeoutMs: 100 }),
    ).toMatchObject({ why: 'silent' });
    silent.close();
    expect(await reach.datagram({ host: 'no-such-name.invalid', port: 1, packets, timeoutMs: 5000 })).toMatchObject({
      kind: 'none',
    });
  });
});

describe('the web', () => {
  it('answers, is silent, says too much, or is not there', async () => {
    const server = createServer((request, response) => {
      if (request.url === '/silent') return;
      if (request.url === '/much') return void response.end('x'.repeat(2_000_000));
      response.writeHead(302, { Location: '/elsewhere', 'X-Method': request.method });
      request.pipe(response);
    });
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    const address = server.address();
    const base = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;
    const ask = (url: string) =>
      reach.web({ method: 'PATCH', url, body: 'ü', trust: { kind: 'authorities' }, timeoutMs: 500 });
    expect(await ask(`${base}/`)).toMatchObject({
      status: 302,
      text: 'ü',
      fingerprint: null,
      headers: { location: '/elsewhere', 'x-method': 'PATCH' },
    });
    expect(await ask(`${base}/silent`)).toMatchObject({ kind: 'none', why: 'silent' });
    expect(await ask(`${base}/much`)).toMatchObject({ kind: 'none', why: 'garbage' });
    server.closeAllConnections();
    server.close();
    expect(await ask(`http://127.0.0.1:${await freeTcpPort()}/`)).toMatchObject({ kind: 'none', why: 'unreachable' });
  });
});
