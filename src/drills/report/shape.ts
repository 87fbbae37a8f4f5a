/** Says what is wrong with a value, and where: `timeline/marks/3/at is missing`; null: nothing. */
export type ValueShape = (value: unknown, at: string) => string | null;

/** A value that is judged alone. `noun`: what it ought to be. */
export function simple(noun: string, isGood: (value: unknown) => boolean): ValueShape {
  return (value, at) => {
    if (value === undefined) return `${at} is missing`;
    return isGood(value) ? null : `${at} is not ${noun}`;
  };
}

/** One of these texts. */
export function literal(...choices: readonly string[]): ValueShape {
  return simple('one of its known texts', (value) => typeof value === 'string' && choices.includes(value));
}

/** May be absent. */
export function optional(shape: ValueShape): ValueShape {
  return (value, at) => (value === undefined ? null : shape(value, at));
}

/** May be null. */
export const orNull =
  (shape: ValueShape): ValueShape =>
  (value, at) =>
    value === null ? null : shape(value, at);

/** A list of such items. */
export function list(item: ValueShape): ValueShape {
  const self = simple('a list', Array.isArray);
  return (value, at) => {
    if (!Array.isArray(value)) return self(value, at);
    for (const [index, one] of value.entries()) {
      const problem = item(one, `${at}/${index}`);
      if (problem !== null) return problem;
    }
    return null;
  };
}

/** An object of any names, all with such members. */
export function each(member: ValueShape): ValueShape {
  return (value, at) => {
    if (!isObject(value)) return OBJECT(value, at);
    for (const [key, one] of Object.entries(value)) {
      const problem = member(one, `${at}/${key}`);
      if (problem !== null) return problem;
    }
    return null;
  };
}

/** An object with at least these members. */
export function object(members: Readonly<Record<string, ValueShape>>): ValueShape {
  const known = Object.entries(members);
  return (value, at) => {
    if (!isObject(value)) return OBJECT(value, at);
    const own = new Map<string, unknown>(Object.entries(value));
    for (const [key, shape] of known) {
      const problem = shape(own.get(key), `${at}/${key}`);
      if (problem !== null) return problem;
    }
    return null;
  };
}

const OBJECT = simple('an object', () => false);

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
