import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { Event } from '../../../contract/event.ts';
import { useLive } from '../../live/live.ts';
import { Empty, Section } from '../../parts/page.tsx';
import { Ago } from '../../parts/time.tsx';
import { EN } from '../../words/en.ts';

const MOST = 20;

/** The latest events, the newest first, as they come. */
export function Happened(): JSX.Element {
  const live = useLive();
  const [events, setEvents] = useState<readonly Event[]>([]);
  useEffect(
    () =>
      live.onEvent((event) => {
        if (event !== null) setEvents((before) => [event, ...before].slice(0, MOST));
      }),
    [],
  );
  return (
    <Section title={EN.overview.happened}>
      {events.length === 0 ? (
        <Empty text={EN.overview.nothingHappened} />
      ) : (
        <ol class="events">
          {events.map((event) => (
            <li key={event.id}>
              <Ago at={event.at} /> <strong>{event.kind}</strong> {event.subject} <span class="faint">{event.who}</span>
            </li>
          ))}
        </ol>
      )}
    </Section>
  );
}
