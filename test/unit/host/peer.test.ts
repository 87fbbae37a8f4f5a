import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { peerOf } from '../../../src/host/peer.ts';

let close: () => Promise<void> = async () => {};
afterEach(() => close());

/** Both ends of a connection; the server echoes nothing, it hands out its end. */
async function pair(listen: (server: Server) => void, dial: (server: Server) => Socket): Promise<[Socket, Socket]> {
  const server = createServer();
  const accepted = new Promise<Socket>((resolve) => server.once('connection', resolve));
  await new Promise<void>((resolve) => {
    server.once('listening', resolve);
    listen(server);
  });
  const client = dial(server);
  const socket = await accepted;
  close = async () => {
    client.destroy();
    socket.destroy();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  };
  return [socket, client];
}

describe('the peer of a unix socket', () => {
  it('is told by the kernel, and the socket goes on reading', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'regent-peer-'));
    const path = join(folder, 's');
    const [socket, client] = await pair(
      (server) => server.listen(path),
      () => connect(path),
    );
    const read = new Promise<string>((resolve) => socket.once('data', (data) => resolve(String(data))));
    expect(await peerOf(socket)).toEqual({ pid: process.pid, uid: process.getuid?.(), gid: process.getgid?.() });
    client.write('still here');
    expect(await read).toBe('still here');
    await rm(folder, { recursive: true });
  });

  it('is nobody on a port, loopback or not, and on a closed socket', async () => {
    const [socket] = await pair(
      (server) => server.listen(0, '127.0.0.1'),
      (server) => connect((server.address() as { port: number }).port, '127.0.0.1'),
    );
    expect(await peerOf(socket)).toBeNull();
    socket.destroy();
    expect(await peerOf(socket)).toBeNull();
  });
});
