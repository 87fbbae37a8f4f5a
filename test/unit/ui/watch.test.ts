import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Problem } from '../../../src/contract/base/common.ts';
import { ProblemError } from '../../../src/contract/base/wire/transport.ts';
import { startWatch, type Watch } from '../../../src/ui/live/watch.ts';
import type { View } from '../../../src/ui/models/base/view.ts';

const problem = (status: number): Problem => ({
  type: 'about:blank',
  title: '',
  status,
  code: status >= 500 ? 'unavailable' : 'forbidden',
  detail: `refused ${status}`,
  requestId: '',
});

/** A watch whose asks the test answers. */
function rig(everyMs = 30_000) {
  const views: View<string>[] = [];
  const asks: { answer(text: string): void; fail(error: Error): void }[] = [];
  const watch: Watch = startWatch<string>({
    ask: () => new Promise((resolve, reject) => asks.push({ answer: resolve, fail: reject })),
    everyMs,
    now: Date.now,
    fraction: () => 0.5,
    onView: (view) => views.push(view),
  });
  const last = () => views.at(-1);
  const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);
  return { watch, views, asks, last, pass };
}

describe('a watch', () => {
  beforeEach(() => {
    vi.useFakeTimers({ now: 1_000_000 });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('shows what was answered, as old as its question', async () => {
    const { asks, last, pass, watch } = rig();
    expect(last()).toMatchObject({ kind: 'loading' });
    await pass(0);
    await pass(200);
    asks[0]?.answer('one');
    await pass(0);
    expect(last()).toEqual({ kind: 'shown', data: 'one', at: 1_000_000 });
    watch.stop();
  });

  it('never shows old data as current: a slow answer makes it old, the answer makes it shown', async () => {
    const { asks, last, pass, watch } = rig();
    await pass(0);
    asks[0]?.answer('one');
    await pass(0);
    watch.wake();
    await pass(250);
    expect(asks).toHaveLength(2);
    expect(last()).toMatchObject({ kind: 'shown', data: 'one' });
    await pass(1500);
    expect(last()).toMatchObject({ kind: 'old', data: 'one', at: 1_000_000 });
    asks[1]?.answer('two');
    await pass(0);
    expect(last()).toMatchObject({ kind: 'shown', data: 'two' });
    watch.stop();
  });

  it('asks again soon while nobody answers, and keeps what it has', async () => {
    const { asks, last, pass, watch } = rig();
    await pass(0);
    asks[0]?.answer('one');
    await pass(0);
    watch.wake();
    await pass(250);
    asks[1]?.fail(new Error('connection refused'));
    await pass(0);
    expect(last()).toEqual({ kind: 'old', data: 'one', at: 1_000_000, why: 'connection refused' });
    await pass(300);
    expect(asks).toHaveLength(3);
    asks[2]?.fail(new ProblemError(problem(503)));
    await pass(0);
    expect(last()).toMatchObject({ kind: 'old', why: 'refused 503' });
    await pass(3000);
    asks[3]?.answer('two');
    await pass(0);
    expect(last()).toMatchObject({ kind: 'shown', data: 'two' });
    watch.stop();
  });

  it('shows a refusal in place of what may not be seen any more, and asks at its usual pace', async () => {
    const { asks, last, pass, watch } = rig(10_000);
    await pass(0);
    asks[0]?.answer('one');
    await pass(0);
    watch.wake();
    await pass(250);
    asks[1]?.fail(new ProblemError(problem(403)));
    await pass(0);
    expect(last()).toMatchObject({ kind: 'refused', problem: { status: 403 } });
    await pass(8000);
    expect(asks).toHaveLength(2);
    await pass(2000);
    expect(asks).toHaveLength(3);
    watch.stop();
  });

  it('has one ask under way, and one after it for all that woke it meanwhile', async () => {
    const { asks, pass, watch } = rig();
    await pass(0);
    for (let count = 0; count < 50; count += 1) watch.wake();
    await pass(5000);
    expect(asks).toHaveLength(1);
    asks[0]?.answer('one');
    await pass(250);
    expect(asks).toHaveLength(2);
    asks[1]?.answer('two');
    await pass(1000);
    expect(asks).toHaveLength(2);
    watch.stop();
  });

  it('is quiet while nobody sees it, and asks at once when somebody does', async () => {
    const { asks, pass, watch } = rig(1000);
    await pass(0);
    asks[0]?.answer('one');
    await pass(0);
    watch.setActive(false);
    await pass(60_000);
    expect(asks).toHaveLength(1);
    watch.setActive(true);
    await pass(0);
    expect(asks).toHaveLength(2);
    watch.stop();
    await pass(60_000);
    expect(asks).toHaveLength(2);
  });
});
