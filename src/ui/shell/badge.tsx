import type { JSX } from 'preact';
import { useLive } from '../live/live.ts';
import type { Badge } from '../models/base/link.ts';
import { span } from '../models/base/time.ts';
import type { Tone } from '../models/base/tone.ts';
import { State } from '../parts/icon.tsx';
import { EN } from '../texts/en.ts';

const TONES: Readonly<Record<Badge['kind'], Tone>> = { connecting: 'busy', live: 'ok', held: 'warn', lost: 'bad' };
/** The badge shows the age of a state only when the state lasts longer than this, ms. */
const LASTS_MS = 2000;

/** The state of the connection: the only place that shows it. */
export function ConnectionBadge(): JSX.Element {
  const { badge, now, node } = useLive();
  const { kind, since, why } = badge.value;
  // `since` is by the browser's clock, and so is the time beside it.
  void now.value;
  const lasts = since === null ? 0 : Date.now() - since;
  const label = EN.badge[kind];
  return (
    <span class="badge" role="status" data-badge={kind} title={why}>
      <State tone={TONES[kind]} label={lasts > LASTS_MS ? EN.badgeSince(label, span(lasts)) : label} />
      {kind === 'live' && node.value !== '' && <span class="faint wide">{EN.answeredBy(node.value)}</span>}
    </span>
  );
}
