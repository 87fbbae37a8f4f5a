import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import { type AddressInfo, connect as connectTcp, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type TLSSocket } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createPeerOf, openTls, type Tls } from '../../../src/main/region/tls.ts';
import { type TestIdentity, testAuthority, testIdentity } from '../../kit/cluster/pki.ts';
import { silentLog } from '../../kit/postgres.ts';
import { until } from '../../kit/until.ts';

describe('a region behind load balancers', () => {
  const folder = mkdtempSync(join(tmpdir(), 'regent-tls-'));
  let identity: TestIdentity;
  let tls: Tls;
  let server: Server;
  let port: number;

  beforeAll(async () => {
    identity = await testIdentity(await testAuthority(), { nodeId: 'n-r1', isRegion: true });
    const files = { authority: join(folder, 'ca'), certificate: join(folder, 'crt'), key: join(folder, 'key') };
    writeFileSync(files.authority, identity.authority);
    writeFileSync(files.certificate, identity.certificate);
    writeFileSync(files.key, identity.key);
    tls = openTls(files, silentLog);
    const peerOf = createPeerOf();
    server = createServer(tls.options, ({ socket }, response) => {
      response.end(
        JSON.stringify({ peer: peerOf(socket)?.nodeId, isResumed: (socket as TLSSocket).isSessionReused() }),
      );
    });
    tls.follow(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    port = (server.address() as AddressInfo).port;
  });
  afterAll(() => {
    tls.close();
    server.closeAllConnections();
    server.close();
    rmSync(folder, { recursive: true });
  });

  function dial(session?: Buffer): TLSSocket {
    const { authority: ca, certificate: cert, key } = identity;
    return connect({ host: '127.0.0.1', port, ca, cert, key, session, checkServerIdentity: () => undefined });
  }

  /** One call on a connection of its own; the last session ticket of it. */
  function call(session?: Buffer): Promise<{ text: string; ticket: Buffer | undefined }> {
    return new Promise((resolve, reject) => {
      let [text, ticket]: [string, Buffer | undefined] = ['', undefined];
      const socket = dial(session);
      socket.on('session', (bytes) => {
        ticket = bytes;
      });
      socket.on('data', (bytes) => {
        text += bytes.toString();
      });
      socket.on('error', reject).on('close', () => resolve({ text, ticket }));
      socket.write('GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
    });
  }

  it('takes a session up again, and knows whose it is', async () => {
    const first = await call();
    expect(first.text).toContain('{"peer":"n-r1","isResumed":false}');
    expect((await call(first.ticket)).text).toContain('{"peer":"n-r1","isResumed":true}');
  });

  it('turns away who would be one handshake too many, and serves on when there are fewer', async () => {
    const open: { socket: Socket; isClosed: boolean }[] = [];
    for (let n = 0; n < 70; n += 1) {
      const entry = { socket: connectTcp(port, '127.0.0.1'), isClosed: false };
      entry.socket
        .on('error', () => {})
        .on('close', () => {
          entry.isClosed = true;
        });
      entry.socket.resume();
      open.push(entry);
    }
    await until('six are turned away', () => open.filter(({ isClosed }) => isClosed).length === 6);
    await expect(call()).rejects.toThrow(/socket disconnected|ECONNRESET/);
    for (const { socket } of open) socket.destroy();
    await until('it serves', async () => (await call().catch(() => ({ text: '' }))).text.includes('n-r1'));
  });

  it('does not count connections whose handshake is done', async () => {
    const kept: TLSSocket[] = [];
    for (let n = 0; n < 70; n += 1) {
      const socket = dial();
      await new Promise((resolve, reject) => socket.once('secureConnect', resolve).once('error', reject));
      kept.push(socket);
    }
    expect((await call()).text).toContain('n-r1');
    for (const socket of kept) socket.destroy();
  });
});
