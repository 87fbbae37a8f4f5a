import { invalid, RejectedError, type RejectionCode, rejected, show } from '../../../../core/errors.ts';

/**
 * Catches what a call refused: this operation of MAAS has other names for some members. `names`: member of the call → MAAS's; `below`: what a member stands in,
 * which MAAS does not name.
 */
export function calling(names: Readonly<Record<string, string>>, below = ''): (error: unknown) => never {
  const fieldOf = (field: string) => {
    const own = field.startsWith(below) ? field.slice(below.length) : field;
    // Of a list as a whole.
    const [first = ''] = own.split('/');
    return Object.hasOwn(names, first) ? (names[first] ?? own) : own;
  };
  return (error) => {
    if (!(error instanceof RejectedError)) throw error;
    const { fields, ...refusal } = error.rejected;
    const named = fields?.map((one) => ({ ...one, field: fieldOf(one.field) }));
    throw new RejectedError({ ...refusal, ...(named ? { fields: named } : {}) });
  };
}

/** Refuses a value: the parameter, what is wrong with it, the rule. */
export function badValue(field: string, problem: string, rule: string): never {
  throw new RejectedError(invalid(field, problem, rule));
}

/** Refuses what a path names and what is not there. */
export function notFound(what: string, name: string | number | undefined): never {
  throw new RejectedError(rejected('not_found', `There is no ${what} ${show(name ?? '')}.`));
}

/** Refuses in plain text, with the status of the code. */
export function refuse(code: RejectionCode, sentence: string): never {
  throw new RejectedError(rejected(code, sentence));
}

/** Refuses what collides with the state of an object. */
export function conflict(sentence: string): never {
  throw new RejectedError(rejected('conflict', sentence));
}
