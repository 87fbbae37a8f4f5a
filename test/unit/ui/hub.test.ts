import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createHub } from '../../../src/ui/live/hub.ts';
import type { Channel, FromHub, ToHub } from '../../../src/ui/live/messages.ts';

const encoder = new TextEncoder();
const eventText = (id: number) =>
  `id: ${id}\nevent: event\ndata: ${JSON.stringify({ id, at: '', kind: 'node.joined', subject: 'r2', who: '', revision: 1, data: {} })}\n\n`;

/** A site whose looks and streams the test answers. */
function rig() {
  const site = { isUp: true, streamStatus: 200, looks: 0 };
  const streams: { write(text: string): void; end(): void; headers: Record<string, string> }[] = [];
  const answer: typeof fetch = async (input, init) => {
    if (!site.isUp) throw new TypeError('fetch failed');
    if ((input as string).endsWith('/health/live')) {
      site.looks += 1;
      return new Response('{"version":"1"}', { headers: { 'x-regent-node': 'r1' } });
    }
    if (site.streamStatus !== 200) {
      const body = { code: 'unauthenticated', detail: 'no', status: site.streamStatus };
      return new Response(JSON.stringify(body), { status: site.streamStatus });
    }
    const pipe = new TransformStream<Uint8Array, Uint8Array>();
    const writer = pipe.writable.getWriter();
    const quiet = (done: Promise<void>) => void done.catch(() => {});
    streams.push({
      write: (text) => quiet(writer.write(encoder.encode(text))),
      end: () => quiet(writer.close()),
      headers: init?.headers as Record<string, string>,
    });
    return new Response(pipe.readable);
  };
  const hub = createHub({ origin: 'http://site', fetch: answer, fraction: () => 0.5, now: Date.now });
  const connect = () => {
    const heard: FromHub[] = [];
    let say: (message: ToHub) => void = () => {};
    const channel: Channel<ToHub, FromHub> = {
      send: (message) => heard.push(message),
      onMessage: (hearer) => {
        say = hearer;
      },
    };
    hub.connect(channel);
    const send = (message: ToHub) => say(message);
    return { heard, send, kinds: () => heard.map((message) => message.kind) };
  };
  return { site, streams, connect, pass: (ms: number) => vi.advanceTimersByTimeAsync(ms) };
}

describe('the hub', () => {
  beforeEach(() => {
    vi.useFakeTimers({ now: 1_000_000 });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('has one stream for all pages, and tells each of every event', async () => {
    const { streams, connect, pass } = rig();
    const [a, b] = [connect(), connect()];
    a.send({ kind: 'listen', needsNewStream: false });
    b.send({ kind: 'listen', needsNewStream: false });
    await pass(10);
    expect(streams).toHaveLength(1);
    streams[0]?.write(`id: 4\n\n${eventText(5)}`);
    await pass(10);
    expect(a.kinds()).toContain('event');
    expect(b.kinds()).toContain('event');
  });

  it('goes on after the last event when the stream breaks, and says that all is to be asked for again', async () => {
    const { streams, connect, pass } = rig();
    const page = connect();
    page.send({ kind: 'listen', needsNewStream: false });
    await pass(10);
    streams[0]?.write(eventText(5));
    await pass(10);
    streams[0]?.end();
    await pass(1000);
    expect(streams).toHaveLength(2);
    expect(streams[1]?.headers).toMatchObject({ 'last-event-id': '5' });
    expect(page.kinds()).toContain('again');
  });

  it('says when its first stream is there, however late: what happened before it is no event of it', async () => {
    const { site, streams, connect, pass } = rig();
    const page = connect();
    site.streamStatus = 503;
    page.send({ kind: 'listen', needsNewStream: false });
    await pass(10);
    expect(page.kinds()).not.toContain('open');
    site.streamStatus = 200;
    await pass(1000);
    expect(streams).toHaveLength(1);
    expect(page.kinds().filter((kind) => kind === 'open' || kind === 'again')).toEqual(['open']);
  });

  it('notices soon that nobody answers, and at once that somebody does', async () => {
    const { site, connect, pass } = rig();
    const page = connect();
    await pass(10);
    expect(page.heard).toContainEqual({
      kind: 'link',
      link: { isUp: true, since: 1_000_000, why: '', node: 'r1', version: '1' },
    });
    site.isUp = false;
    await pass(600);
    expect(page.heard.at(-1)).toMatchObject({ kind: 'link', link: { isUp: false, why: 'fetch failed' } });
    site.isUp = true;
    await pass(600);
    expect(page.heard.at(-2)).toMatchObject({ kind: 'link', link: { isUp: true } });
    expect(page.heard.at(-1)).toEqual({ kind: 'again' });
  });

  it('does not look while nobody sees a page', async () => {
    const { site, connect, pass } = rig();
    const page = connect();
    await pass(10);
    page.send({ kind: 'visible', isVisible: false });
    await pass(1000);
    const { looks } = site;
    await pass(60_000);
    expect(site.looks).toBe(looks);
    page.send({ kind: 'visible', isVisible: true });
    await pass(10);
    expect(site.looks).toBe(looks + 1);
  });

  it('tells of a stream that is refused, and begins one when somebody logs in', async () => {
    const { site, streams, connect, pass } = rig();
    const page = connect();
    site.streamStatus = 401;
    page.send({ kind: 'listen', needsNewStream: false });
    await pass(10);
    expect(page.heard).toContainEqual({ kind: 'denied', status: 401 });
    site.streamStatus = 200;
    page.send({ kind: 'listen', needsNewStream: true });
    await pass(10);
    expect(streams).toHaveLength(1);
  });

  it('ends its stream with the last page', async () => {
    const { site, streams, connect, pass } = rig();
    const page = connect();
    page.send({ kind: 'listen', needsNewStream: false });
    await pass(10);
    page.send({ kind: 'bye' });
    streams[0]?.end();
    await pass(60_000);
    expect(streams).toHaveLength(1);
    expect(site.looks).toBeLessThan(4);
  });
});
