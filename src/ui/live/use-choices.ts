import { useEffect, useState } from 'preact/hooks';
import { ProblemError } from '../../contract/base/wire/transport.ts';
import type { RouteId } from '../../contract/routes.ts';
import type { NounObject, ReferenceNoun } from '../models/base/nouns/nouns.ts';
import { choicesOf, choicesQuery, referenceParams } from '../models/base/reference.ts';
import { dataOf } from '../models/base/view.ts';
import { useLive } from './live.ts';
import { useSettled } from './use-settled.ts';
import { useWatched } from './use-view.ts';

/** What a list of choices shows. `names`: null while the site searches for them. */
export interface Choices {
  readonly names: readonly string[] | null;
  readonly isMore: boolean;
}

/** Names of a noun with a typed part, while the list is open. A call gives a bounded number of them. */
export function useChoices(noun: ReferenceNoun, text: string, isOpen: boolean): Choices {
  const { calls } = useLive();
  const settled = useSettled(text);
  const query = choicesQuery(noun, settled);
  const key = `choices ${noun} ${isOpen ? JSON.stringify(query) : 'closed'}`;
  const found = useWatched<readonly NounObject[]>(key, { nouns: isOpen ? [noun] : [] }, async (signal) => {
    if (!isOpen) return [];
    const reply = await calls.read.call(`${noun}.list` as RouteId, { query } as never, { signal });
    return (reply.body as unknown as { readonly items: readonly NounObject[] }).items;
  });
  const rows = dataOf(found.view);
  return rows === null ? { names: null, isMore: false } : choicesOf(noun, rows, text);
}

/** Which of the chosen texts name no object; null: none of them. */
export function useMissing(noun: ReferenceNoun, texts: readonly string[]): string | null {
  const { calls } = useLive();
  const [missing, setMissing] = useState<string | null>(null);
  const all = texts.join('\n');
  useEffect(() => {
    const left = new AbortController();
    setMissing(null);
    for (const text of texts)
      calls.read
        .call(`${noun}.show` as RouteId, { params: referenceParams(noun, text) } as never, { signal: left.signal })
        .catch((error: unknown) => {
          // What is not known for certain is left to the preview.
          if (!left.signal.aborted && error instanceof ProblemError && error.problem.status === 404) setMissing(text);
        });
    return () => left.abort();
  }, [noun, all]);
  return missing;
}
