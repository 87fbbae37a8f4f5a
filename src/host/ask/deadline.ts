/**
 * Calls `late` once, `ms` from now or later; gives a function that cancels it. Node runs due timers before it reads sockets. A process that had no
 * processor for a while (a paused virtual machine, a busy host) would so treat every waiting answer as missing. This timer lets Node read the sockets
 * first.
 */
export function deadline(ms: number, late: () => void): () => void {
  let check: NodeJS.Immediate | undefined;
  const timer = setTimeout(() => (check = setImmediate(late)), ms);
  return () => {
    clearTimeout(timer);
    clearImmediate(check);
  };
}
