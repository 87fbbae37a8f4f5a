import type { Event } from '../../../../contract/site/event.ts';
import { momentOf, UNKNOWN_MOMENT } from '../../objects/base/uri.ts';
import type { Site } from '../../site.ts';

/** When something was made, and by whom. */
export type Birth = Pick<Event, 'at' | 'who'>;

/** So many events are read: of what is older nobody knows when it was made. */
const EVENTS_MAX = 1000;

/** When the objects of a noun were made or (`verb` changed) changed last, and by whom, by their subjects, as far as events have it. */
export async function readBirths(
  site: Site,
  noun: string,
  verb: 'created' | 'changed' = 'created',
): Promise<ReadonlyMap<string, Birth>> {
  const query = { kind: `${noun}.${verb}`, sort: '-id', limit: EVENTS_MAX } as const;
  const { items } = await site.call('event.list', { query });
  return new Map(items.toReversed().map(({ subject, at, who }) => [subject, { at, who }]));
}

/** The moment as MAAS writes it; an unknown one is the first of all. */
export function momentOfBirth(birth: Birth | undefined): string {
  return birth === undefined ? UNKNOWN_MOMENT : momentOf(birth.at);
}
