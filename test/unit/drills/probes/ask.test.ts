import { once } from 'node:events';
import { Agent } from 'node:http';
import { type AddressInfo, createServer } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { askDns, type DnsAnswer, type DnsQuestion } from '../../../../src/drills/probes/dns/ask.ts';
import { get, type GetAnswer, type GetOrder } from '../../../../src/drills/probes/web/get.ts';
import { answerTo, freePort, type Loopback, serveDns, serveHttp, serveUdp } from '../../../kit/probes/servers.ts';

const servers: Loopback[] = [];
const opened = async (server: Promise<Loopback>) => {
  servers.push(await server);
  return (await server).port;
};
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

describe('one GET', () => {
  const fetched = (port: number, order: Partial<GetOrder> = {}) =>
    new Promise<GetAnswer>((resolve) => {
      get({ host: '127.0.0.1', port, path: '/', headers: {}, timeoutMs: 2000, agent: false, ...order }, resolve);
    });

  it('tells the status and the size of a whole answer', async () => {
    const port = await opened(
      serveHttp((request, response) => response.writeHead(request.url === '/no' ? 503 : 200).end('12345')),
    );
    expect(await fetched(port)).toMatchObject({ status: 200, bytes: 5, why: '' });
    expect(await fetched(port, { path: '/no' })).toMatchObject({ status: 503, why: '' });
  });

  it('says why there was none: silence, a closed port, an end before or during the answer', async () => {
    const port = await opened(
      serveHttp((request, response) => {
        if (request.url === '/reset') request.socket.destroy();
        if (request.url !== '/half') return;
        response.writeHead(200, { 'content-length': '10' }).write('12345');
        setTimeout(() => request.socket.destroy(), 20);
      }),
    );
    const why = async (order: Partial<GetOrder>, at = port) => {
      const answer = await fetched(at, order);
      expect(answer.status).toBeNull();
      return answer.why;
    };
    expect(await why({ path: '/silent', timeoutMs: 100 })).toBe('timeout');
    expect(await why({ path: '/reset' })).toBe('reset');
    expect(await why({ path: '/half' })).toBe('cut off');
    expect(await why({}, await freePort())).toBe('refused');
  });

  it('asks again at once when a kept connection was closed as it was used, and only then', async () => {
    let connections = 0;
    // Closes each connection on its second request.
    const server = createServer((socket) => {
      connections += 1;
      let requests = 0;
      socket
        .on('error', () => undefined)
        .on('data', () => {
          requests += 1;
          if (requests === 1) socket.write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok');
          else socket.resetAndDestroy();
        });
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const agent = new Agent({ keepAlive: true });
    const { port } = server.address() as AddressInfo;
    expect((await fetched(port, { agent })).status).toBe(200);
    expect((await fetched(port, { agent })).status).toBe(200);
    expect(connections).toBe(2);
    agent.destroy();
    server.close();
  });
});

describe('one DNS question', () => {
  const asked = (port: number, order: Partial<DnsQuestion> = {}) =>
    new Promise<DnsAnswer>((resolve) => {
      askDns({ name: 'www.example.test', type: 'A', server: '127.0.0.1', port, timeoutMs: 1000, ...order }, resolve);
    });

  it('tells code and data', async () => {
    expect(await asked(await opened(serveDns(0)))).toEqual({ rcode: 0, data: ['192.0.2.7'] });
    expect(await asked(await opened(serveDns(2)), { isEager: true })).toEqual({ rcode: 2, data: [] });
  });

  it("takes neither another question's answer nor half of one", async () => {
    const port = await opened(
      serveUdp((query) => {
        const right = answerTo(query, 0);
        const other = Buffer.from(right);
        other.writeUInt16BE((right.readUInt16BE(0) + 1) & 0xffff, 0);
        other.writeUInt8(5, 3);
        return [other, right.subarray(0, 20), Buffer.from([1]), right];
      }),
    );
    expect(await asked(port)).toEqual({ rcode: 0, data: ['192.0.2.7'] });
  });

  it('hears that nobody listens when it is eager; otherwise that is silence', async () => {
    const port = await freePort();
    expect((await asked(port, { isEager: true })).rcode).toBe('refused');
    expect((await asked(port, { timeoutMs: 100 })).rcode).toBe('timeout');
    expect((await asked(await opened(serveDns('silent')), { timeoutMs: 100, isEager: true })).rcode).toBe('timeout');
  });
});
