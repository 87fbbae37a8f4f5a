import type { HistoryObject } from '../../base/history.ts';
import { actorOf, type IdNames, nounText, type SentencePart, type Sentence, sentence } from './sentence.ts';

/** What a sentence needs of a change. A release before 0.4.0 sends neither `objects` nor `names`. */
export interface ChangeFacts {
  readonly who: string;
  readonly summary: string;
  readonly reverts?: number | null;
  readonly objects?: readonly HistoryObject[];
  readonly names?: IdNames;
}

/** What a sentence needs of an entry of the audit trail. */
export interface AuditFacts {
  readonly who: string;
  readonly action: string;
  readonly outcome: string;
  readonly objects?: readonly HistoryObject[];
  readonly names?: IdNames;
}

/** Objects that a sentence names; the others are counted. */
const NAMED = 3;

/** What a change did, in one sentence: `admin deleted record www.example.test A 192.0.2.1`. */
export function changeSentence(change: ChangeFacts): Sentence {
  const { objects = [], names } = change;
  const who = actorOf(change.who, names);
  const what = objects.length === 0 ? null : deedsOf(objects);
  if (typeof change.reverts === 'number') {
    const undid = sentence`${who} undid ${{ noun: 'change', name: String(change.reverts) }}`;
    return what === null ? undid : sentence`${undid}: ${what}`;
  }
  return what === null ? sentence`${who}: ${namedAction(change.summary, names)}` : sentence`${who} ${what}`;
}

/** What was requested, in one sentence; of a refusal also why. */
export function auditSentence(entry: AuditFacts): Sentence {
  const { who, action, outcome, names, objects = [] } = entry;
  const refused = /^refused: (.*)$/.exec(outcome)?.[1];
  if (refused !== undefined)
    return sentence`${actorOf(who, names)} was refused: ${namedAction(action, names)} (${refused.replaceAll('_', ' ')})`;
  return changeSentence({ who, summary: action, objects, ...(names === undefined ? {} : { names }) });
}

/** `record delete 35` with the name in place of the number, if it is known. */
export function namedAction(action: string, names: IdNames | undefined): string {
  if (names === undefined) return action;
  return action.replaceAll(
    /\b([a-z-]+) ([a-z-]+) (?:id:)?([\w:-]+)/g,
    (whole, noun: string, verb: string, id: string) => {
      const name = names[`${noun} ${id}`] ?? names[id];
      return name === undefined ? whole : `${noun} ${verb} ${name}`;
    },
  );
}

function deedsOf(objects: readonly HistoryObject[]): Sentence {
  const named = objects.slice(0, NAMED).flatMap((object, index) => {
    const isSame = objects[index - 1]?.verb === object.verb && index > 0;
    const isLast = index === objects.length - 1;
    const lead = index === 0 ? '' : isLast ? ' and ' : ', ';
    const verb = isSame ? '' : `${object.verb.replaceAll(/[-_.]/g, ' ')} `;
    const it: SentencePart = {
      noun: object.noun,
      name: object.name,
      ...(object.verb === 'deleted' ? { isGone: true } : {}),
    };
    return sentence`${lead}${verb}${nounText(object.noun)} ${it}${object.detail === '' ? '' : ` ${object.detail}`}`;
  });
  const more = objects.length - NAMED;
  return more > 0 ? sentence`${named} and ${String(more)} more` : named;
}
