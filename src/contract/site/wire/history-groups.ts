import { eventSentence, type EventFacts } from './event-sentence.ts';
import { actorOf, isPerson, type SentencePart, plainSentence, type Sentence, sentence } from './sentence.ts';

/** An event with what groups need. */
export interface GroupedEvent extends EventFacts {
  readonly id: number;
  readonly at: string;
  readonly revision: number;
  readonly operation?: string;
}

/** Events that belong together. `what`: one sentence for all of them; `isRoutine`: machines' daily reports, of which there are many. */
export interface EventGroup<E extends GroupedEvent> {
  readonly what: Sentence;
  readonly events: readonly E[];
  readonly isRoutine: boolean;
}

/** Kinds that come by the dozen while all is well. */
const ROUTINE = [
  /^config\.published$/,
  /^machine\.(signal|status|boot-seen|inventory|tagged)$/,
  /^lease\.(added|changed|removed)$/,
  /^command\.(added|done)$/,
  /^job\.(added|started|resumed|given-back|done)$/,
  /^drill\.progress$/,
];

/** Is it an event of a kind that comes by the dozen, and no user did it? */
export const isRoutine = ({ kind, who }: Pick<EventFacts, 'kind' | 'who'>): boolean =>
  !isPerson(who) && ROUTINE.some((form) => form.test(kind));

/** Groups events in their order: those of one change, and runs of routine reports. */
export function groupEvents<E extends GroupedEvent>(events: readonly E[]): EventGroup<E>[] {
  const runs: E[][] = [];
  for (const event of events) {
    const run = runs.at(-1);
    const before = run?.at(-1);
    if (run !== undefined && before !== undefined && belongTogether(before, event)) run.push(event);
    else runs.push([event]);
  }
  return runs.map((run) => ({
    events: run,
    isRoutine: run.every(isRoutine),
    what:
      run.length === 1 ? eventSentence(run[0] as E) : run.every(isRoutine) ? routineSentence(run) : changeOfRun(run),
  }));
}

function belongTogether(one: GroupedEvent, other: GroupedEvent): boolean {
  if (one.operation !== undefined && one.operation === other.operation) return true;
  return isRoutine(one) && isRoutine(other);
}

/** `12 routine reports: configuration published 5 times, …`. */
function routineSentence(run: readonly GroupedEvent[]): Sentence {
  const counts = [...Map.groupBy(run, ({ kind }) => kind)].map(
    ([kind, events]) => `${events.length} × ${ROUTINE_TEXTS[kind] ?? kind.replaceAll(/[-_.]/g, ' ')}`,
  );
  const who = [...new Map(run.map(subjectOf).map((piece) => [plainSentence([piece]), piece])).values()];
  const named = who.slice(0, 3).flatMap((piece, index) => (index === 0 ? [piece] : [', ', piece]));
  const more = who.length > 3 ? `, ${who.length - 3} more` : '';
  return sentence`Routine: ${counts.join(', ')} (${named}${more})`;
}

/** What a routine report is about: the node or the machine that it names first, else who sent it. */
function subjectOf(event: GroupedEvent): SentencePart {
  const named = eventSentence(event).find(
    (piece) => typeof piece !== 'string' && ['node', 'machine', 'job'].includes(piece.noun),
  );
  return named ?? actorOf(event.who, event.names);
}

const ROUTINE_TEXTS: Readonly<Record<string, string>> = {
  'config.published': 'configuration published',
  'machine.signal': 'script report',
  'machine.status': 'progress report',
  'machine.boot-seen': 'network start',
  'machine.inventory': 'hardware report',
  'machine.tagged': 'tags by rule',
  'lease.added': 'new lease',
  'lease.changed': 'lease renewed',
  'lease.removed': 'lease ended',
  'command.added': 'command sent',
  'command.done': 'command succeeded',
};

/** The first sentence that a user did, and how many more there are. */
function changeOfRun(run: readonly GroupedEvent[]): Sentence {
  const first = run.find((event) => !isRoutine(event)) ?? (run[0] as GroupedEvent);
  const more = run.length - 1;
  return sentence`${eventSentence(first)} (and ${String(more)} more ${more === 1 ? 'step' : 'steps'})`;
}
