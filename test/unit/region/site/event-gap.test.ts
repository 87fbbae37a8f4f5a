import { describe, expect, it } from 'vitest';
import { gapAfter } from '../../../../src/region/cluster/status.ts';
import { NO_SEALER } from '../../../../src/store/queries/base/sealing.ts';
import type { Tx } from '../../../../src/store/tx.ts';

/** A database whose events are these; `comes`: one more is there from the second question on. */
function eventsOf(first: number, last: number, comes: boolean): Tx {
  let questions = 0;
  const latest = () => last + (comes && questions > 1 ? 1 : 0);
  const asked = <T>(answer: () => T) => {
    questions += 1;
    return Promise.resolve(answer());
  };
  return {
    one: <R>() => asked(() => ({ event: latest() }) as R),
    all: <R>() =>
      asked(() => (latest() >= first ? [{ id: Math.max(first, AFTER + 1) } as R].filter(() => latest() > AFTER) : [])),
    run: () => Promise.resolve(0),
    sealer: NO_SEALER,
  };
}

const AFTER = 7;

describe('the place from which events go on', () => {
  it('is good when the last event is there, also while the next one comes', async () => {
    expect(await gapAfter(eventsOf(1, AFTER, false), AFTER)).toBeNull();
    expect(await gapAfter(eventsOf(1, AFTER, true), AFTER)).toBeNull();
    expect(await gapAfter(eventsOf(1, AFTER + 5, true), AFTER)).toBeNull();
  });

  it('is refused when what follows is not kept, or when it is yet to come', async () => {
    const lost = await gapAfter(eventsOf(AFTER + 3, AFTER + 5, false), AFTER);
    expect(lost?.message).toContain(`the events up to ${AFTER + 2} are deleted`);
    const early = await gapAfter(eventsOf(1, AFTER - 2, false), AFTER);
    expect(early?.message).toContain(`there is no event ${AFTER} yet`);
  });
});
