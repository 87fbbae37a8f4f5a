import { describe, expect, it, vi } from 'vitest';
import { createClient } from '../../../../src/contract/client.ts';
import { RetryLimiter } from '../../../../src/contract/base/wire/retry-limiter.ts';

/** Work that ends when told. */
function held() {
  const ends: (() => void)[] = [];
  const work = () => new Promise<string>((resolve) => ends.push(() => resolve('done')));
  return { ends, work };
}

describe('turns of repeats', () => {
  it('are never more than there are', async () => {
    const turns = new RetryLimiter(2);
    const { ends, work } = held();
    const all = [1, 2, 3, 4].map(() => turns.run(work, 1000));
    await Promise.resolve();
    expect(ends).toHaveLength(2);
    ends[0]?.();
    expect(await all[0]).toBe('done');
    expect(ends).toHaveLength(3);
    for (let index = 1; index < 4; index += 1) {
      await vi.waitUntil(() => ends.length > index);
      ends[index]?.();
    }
    expect(await Promise.all(all)).toEqual(['done', 'done', 'done', 'done']);
  });

  it('go to who has the least time left', async () => {
    const turns = new RetryLimiter(1);
    const { ends, work } = held();
    const first = turns.run(work, 1000);
    const order: number[] = [];
    const others = [3000, 1000, 2000, 1500].map((ms) => turns.run(async () => order.push(ms), ms));
    ends[0]?.();
    await Promise.all([first, ...others]);
    expect(order).toEqual([1000, 1500, 2000, 3000]);
  });

  it('are passed on by work that fails', async () => {
    const turns = new RetryLimiter(1);
    const fails = turns.run(() => Promise.reject(new Error('no')), 1000);
    const follows = turns.run(async () => 'done', 1000);
    await expect(fails).rejects.toThrow('no');
    expect(await follows).toBe('done');
  });

  it('are not waited for beyond the time, or when nobody wants them any more, and none is lost by that', async () => {
    const turns = new RetryLimiter(1);
    const { ends, work } = held();
    const first = turns.run(work, 1000);
    const abort = new AbortController();
    const late = turns.run(work, 20);
    const gone = turns.run(work, 10_000, abort.signal);
    const goneBefore = turns.run(work, 10_000, AbortSignal.abort());
    expect(await late).toBeNull();
    expect(await goneBefore).toBeNull();
    abort.abort();
    expect(await gone).toBeNull();
    expect(ends).toHaveLength(1);
    ends[0]?.();
    await first;
    expect(await turns.run(async () => 'free', 20)).toBe('free');
  });

  it('are not waited for when the time is up already, and nothing is said of that', async () => {
    const warned = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
    const turns = new RetryLimiter(1);
    const { ends, work } = held();
    const first = turns.run(work, 1000);
    expect(await turns.run(work, -1.5)).toBeNull();
    expect(warned).not.toHaveBeenCalled();
    warned.mockRestore();
    ends[0]?.();
    expect(await first).toBe('done');
  });

  it('bound what a client repeats while the site is away; first tries take none', async () => {
    let [open, most, tries] = [0, 0, 0];
    let isAway = true;
    const client = createClient({
      url: 'http://127.0.0.1:5240',
      apiKey: 'a:b:c',
      random: { fraction: () => 0, hex: () => 'key' },
      retryLimiter: new RetryLimiter(3),
      fetch: async () => {
        tries += 1;
        if (!isAway) return new Response('{}');
        if (tries <= 40) return new Response('{}', { status: 503 });
        open += 1;
        most = Math.max(most, open);
        await new Promise((resolve) => setTimeout(resolve, 20));
        open -= 1;
        return new Response('{}', { status: 503 });
      },
    });
    const calls = Array.from({ length: 40 }, () => client.call('status.show', {}));
    await vi.waitUntil(() => tries > 60, 5000);
    expect(most).toBe(3);
    isAway = false;
    expect(await Promise.all(calls)).toHaveLength(40);
  });
});
