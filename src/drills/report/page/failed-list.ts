import { clip, markup } from '../escape.ts';
import type { Round } from '../round.ts';
import { broken, count, sentence } from '../formats.ts';
import { anchor } from './choice.ts';

const MOST = 30;

/** Rounds that failed and why, before all else; empty when there is none. */
export function failedList(rounds: readonly Round[], drawn: readonly Round[]): string {
  const failed = rounds.filter((round) => !round.verdict.isPassed);
  if (failed.length === 0) return '';
  const items = failed.slice(0, MOST).map((round) => {
    const name = `${markup(round.hazard.title)}, round ${round.verdict.round}`;
    const title = drawn.includes(round) ? `<a href="#${anchor(rounds, round)}">${name}</a>` : name;
    const why = clip(broken(round.verdict).map(sentence).join('; '), 300);
    return `<li>${title}: ${markup(why)}</li>`;
  });
  const more = failed.length - items.length;
  const rest = more > 0 ? `<p class="note">${count(more, 'failed round')} more in the table of all rounds.</p>` : '';
  return `<h2>What failed</h2><ul class="failed">${items.join('\n')}</ul>${rest}`;
}
