import { useEffect, useRef, useState } from 'preact/hooks';
import type { RouteId, RouteInput } from '../../../contract/routes.ts';
import { ProblemError } from '../../../contract/base/wire/transport.ts';
import { useLive } from '../live.ts';

/** The outcome of a change of one object. `would`: the preview was not refused. */
export interface ManyOutcome {
  readonly kind: 'waiting' | 'would' | 'refused' | 'started' | 'unsure';
  readonly why: string;
}

/** One of the objects to change. `key`: its name in the dialog. */
export type OneOfMany<I extends RouteId> = { readonly key: string; readonly input: RouteInput<I> };

/** The state of a change of many objects. */
export interface ManyChange<I extends RouteId> {
  readonly phase: 'form' | 'checking' | 'checked' | 'applying' | 'done';
  readonly outcomes: ReadonlyMap<string, ManyOutcome>;
  readonly answered: number;
  preview(all: readonly OneOfMany<I>[]): void;
  /** Makes the change for all objects whose preview was not refused. */
  apply(): void;
  back(): void;
}

/** Concurrent calls: as many as there are slots for changes of many (`turns.ts`). */
const AT_ONCE = 2;
const WAITING: ManyOutcome = { kind: 'waiting', why: '' };

/**
 * The same change of many objects: each is previewed first, then changed with its own key, once. A refusal of one does
 * not stop the others.
 */
export function useMany<I extends RouteId>(id: I): ManyChange<I> {
  const live = useLive();
  const [phase, setPhase] = useState<ManyChange<I>['phase']>('form');
  const [outcomes, setOutcomes] = useState<ReadonlyMap<string, ManyOutcome>>(new Map());
  const wanted = useRef<readonly OneOfMany<I>[]>([]);
  const keys = useRef(new Map<string, string>());
  const turn = useRef(0);
  const isGone = useRef(false);
  useEffect(() => () => void (isGone.current = true), []);

  /** Sends a request for each, some at once. A later run ends an earlier one. */
  const each = async (
    all: readonly OneOfMany<I>[],
    ask: (one: OneOfMany<I>) => Promise<ManyOutcome>,
    end: () => void,
  ) => {
    const own = (turn.current += 1);
    const found = new Map(outcomesNow.current);
    for (const { key } of all) found.set(key, WAITING);
    const queue = [...all];
    const isOver = () => isGone.current || turn.current !== own;
    const worker = async () => {
      for (let one = queue.shift(); one !== undefined && !isOver(); one = queue.shift()) {
        found.set(one.key, await ask(one));
        if (!isOver()) show(new Map(found));
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
    if (!isOver()) end();
  };
  const outcomesNow = useRef<ReadonlyMap<string, ManyOutcome>>(new Map());
  const show = (next: ReadonlyMap<string, ManyOutcome>) => {
    outcomesNow.current = next;
    setOutcomes(next);
  };

  return {
    phase,
    outcomes,
    answered: [...outcomes.values()].filter(({ kind }) => kind !== 'waiting').length,
    preview(all) {
      wanted.current = all;
      keys.current = new Map(all.map(({ key }) => [key, live.hex(16)]));
      show(new Map());
      setPhase('checking');
      const ask = async ({ input }: OneOfMany<I>): Promise<ManyOutcome> => {
        try {
          await live.calls.many.preview(id, input);
          return { kind: 'would', why: '' };
        } catch (error) {
          return failed(error);
        }
      };
      void each(all, ask, () => setPhase('checked'));
    },
    apply() {
      const all = wanted.current.filter(({ key }) =>
        ['would', 'unsure'].includes(outcomesNow.current.get(key)?.kind ?? ''),
      );
      setPhase('applying');
      const ask = async ({ key, input }: OneOfMany<I>): Promise<ManyOutcome> => {
        try {
          await live.calls.many.call(id, input, { idempotencyKey: keys.current.get(key) ?? live.hex(16) });
          return { kind: 'started', why: '' };
        } catch (error) {
          return failed(error);
        }
      };
      void each(all, ask, () => setPhase('done'));
    },
    back() {
      turn.current += 1;
      show(new Map());
      setPhase('form');
    },
  };
}

function failed(error: unknown): ManyOutcome {
  if (error instanceof ProblemError && error.problem.status < 500)
    return { kind: 'refused', why: error.problem.detail };
  return { kind: 'unsure', why: error instanceof Error ? error.message : String(error) };
}
