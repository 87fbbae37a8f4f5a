type Optional<T> = { readonly [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined> };
type Present<T> = { readonly [K in keyof T as undefined extends T[K] ? never : K]: T[K] };

/** The object without its undefined members: a change does not name what it leaves. */
export function defined<T extends object>(members: T): Optional<T> & Present<T> {
  const present = Object.entries(members).filter(([, value]) => value !== undefined);
  return Object.fromEntries(present) as Optional<T> & Present<T>;
}

/** The object without members that are undefined, null or an empty list: data says nothing of what is not there. */
export function filled<T extends object>(members: T): { readonly [K in keyof T]?: NonNullable<T[K]> } {
  const isFilled = (value: unknown) => value != null && !(Array.isArray(value) && value.length === 0);
  return Object.fromEntries(Object.entries(members).filter(([, value]) => isFilled(value))) as {
    [K in keyof T]?: NonNullable<T[K]>;
  };
}
