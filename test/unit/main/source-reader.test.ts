import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { readSource } from '../../../src/main/region/outside/source-reader.ts';

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

const open: Server[] = [];
afterEach(() => {
  for (const server of open.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});
async function serve(answer: Answer): Promise<{ readonly url: string; readonly server: Server }> {
  const server = createServer(answer);
  open.push(server);
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server };
}
const read = async (url: string, more: { proxy?: string; start?: number } = {}) => {
  const chunks: Uint8Array[] = [];
  for await (const chunk of await readSource(url, { start: 0, proxy: '', signal: AbortSignal.timeout(5000), ...more }))
    chunks.push(chunk);
  return Buffer.concat(chunks).toString();
};
const giveText: Answer = (request, response) => {
  const start = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
  response.writeHead(start > 0 ? 206 : 200).end('0123456789'.slice(start));
};

describe('a boot source is read', () => {
  it('straight, whole or from an offset', async () => {
    const { url } = await serve(giveText);
    expect(await read(`${url}/file`)).toBe('0123456789');
    expect(await read(`${url}/file`, { start: 4 })).toBe('456789');
  });

  it('through the proxy, which alone asks it; over HTTPS by CONNECT', async () => {
    const asked: string[] = [];
    const proxy = await serve((request, response) => {
      asked.push(`${request.method} ${request.url}`);
      response.end('by the proxy');
    });
    proxy.server.on('connect', (request, socket) => {
      asked.push(`${request.method} ${request.url}`);
      socket.end('HTTP/1.1 403 Forbidden\r\n\r\n');
    });
    expect(await read('http://images.example.test/file?a=b', { proxy: proxy.url })).toBe('by the proxy');
    await expect(read('https://images.example.test/file', { proxy: proxy.url })).rejects.toThrow(/through the proxy/);
    expect(asked).toEqual(['GET http://images.example.test/file?a=b', 'CONNECT images.example.test:443']);
  });

  it('at another place where it leads there, but in no circle and to nothing less safe', async () => {
    const { url: real } = await serve(giveText);
    const { url } = await serve((request, response) => {
      const to = { '/here': `${real}/file`, '/circle': '/circle', '/odd': 'file:///etc/passwd' }[request.url ?? ''];
      response.writeHead(302, { location: to }).end();
    });
    expect(await read(`${url}/here`)).toBe('0123456789');
    await expect(read(`${url}/circle`)).rejects.toThrow(/circle answered 302/);
    await expect(read(`${url}/odd`)).rejects.toThrow(/less safe/);
  });

  it.each<[string, Answer, RegExp]>([
    ['that has not got it', (_, response) => response.writeHead(404).end(), /answered 404/],
    ['that knows no ranges', (_, response) => response.writeHead(200).end('all'), /answered 200/],
    ['that hangs up', (request) => request.socket.destroy(), /hang up/],
  ])('one %s is told', async (_, answer, why) => {
    const { url } = await serve(answer);
    await expect(read(`${url}/file`, { start: 1 })).rejects.toThrow(why);
  });

  it('nothing stays open behind it, and a proxy that is gone is named', async () => {
    const { url, server } = await serve(giveText);
    await read(`${url}/file`);
    await expect
      .poll(() => new Promise((done) => server.getConnections((_, count) => done(count))), { timeout: 2000 })
      .toBe(0);
    const gone = await serve(giveText);
    gone.server.close();
    await new Promise((done) => connect(new URL(gone.url).port as unknown as number, '127.0.0.1').on('error', done));
    await expect(read(`${url}/file`, { proxy: gone.url })).rejects.toThrow(
      /through the proxy 127\.0\.0\.1:\d+\): .*REFUSED/,
    );
  });
});
