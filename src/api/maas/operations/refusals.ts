import { invalid, RejectedError, rejected, show } from '../../../core/errors.ts';

/** Refuses a value: the parameter, what is wrong with it, the rule. */
export function badValue(field: string, problem: string, rule: string): never {
  throw new RejectedError(invalid(field, problem, rule));
}

/** Refuses what a path names and what is not there. */
export function notFound(what: string, name: string | number | undefined): never {
  throw new RejectedError(rejected('not_found', `There is no ${what} ${show(name ?? '')}.`));
}

/** Refuses what collides with the state of an object. */
export function conflict(sentence: string): never {
  throw new RejectedError(rejected('conflict', sentence));
}
