/** A read that takes longer counts as slow from then on, ms. A slow read gets the longer limit. */
const QUICK_MS = 4000;
const SLOW_MS = 8000;

/**
 * Limits the concurrent calls of all pages of a browser. Over HTTP/1.1 a browser has six connections to a site, and a
 * call that hangs holds one. With this limit the stream of events, a probe of the site and a change always find a free
 * connection. Calls that are known to be slow share the first slot; others use the other slots.
 */
const SLOTS = ['regent call 1', 'regent call 2', 'regent call 3'] as const;
const LINE = 'regent calls';

/** Locks of a browser (`navigator.locks`): all its pages share them, and those of a page end with it. */
export interface Locks {
  request(
    name: string,
    options: { readonly ifAvailable?: boolean; readonly signal?: AbortSignal },
    hold: (lock: object | null) => Promise<void>,
  ): Promise<unknown>;
}

/** Ports through which calls take turns. A call has ended when its whole body has arrived. */
export interface Turns {
  readonly read: typeof fetch;
  /** For changes of many: they leave the first slot to reads, and have no time limit here. */
  readonly many: typeof fetch;
}

/** `locks` null: the browser has no locks, and calls do not wait. */
export function createTurns({
  fetch: send,
  locks,
}: {
  readonly fetch: typeof fetch;
  readonly locks: Locks | null;
}): Turns {
  if (locks === null) return { read: send, many: send };
  const [first, ...others] = SLOTS;
  const slow = new Set<string>();

  const read: typeof fetch = async (input, init) => {
    const call = pathOf(input);
    const isSlow = slow.has(call);
    const release = await takeTurn(locks, isSlow ? [first] : [...others, first], init?.signal ?? undefined);
    const timeout = AbortSignal.timeout(isSlow ? SLOW_MS : QUICK_MS);
    const began = performance.now();
    try {
      const signal = init?.signal ? AbortSignal.any([init.signal, timeout]) : timeout;
      const answer = await whole(await send(input, { ...init, signal }));
      if (performance.now() - began < QUICK_MS) slow.delete(call);
      return answer;
    } catch (error) {
      if (timeout.aborted) slow.add(call);
      throw error;
    } finally {
      release();
    }
  };
  const many: typeof fetch = async (input, init) => {
    const release = await takeTurn(locks, others, init?.signal ?? undefined);
    try {
      return await whole(await send(input, init));
    } finally {
      release();
    }
  };
  return { read, many };
}

type Release = () => void;

/** Takes the first free slot. If none is free, the call waits in line, so that none is overtaken. */
async function takeTurn(locks: Locks, slots: readonly string[], signal?: AbortSignal): Promise<Release> {
  for (const slot of slots) {
    const release = await take(locks, slot, { ifAvailable: true });
    if (release) return release;
  }
  const leaveLine = await take(locks, `${LINE} ${slots.length}`, { signal });
  try {
    return (await takeAny(locks, slots, signal)) ?? (() => {});
  } finally {
    leaveLine?.();
  }
}

/** Waits for one of the slots, and lets go of any other that comes at the same time. */
async function takeAny(locks: Locks, slots: readonly string[], signal?: AbortSignal): Promise<Release | null> {
  const found = new AbortController();
  const either = signal ? AbortSignal.any([signal, found.signal]) : found.signal;
  let isFound = false;
  const waits = slots.map(async (slot) => {
    const release = await take(locks, slot, { signal: either });
    if (isFound) release?.();
    isFound = true;
    return release;
  });
  try {
    return await Promise.any(waits);
  } catch (error) {
    throw signal?.aborted ? signal.reason : error;
  } finally {
    found.abort();
  }
}

/** Takes a lock; the result releases it. Null: the lock is not free, and the call does not wait. */
function take(
  locks: Locks,
  name: string,
  { signal, ...rest }: { ifAvailable?: true; signal?: AbortSignal | undefined },
): Promise<Release | null> {
  const options = signal === undefined ? rest : { ...rest, signal };
  return new Promise<Release | null>((taken, failed) => {
    const hold = (lock: object | null) =>
      new Promise<void>((release) => {
        taken(lock && release);
        if (lock === null) release();
      });
    locks.request(name, options, hold).catch(failed);
  });
}

/** Reads the whole body of an answer, so that its connection is free. */
async function whole(answer: Response): Promise<Response> {
  const body = await answer.arrayBuffer();
  return new Response(body.byteLength === 0 ? null : body, answer);
}

function pathOf(input: Parameters<typeof fetch>[0]): string {
  return new URL(input instanceof Request ? input.url : input).pathname;
}
