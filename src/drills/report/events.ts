import { firstFault } from '../../judge/recording.ts';
import type { ClusterEvent, Mark, Timeline } from '../../judge/timeline.ts';
import { roles } from './formats.ts';

/** Something that happened in a round, in the order of time. */
export interface Happening {
  /** From the start of the recording, ms. */
  readonly at: number;
  /** From the first fault, ms; from the start of the recording when none was made. */
  readonly afterMs: number;
  readonly kind: Mark['kind'] | ClusterEvent['kind'];
  readonly isOurs: boolean;
  readonly host: string | null;
  /** What the host was when the fault was made; empty: nothing, or no host. */
  readonly roles: string;
  readonly text: string;
}

/** Marks and events of a round in the order of time. */
export function happenings(timeline: Timeline): Happening[] {
  const zero = firstFault(timeline) ?? 0;
  return [...timeline.marks, ...timeline.deeds]
    .map((item) => ({
      at: item.at,
      afterMs: item.at - zero,
      kind: item.kind,
      isOurs: item.kind === 'fault' || item.kind === 'heal',
      host: item.host,
      roles: item.host === null ? '' : roles(timeline.cast, item.host),
      text: item.text,
    }))
    .toSorted((a, b) => a.at - b.at);
}

/** The first so many; when there are more, what is ours goes first, and the order of time stays. */
export function foremost(list: readonly Happening[], most: number): readonly Happening[] {
  if (list.length <= most) return list;
  const ours = list.filter((item) => item.isOurs).slice(0, most);
  const others = list.filter((item) => !item.isOurs).slice(0, most - ours.length);
  return [...ours, ...others].toSorted((a, b) => a.at - b.at);
}
