import type { JSX } from 'preact';
import { useLive } from '../live/live.ts';
import { ago, relative, stamp } from '../models/base/time.ts';
import { EN } from '../texts/en.ts';

/** When it was; the moment itself when one points at it. */
export function Ago({ at }: { readonly at: string | null }): JSX.Element {
  const { now } = useLive();
  if (at === null) return <span class="faint">{EN.never}</span>;
  return (
    <time dateTime={at} title={stamp(at)}>
      {relative(at, now.value)}
    </time>
  );
}

/** For how long already. */
export function For({ since }: { readonly since: string | null }): JSX.Element {
  const { now } = useLive();
  if (since === null) return <span class="faint">–</span>;
  return (
    <time dateTime={since} title={stamp(since)}>
      {ago(since, now.value)}
    </time>
  );
}

/** In how long, or how long ago it was to be. */
export function Until({ at }: { readonly at: string }): JSX.Element {
  const { now } = useLive();
  return (
    <time dateTime={at} title={stamp(at)}>
      {relative(at, now.value)}
    </time>
  );
}
