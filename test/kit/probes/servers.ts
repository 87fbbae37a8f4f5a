import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A server on a free port of 127.0.0.1. */
export interface Loopback {
  readonly port: number;
  close(): void;
}

/** An HTTP server. */
export async function serveHttp(listener: RequestListener): Promise<Loopback> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** What a name server does with a question: answers with a code, and an address if that is 0; or says nothing. */
export type DnsManner = number | 'silent';

/** A name server that treats every question for an A record alike. */
export async function serveDns(manner: DnsManner): Promise<Loopback> {
  const socket = createSocket('udp4');
  socket.on('message', (query, from) => {
    if (manner !== 'silent') socket.send(answerTo(query, manner), from.port, from.address);
  });
  return bound(socket);
}

/** A UDP server that answers each packet with these, in order. */
export async function serveUdp(answers: (packet: Buffer) => readonly Buffer[]): Promise<Loopback> {
  const socket = createSocket('udp4');
  socket.on('message', (packet, from) => {
    for (const answer of answers(packet)) socket.send(answer, from.port, from.address);
  });
  return bound(socket);
}

/** The answer to a question for an A record: 192.0.2.7 with code 0, else nothing. */
export function answerTo(query: Buffer, rcode: number): Buffer {
  const isGood = rcode === 0;
  const header = Buffer.from([query[0] ?? 0, query[1] ?? 0, 0x81, 0x80 | rcode, 0, 1, 0, isGood ? 1 : 0, 0, 0, 0, 0]);
  const record = Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 30, 0, 4, 192, 0, 2, 7]);
  return Buffer.concat([header, query.subarray(12), isGood ? record : Buffer.alloc(0)]);
}

/** A UDP port of 127.0.0.1 where nobody listens. */
export async function freePort(): Promise<number> {
  const server = await bound(createSocket('udp4'));
  server.close();
  return server.port;
}

async function bound(socket: Socket): Promise<Loopback> {
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return { port: socket.address().port, close: () => socket.close() };
}
