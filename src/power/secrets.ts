import { MASKED_SECRET } from '../model/machines/power.ts';
import type { PowerOutcome } from './order.ts';

/** The outcome with secrets masked that got into one of its sentences: a BMC may repeat what it was sent. */
export function withoutSecrets(outcome: PowerOutcome, secrets: readonly string[]): PowerOutcome {
  // The longest first: one secret may be a part of another.
  const ordered = [...secrets].sort((a, b) => b.length - a.length);
  const clean = (text: string) => ordered.reduce((rest, secret) => rest.replaceAll(secret, MASKED_SECRET), text);
  if (outcome.kind === 'rejected') return outcome;
  const learned = Object.fromEntries(Object.entries(outcome.learned).map(([name, text]) => [name, clean(text)]));
  if (outcome.kind === 'done') return { ...outcome, learned, notes: outcome.notes.map(clean) };
  const answer = outcome.answer === undefined ? {} : { answer: clean(outcome.answer) };
  return { ...outcome, ...answer, learned, message: clean(outcome.message), remedy: clean(outcome.remedy) };
}
