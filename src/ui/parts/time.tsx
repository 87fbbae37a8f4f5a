import type { JSX } from 'preact';
import { useLive } from '../live/live.ts';
import { ago, span, stamp } from '../models/time.ts';
import { EN } from '../words/en.ts';

/** How long ago; the moment itself when one points at it. */
export function Ago({ at }: { readonly at: string | null }): JSX.Element {
  const { now } = useLive();
  if (at === null) return <span class="faint">{EN.never}</span>;
  return (
    <time dateTime={at} title={stamp(at)}>
      {EN.ago(ago(at, now.value))}
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
  const left = Date.parse(at) - now.value;
  return (
    <time dateTime={at} title={stamp(at)}>
      {left >= 0 ? EN.in(span(left)) : EN.ago(span(-left))}
    </time>
  );
}
