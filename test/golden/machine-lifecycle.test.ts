import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { isRejected } from '../../src/core/errors.ts';
import { type Effect, type LifecycleContext, transition } from '../../src/model/machines/machine-lifecycle.ts';
import { MACHINE_EVENTS, MACHINE_STATES, MACHINE_STATUS, type MachineEvent, type MachineState } from '../../src/model/machines/machine-states.ts';


const FILE = join(import.meta.dirname, 'machine-lifecycle.txt');
const AT: LifecycleContext = { name: 'm1', before: 'ready', isCommissioned: true, isLocked: false };
/** Where what was before decides. */
const OTHERS: readonly (readonly [string, Partial<LifecycleContext>])[] = [
  ['it was deployed before', { before: 'deployed' }],
  ['its disks were to be erased before', { before: 'failed-disk-erasing' }],
  ['it was never commissioned', { before: 'new', isCommissioned: false }],
];

/** Every state with every event: a change of behaviour is a line that changes. */
describe('the lifecycle of machines', () => {
  it('is this table', async () => {
    const states: readonly (MachineState | null)[] = [null, ...MACHINE_STATES];
    await expect(`${states.map(sectionOf).join('\n')}`).toMatchFileSnapshot(FILE);
  });
});

function sectionOf(state: MachineState | null): string {
  const title = state === null ? 'unknown' : `${state} (${MACHINE_STATUS[state].number}, ${MACHINE_STATUS[state].label})`;
  const found = MACHINE_EVENTS.map((event) => [event, outcome(state, event, AT)] as const);
  const other = OTHERS.flatMap(([when, standing]) =>
    found.flatMap(([event, usual]) => {
      const told = outcome(state, event, { ...AT, ...standing });
      return told === usual ? [] : [`${event}, when ${when}: ${told}`];
    }),
  );
  const refused = found.filter(([, told]) => told === 'refused').map(([event]) => event);
  const lines = [
    ...found.flatMap(([event, told]) => (told === 'refused' ? [] : [`${event}: ${told}`])),
    ...other,
    `refused: ${refused.join(', ')}`,
    `a refusal: ${sentenceOf(transition(state, 'rescue-up', AT))}`,
  ];
  return `${title}\n${lines.map((line) => `  ${line}`).join('\n')}\n`;
}

function sentenceOf(found: ReturnType<typeof transition>): string {
  return isRejected(found) ? found.message : 'none';
}

function outcome(state: MachineState | null, event: MachineEvent, at: LifecycleContext): string {
  const found = transition(state, event, at);
  if (isRejected(found)) return 'refused';
  const effects = found.effects.map(wordsOf).join(', ');
  return `${found.to === state ? 'stays' : `→ ${found.to}`}${effects === '' ? '' : `: ${effects}`}`;
}

function wordsOf(effect: Effect): string {
  if (effect.kind === 'power') return `power ${effect.verb}${effect.boot === undefined ? '' : ` by ${effect.boot}`}`;
  if (effect.kind === 'deadline') return effect.isSet ? 'a deadline' : 'no deadline';
  if (effect.kind === 'own') return effect.by === 'caller' ? "the caller's own" : "nobody's own";
  if (effect.kind === 'free') return 'free';
  if (effect.kind === 'lock') return effect.isLocked ? 'locked' : 'unlocked';
  return effect.kind === 'remember' ? `remember ${effect.state}` : `note ${effect.what}`;
}
