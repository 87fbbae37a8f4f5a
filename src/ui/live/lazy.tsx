import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';

const AGAIN_MS = 1000;

/** Pages that are loaded after the first one is there, and kept. */
export interface Later<M> {
  readonly load: () => Promise<M>;
  /** Shows a part of them; `meanwhile` until they are there. */
  readonly Part: (props: { readonly show: (pages: M) => JSX.Element; readonly meanwhile: JSX.Element }) => JSX.Element;
}

/** `get`: asks for the file. One that is not got (the host is dying, or of another release) is asked for again, because the page would be none without it. */
export function later<M>(get: () => Promise<M>): Later<M> {
  let pages: M | null = null;
  let loading: Promise<M> | null = null;
  const untilThere = async (): Promise<M> => {
    for (;;) {
      try {
        pages = await get();
        return pages;
      } catch {
        await new Promise((done) => setTimeout(done, AGAIN_MS));
      }
    }
  };
  const load = () => (loading ??= untilThere());
  return {
    load,
    Part({ show, meanwhile }) {
      const [, setThere] = useState(pages !== null);
      useEffect(() => {
        let isGone = false;
        void load().then(() => {
          if (!isGone) setThere(true);
        });
        return () => void (isGone = true);
      }, []);
      return pages === null ? meanwhile : show(pages);
    },
  };
}

/** Loads the rest when the first page has had its time: in a failover it is there already. */
export function loadSoon(rest: readonly Later<unknown>[], ms: number): void {
  setTimeout(() => rest.forEach((one) => void one.load()), ms);
}
