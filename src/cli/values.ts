import { momentOf } from '../core/time-text.ts';
import type { Call } from './command-spec.ts';
import { usageError } from './exit.ts';

/** A required argument, by position. */
export function need(call: Call, index: number): string {
  const value = call.args[index];
  if (value === undefined || value === '') throw usageError('An argument is empty.', ['See --help of this command.']);
  return value;
}

/** An option with a text as a member of a query or body; nothing if it is missing. */
export function text<K extends string>(call: Call, name: K): { [P in K]?: string } {
  const value = call.options[name];
  return typeof value === 'string' ? ({ [name]: value } as { [P in K]?: string }) : {};
}

/** An option's text; undefined when it was not given. */
export function option(call: Call, name: string): string | undefined {
  const value = call.options[name];
  return typeof value === 'string' ? value : undefined;
}

/** All texts of an option that may be given several times. */
export function options(call: Call, name: string): readonly string[] {
  const value = call.options[name];
  return Array.isArray(value) ? value : [];
}

/** Parses a whole number of the command line. */
export function integer(value: string, name: string, rule = 'a whole number'): number {
  if (/^-?\d{1,15}$/.test(value)) return Number(value);
  throw usageError(`${name}: "${value}" is not usable. Rule: ${rule}.`);
}

/** An option of `on` and `off` as a boolean; undefined when it was not given. */
export function onOff(call: Call, name: string): boolean | undefined {
  const value = option(call, name);
  return value === undefined ? undefined : value === 'on';
}

/** An option of `on` and `off` as a boolean member of a query or body; nothing when it was not given. */
export function flag<K extends string>(call: Call, name: string, member: K): { [P in K]?: boolean } {
  const value = onOff(call, name);
  return value === undefined ? {} : ({ [member]: value } as { [P in K]?: boolean });
}

/** `--force` as a member of a query or body; nothing when it was not given. */
export const forceOf = (call: Call): { force?: boolean } => (call.options['force'] === true ? { force: true } : {});

/** An option with a text as a member of a body, null for `none`; nothing when it was not given. */
export function textOrNone<K extends string>(call: Call, name: K): { [P in K]?: string | null } {
  const value = option(call, name);
  return value === undefined ? {} : ({ [name]: value === 'none' ? null : value } as { [P in K]?: string | null });
}

/** Refuses a `set` that sets nothing. */
export function nothingToSet(body: object, options: string): void {
  if (Object.keys(body).length === 0) throw usageError(`Nothing to set: give ${options}.`);
}

/** `--since` as a member of a query: a span before now, or a moment; nothing when it was not given. */
export function sinceOf(call: Call): { since?: string } {
  const since = pastOf(call, 'since');
  return since === undefined ? {} : { since };
}

/** An option that is a moment of the past, or a span before now, as ISO 8601; undefined when it was not given. */
export function pastOf(call: Call, name: 'since' | 'from' | 'to'): string | undefined {
  const value = option(call, name);
  if (value === undefined) return undefined;
  const at = momentOf(value, (span) => call.io.now() - span);
  if (at === null)
    throw usageError(
      `--${name}: "${value}" is neither a span nor a moment. Rule: 30m, 2h, 7d, or 2030-01-01T00:00:00Z.`,
    );
  return new Date(at).toISOString();
}

/** A span after now, or a moment, as ISO 8601. `now` in ms. */
export function untilOf(value: string, now: number): string {
  const at = momentOf(value, (span) => now + span);
  if (at === null)
    throw usageError(`--until: "${value}" is neither a span nor a moment. Rule: 30m, 2h, 7d, or 2030-01-01T00:00:00Z.`);
  return new Date(at).toISOString();
}

/** Every item of a paged list. */
export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}
