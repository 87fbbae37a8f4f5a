import type { Act } from '../hazards/hazard.ts';
import { findWorker } from './jobs.ts';
import { findHolder, findPrimary, type Stage } from './stage.ts';

const ROLE_MS = 45_000;
const LOOK_EVERY_MS = 200;
const ROLES = [
  ['@primary', findPrimary],
  ['@holder', findHolder],
  ['@worker', findWorker],
] as const;

/**
 * The act with hosts in the place of `@primary`, `@holder` and `@worker`: who has that role now, or the first who gets it within 45 s. Null:
 * nobody has it.
 */
export async function resolveRoles(stage: Stage, act: Act): Promise<Act | null> {
  const found = new Map<string, string>();
  for (const [word, find] of ROLES) {
    const host = await roleIn(stage, act, word, find);
    if (host === null) return null;
    found.set(word, host);
  }
  const name = (host: string) => found.get(host) ?? host;
  if (act.do === 'partition') return { ...act, sides: act.sides.map((side) => side.map(name)) };
  if (act.do === 'oneway') return { ...act, from: act.from.map(name), to: act.to.map(name) };
  if (act.do === 'halfopen') return { ...act, from: name(act.from), to: name(act.to) };
  return 'host' in act && act.host !== undefined ? { ...act, host: name(act.host) } : act;
}

/** Empty when the act does not name the role. */
async function roleIn(
  stage: Stage,
  act: Act,
  word: string,
  find: (stage: Stage) => Promise<string | null>,
): Promise<string | null> {
  if (!JSON.stringify(act).includes(`"${word}"`)) return '';
  const end = stage.now() + ROLE_MS;
  for (;;) {
    const host = await find(stage);
    if (host !== null || stage.now() > end) return host;
    await stage.wait(LOOK_EVERY_MS);
  }
}
