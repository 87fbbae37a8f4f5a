/**
 * Calls `late` once, `ms` from now or later; gives what cancels it. Node runs due timers before it reads what has come, so that a process that had no
 * processor for a while (a paused virtual machine, a busy host) would take every answer that waits for it as missing: what has come is read first.
 */
export function deadline(ms: number, late: () => void): () => void {
  let look: NodeJS.Immediate | undefined;
  const timer = setTimeout(() => (look = setImmediate(late)), ms);
  return () => {
    clearTimeout(timer);
    clearImmediate(look);
  };
}
