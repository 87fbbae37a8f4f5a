import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import type { Event } from '../../../../contract/site/event.ts';
import { groupEvents } from '../../../../contract/site/wire/history-groups.ts';
import { useLive } from '../../../live/live.ts';
import { useView } from '../../../live/use-view.ts';
import { Empty, Section, Shown } from '../../../parts/page.tsx';
import { SentenceText } from '../../../parts/sentence.tsx';
import { Ago } from '../../../parts/time.tsx';
import { EN } from '../../../texts/en.ts';

/** Routine reports of many machines are one line, so more of them are read. */
const MOST = 50;

/** The latest events, the newest first, as they come. */
export function Happened(): JSX.Element {
  const live = useLive();
  const events = useView('event.list', { query: { sort: '-id', limit: MOST } }, { nouns: [] });
  // Every event is one of them, whatever its noun.
  useEffect(() => live.onEvent(() => events.refresh()), []);
  return (
    <Section title={EN.overview.happened}>
      <Shown view={events.view}>
        {({ items }) =>
          items.length === 0 ? <Empty text={EN.overview.nothingHappened} /> : <EventList events={items} />
        }
      </Shown>
    </Section>
  );
}

function EventList({ events }: { readonly events: readonly Event[] }): JSX.Element {
  return (
    <ol class="events">
      {groupEvents(events).map(({ what, events: [first], isRoutine }) => (
        <li key={first?.id} class={isRoutine ? 'faint' : undefined}>
          <Ago at={first?.at ?? ''} /> <SentenceText pieces={what} />
        </li>
      ))}
    </ol>
  );
}
