import { holdsAddress, regionsOf, type Environment } from '../environment.ts';
import { type HostWatch, keepRunning } from './keep.ts';
import { openSpanBook, type SpanBook } from './spans.ts';
import { openStamps } from './stamps.ts';

/** Something that is followed on each region node, and what was so when. */
export type SpanWatch = { readonly book: SpanBook; readonly watches: ReadonlyMap<string, HostWatch> };

/** Watches who has the floating address. The kernels themselves say it, from outside, also on a host that hangs. */
export function watchHoldings(environment: Environment): SpanWatch {
  const book = openSpanBook();
  const momentOf = openStamps(() => environment.now(), Date.now);
  const recordHolder = async (host: string) => {
    if (await holdsAddress(environment, host)) book.open(host, environment.now());
  };
  const watches = regionsOf(environment.topology).map((host): [string, HostWatch] => {
    const watch = keepRunning({
      environment,
      argv: () => {
        // After the monitor has started: an address that comes in between is reported twice, never missed.
        void environment.wait(100).then(() => recordHolder(host));
        // In real time, as keepalived itself: who stamps two hosts' lines late by as little as 10 ms makes two holders.
        return `env TZ=UTC chrt --fifo 10 ip -n ${environment.layout.hostNetns(host)} -ts -o -4 monitor address`.split(
          ' ',
        );
      },
      onLine: (line) => {
        if (!line.includes(` ${environment.vip}/`)) return;
        if (line.includes('] Deleted ')) book.close(host, momentOf(line));
        else book.open(host, momentOf(line));
      },
    });
    const off = () => {
      watch.off();
      book.close(host, environment.now());
    };
    return [host, { ...watch, off }];
  });
  return { book, watches: new Map(watches) };
}
