import type { Ref } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { windowOf } from '../models/base/table.ts';

/** A table with more rows renders only the visible ones. */
const WHOLE_MAX = 100;
const ROW_HEIGHT = 30;
/** Event by which the page's keys move through rows; `detail`: 1 or -1. */
export const ROW_STEP = 'row-step';

/** The rendered rows, and the current row of the keyboard. */
export interface RowWindow {
  readonly scroll: Ref<HTMLDivElement>;
  readonly first: number;
  readonly end: number;
  /** The height of the rows that are not rendered, above and below, pixels. */
  readonly above: number;
  readonly below: number;
  readonly isWindowed: boolean;
  readonly active: number;
  onScroll(): void;
  onFocusIn(event: FocusEvent): void;
  step(by: number): void;
}

/**
 * Keeps long tables short, and one row of them the one that Tab stops at (a roving tab index). `total`: rows without the filter. A long table stays a
 * window while somebody filters it: a hundred rows made at one letter would be felt.
 */
export function useRows(count: number, total: number): RowWindow {
  const scroll = useRef<HTMLDivElement>(null);
  const [at, setAt] = useState({ top: 0, height: 800 });
  const [active, setActive] = useState(0);
  const isMoved = useRef(false);
  const isPrinting = usePrinting();
  const isWindowed = total > WHOLE_MAX && !isPrinting;
  const { first, end } = isWindowed ? windowOf(count, { ...at, rowHeight: ROW_HEIGHT }) : { first: 0, end: count };
  const current = Math.min(active, Math.max(0, count - 1));

  const onScroll = () => {
    const box = scroll.current;
    if (box && isWindowed) setAt({ top: box.scrollTop, height: box.clientHeight });
  };
  const step = (by: number) => {
    const next = Math.max(0, Math.min(count - 1, current + by));
    const box = scroll.current;
    // If the row does not change, nothing is rendered again: only the focus moves.
    if (next === current) return box?.querySelector<HTMLElement>(`[data-row="${next}"]`)?.focus();
    isMoved.current = true;
    setActive(next);
    if (!box || !isWindowed) return;
    const [top, bottom] = [next * ROW_HEIGHT, (next + 2) * ROW_HEIGHT];
    if (top < box.scrollTop) box.scrollTop = top;
    else if (bottom > box.scrollTop + box.clientHeight) box.scrollTop = bottom - box.clientHeight;
  };
  /** A row that gets the focus by other means, such as the mouse, becomes the current row. */
  const onFocusIn = (event: FocusEvent) => {
    const row = event.target instanceof Element ? event.target.closest<HTMLElement>('[data-row]') : null;
    if (row) setActive(Number(row.dataset['row']));
  };
  const latest = useRef(step);
  latest.current = step;

  useLayoutEffect(onScroll, [isWindowed]);
  // Tab stops at one row, and at the buttons of that row: not at those of a thousand others.
  useLayoutEffect(() => {
    for (const button of scroll.current?.querySelectorAll<HTMLElement>('[data-row] button') ?? []) {
      const isHere = button.closest<HTMLElement>('[data-row]')?.dataset['row'] === String(current);
      button.tabIndex = isHere ? 0 : -1;
    }
  });
  useLayoutEffect(() => {
    if (!isMoved.current) return;
    isMoved.current = false;
    scroll.current?.querySelector<HTMLElement>(`[data-row="${current}"]`)?.focus();
  });
  useEffect(() => {
    const box = scroll.current;
    // The first step goes to the row that Tab would stop at.
    const onRowStep = (event: Event) => {
      const isInside = box?.contains(document.activeElement) === true;
      if (event instanceof CustomEvent) latest.current(isInside ? Number(event.detail) : 0);
    };
    box?.addEventListener(ROW_STEP, onRowStep);
    return () => box?.removeEventListener(ROW_STEP, onRowStep);
  }, []);
  return {
    scroll,
    first,
    end,
    above: first * ROW_HEIGHT,
    below: (count - end) * ROW_HEIGHT,
    isWindowed,
    active: current,
    onScroll,
    onFocusIn,
    step,
  };
}

/** Paper does not scroll: it gets all rows. */
function usePrinting(): boolean {
  const [isPrinting, setPrinting] = useState(false);
  useEffect(() => {
    const [before, after] = [() => setPrinting(true), () => setPrinting(false)];
    window.addEventListener('beforeprint', before);
    window.addEventListener('afterprint', after);
    return () => {
      window.removeEventListener('beforeprint', before);
      window.removeEventListener('afterprint', after);
    };
  }, []);
  return isPrinting;
}
