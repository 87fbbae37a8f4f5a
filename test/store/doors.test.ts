import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Doors } from '../../src/store/pool/doors.ts';

describe('doors of a pool', () => {
  let idle = 0;
  let inside: (() => void)[] = [];
  beforeEach(() => {
    vi.useFakeTimers();
    [idle, inside] = [0, []];
  });
  afterEach(() => vi.useRealTimers());

  async function crowd(count: number, timeoutMs = 10_000): Promise<Doors> {
    const doors = new Doors(() => idle);
    for (let at = 0; at < count; at += 1) void doors.enter(timeoutMs).then((leave) => inside.push(leave));
    await settle();
    return doors;
  }
  const settle = () => vi.advanceTimersByTimeAsync(0);

  it('let two in, and the next one when one of them leaves', async () => {
    await crowd(5);
    expect(inside).toHaveLength(2);
    inside[0]?.();
    await settle();
    expect(inside).toHaveLength(3);
    // Twice is once.
    inside[0]?.();
    await settle();
    expect(inside).toHaveLength(3);
  });

  it('let in as many more as there are idle connections', async () => {
    idle = 3;
    const doors = await crowd(8);
    expect(inside).toHaveLength(5);
    idle = 4;
    doors.look();
    await settle();
    expect(inside).toHaveLength(6);
  });

  it('do not let all wait for those whom a silent server keeps', async () => {
    await crowd(5);
    await vi.advanceTimersByTimeAsync(500);
    expect(inside).toHaveLength(4);
    // Who comes out late makes no room a second time.
    inside[0]?.();
    await settle();
    expect(inside).toHaveLength(4);
  });

  it('refuse who waited too long, and go on with the others', async () => {
    const doors = await crowd(2);
    const late = doors.enter(100).then(
      () => 'in',
      (error: Error) => error.message,
    );
    void doors.enter(1000).then((leave) => inside.push(leave));
    await vi.advanceTimersByTimeAsync(100);
    expect(await late).toBe('timeout exceeded when trying to connect');
    inside[0]?.();
    await settle();
    expect(inside).toHaveLength(3);
  });
});
