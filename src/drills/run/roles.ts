import type { Act } from '../hazards/hazard.ts';
import { findWorker } from './operator/jobs.ts';
import { findHolder, findPrimary, type Environment } from './environment.ts';

const ROLE_MS = 45_000;
const POLL_EVERY_MS = 200;
const ROLES = [
  ['@primary', findPrimary],
  ['@holder', findHolder],
  ['@worker', findWorker],
] as const;

/**
 * The act with hosts in the place of `@primary`, `@holder` and `@worker`: who has that role now, or the first who gets it within 45 s. Null:
 * nobody has it.
 */
export async function resolveRoles(environment: Environment, act: Act): Promise<Act | null> {
  const found = new Map<string, string>();
  for (const [role, find] of ROLES) {
    const host = await roleIn(environment, act, role, find);
    if (host === null) return null;
    found.set(role, host);
  }
  const name = (host: string) => found.get(host) ?? host;
  if (act.do === 'partition') return { ...act, sides: act.sides.map((side) => side.map(name)) };
  if (act.do === 'oneway') return { ...act, from: act.from.map(name), to: act.to.map(name) };
  if (act.do === 'halfopen') return { ...act, from: name(act.from), to: name(act.to) };
  return 'host' in act && act.host !== undefined ? { ...act, host: name(act.host) } : act;
}

/** Empty when the act does not name the role. */
async function roleIn(
  environment: Environment,
  act: Act,
  role: string,
  find: (environment: Environment) => Promise<string | null>,
): Promise<string | null> {
  if (!JSON.stringify(act).includes(`"${role}"`)) return '';
  const end = environment.now() + ROLE_MS;
  for (;;) {
    const host = await find(environment);
    if (host !== null || environment.now() > end) return host;
    await environment.wait(POLL_EVERY_MS);
  }
}
