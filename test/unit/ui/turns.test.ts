import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createTurns, type Locks } from '../../../src/ui/live/calls/turns.ts';

interface Asked {
  readonly path: string;
  readonly signal: AbortSignal | null | undefined;
  answer(): void;
  fail(): void;
}

/** Pages of one browser before a site whose answers the test gives. Locks of Node are those of a browser; each test has its own. */
function rig(name: string) {
  const asked: Asked[] = [];
  const send: typeof fetch = (input, init) =>
    new Promise((done, failed) => {
      const signal = init?.signal;
      signal?.addEventListener('abort', () => failed(signal.reason));
      const path = new URL(input instanceof Request ? input.url : input).pathname;
      asked.push({ path, signal, answer: () => done(new Response('{}')), fail: () => failed(new TypeError('broken')) });
    });
  const { locks: shared } = globalThis.navigator as unknown as { readonly locks: Locks };
  const locks: Locks = { request: (lock, options, hold) => shared.request(`${name} ${lock}`, options, hold) };
  const page = () => createTurns({ fetch: send, locks });
  const paths = () => asked.map(({ path }) => path);
  return { asked, page, paths };
}

const settle = () => new Promise((done) => setTimeout(done, 20));
const get = (send: typeof fetch, path: string, signal?: AbortSignal) => {
  const call = send(`http://site${path}`, signal === undefined ? {} : { signal });
  call.catch(() => {});
  return call;
};

describe('turns of calls', () => {
  let name = '';
  beforeEach(({ task }) => {
    name = `test ${task.id}`;
  });
  afterEach(settle);

  it('are three of all pages together; the next in line goes when one is answered', async () => {
    const { asked, page, paths } = rig(name);
    const [one, two] = [page(), page()];
    for (const path of ['/a', '/b', '/c', '/d', '/e']) {
      void get(path < '/c' ? one.read : two.read, path);
      await settle();
    }
    expect(paths()).toEqual(['/a', '/b', '/c']);
    asked[1]?.answer();
    await settle();
    expect(paths()).toEqual(['/a', '/b', '/c', '/d']);
    asked[0]?.fail();
    await settle();
    expect(paths()).toEqual(['/a', '/b', '/c', '/d', '/e']);
    for (const call of asked) call.answer();
  });

  it('end with a call that nobody wants any more, whether it waits or is under way', async () => {
    const { asked, page, paths } = rig(name);
    const { read } = page();
    const [underWay, waiting] = [new AbortController(), new AbortController()];
    void get(read, '/a', underWay.signal);
    for (const path of ['/b', '/c']) void get(read, path);
    await settle();
    const left = get(read, '/d', waiting.signal);
    await settle();
    void get(read, '/e');
    await settle();
    waiting.abort();
    await expect(left).rejects.toThrow('abort');
    underWay.abort();
    await settle();
    expect(paths()).toEqual(['/a', '/b', '/c', '/e']);
    for (const call of asked) call.answer();
  });

  it('leave two of three to others once three calls are known to be slow', { timeout: 20_000 }, async () => {
    const { asked, page, paths } = rig(name);
    const { read } = page();
    const hung = ['/a', '/b', '/c'].map((path) => get(read, path));
    await expect(Promise.all(hung)).rejects.toThrow('timeout');
    await settle();
    for (const path of ['/a', '/b', '/c']) void get(read, path);
    await settle();
    // One of them has the slow slot, the others wait for it.
    expect(paths()).toEqual(['/a', '/b', '/c', '/a']);
    void get(read, '/d');
    void get(read, '/e');
    await settle();
    expect(paths().slice(4)).toEqual(['/d', '/e']);
    // One that is answered in time is slow no more.
    asked[3]?.answer();
    asked[4]?.answer();
    await settle();
    void get(read, '/a');
    await settle();
    expect(paths().at(-1)).toBe('/a');
    for (let round = 0; round < 3; round += 1) {
      for (const call of asked) call.answer();
      await settle();
    }
  });

  it('of changes of many are two, so that reads go on', async () => {
    const { asked, page, paths } = rig(name);
    const { read, many } = page();
    for (const path of ['/1', '/2', '/3']) void get(many, path);
    await settle();
    void get(read, '/a');
    await settle();
    expect(paths()).toEqual(['/1', '/2', '/a']);
    for (let round = 0; round < 2; round += 1) {
      for (const call of asked) call.answer();
      await settle();
    }
  });

  it('are not waited for where a browser has no locks', () => {
    const { read } = createTurns({ fetch, locks: null });
    expect(read).toBe(fetch);
  });
});
