import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { gatherDesired } from '../../../src/agent/channel/gather.ts';
import type { Desired } from '../../../src/contract/cluster/agent.ts';
import { type BodyPart, createSplitter } from '../../../src/contract/base/wire/body-parts.ts';
import { PARTS_PER_QUESTION } from '../../../src/contract/cluster/desired-parts.ts';
import { AppError } from '../../../src/core/errors.ts';
import { desiredOf } from '../../kit/fake-region.ts';

const NODE = 'node-1';
const itemsOf = (changed: readonly number[]) =>
  Array.from({ length: 120 }, (_, index) => ({
    name: `zone${index}.test`,
    text: (changed.includes(index) ? 'changed ' : 'content ').repeat(80),
  }));
const stateOf = (generation: number, changed: readonly number[] = []) =>
  desiredOf(NODE, generation, { dns: { desired: { zones: itemsOf(changed) } } });

/** The region's answer to an agent that holds `held`, and all parts of what is published. */
function answerTo(held: Desired, now: Desired) {
  const cut = (desired: Desired) => {
    const { parts, split } = createSplitter();
    return { root: split(desired.body), parts };
  };
  const { root, parts } = cut(now);
  const known = cut(held).parts;
  const all = new Map([...parts].map(([digest, { text }]) => [digest, JSON.parse(text) as BodyPart]));
  const { body: _, ...rest } = now;
  const fresh = Object.fromEntries([...all].filter(([digest]) => !known.has(digest)));
  return { value: { ...rest, root, parts: fresh }, all };
}

describe('a desired state by parts', () => {
  it('is whole or of no use, whatever is lost or spoiled on the way, now and when it is asked for again', async () => {
    const fates = fc.infiniteStream(fc.constantFrom('comes', 'comes', 'comes', 'lost', 'spoiled'));
    const outcomes = { whole: 0, useless: 0 };
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(fc.nat({ max: 119 }), { maxLength: 6 }), fates, async (changed, fate) => {
        const [held, now] = [stateOf(1), stateOf(2, changed)];
        const { value, all } = answerTo(held, now);
        const carried = (digests: readonly string[]) =>
          Object.fromEntries(
            digests.flatMap((digest): [string, BodyPart][] => {
              const [part, what] = [all.get(digest), fate.next().value as string];
              if (part === undefined || what === 'lost') return [];
              return [[digest, what === 'spoiled' ? { value: 'spoiled' } : part]];
            }),
          );
        const sent = { ...value, parts: carried(Object.keys(value.parts)) };
        const parts = async ({ digests }: { readonly digests: readonly string[] }) => ({ parts: carried(digests) });
        const gathered = await gatherDesired(sent, held, { parts });
        outcomes[gathered.kind] += 1;
        // It is the whole one, or none.
        expect(gathered.kind === 'whole' ? gathered.value : now).toEqual(now);
      }),
      { numRuns: 150 },
    );
    expect(outcomes.whole).toBeGreaterThan(10);
    expect(outcomes.useless).toBeGreaterThan(0);
  });

  it('of an agent that is of another release, whose parts are others, comes by questions or whole', async () => {
    const now = stateOf(2, [3]);
    const { value, all } = answerTo(stateOf(1), now);
    const asked: number[] = [];
    const parts = async ({ digests }: { readonly digests: readonly string[] }) => {
      asked.push(digests.length);
      return { parts: Object.fromEntries(digests.map((digest) => [digest, all.get(digest)])) };
    };
    expect(await gatherDesired(value, null, { parts })).toEqual({ kind: 'whole', value: now });
    expect(Math.max(...asked)).toBeLessThanOrEqual(PARTS_PER_QUESTION);
  });

  it('that would take too many questions, or an answer that never comes, is of no use', async () => {
    const many = desiredOf(NODE, 2, {
      dns: { desired: { zones: Array.from({ length: 900 }, (_, index) => `${index} `.repeat(200)) } },
    });
    const { value, all } = answerTo(stateOf(1), many);
    // Pages are there, and none of what they name.
    const pages = Object.fromEntries([...all].filter(([, part]) => !('value' in part)));
    const never = async (): Promise<never> => {
      throw new AppError('region_unreachable', 'the region is gone');
    };
    const useless = { kind: 'useless', why: expect.any(String) as string };
    expect(await gatherDesired({ ...value, parts: pages }, null, { parts: never })).toEqual(useless);
    expect(await gatherDesired({ ...value, parts: {} }, null, { parts: never })).toMatchObject({
      kind: 'useless',
      why: expect.stringContaining('the region is gone') as string,
    });
    expect(await gatherDesired({ ...value, parts: {} }, null, { parts: async () => 'nonsense' })).toEqual(useless);
  });

  it('leaves alone what is no answer by parts: the rules of what is whole judge it', async () => {
    const parts = async () => ({ parts: {} });
    for (const value of [
      null,
      'text',
      stateOf(1),
      { root: 'x' },
      { ...answerTo(stateOf(1), stateOf(2)).value, root: 1 },
    ])
      expect(await gatherDesired(value, stateOf(1), { parts })).toEqual({ kind: 'whole', value });
  });
});
