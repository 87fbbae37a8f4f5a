import type { Tx } from '../../store/tx.ts';

/** Objects that steps of one change named before. `except`: the noun that the steps change; its objects are read again. */
export interface KnownNames {
  readonly except: string;
  readonly found: Map<string, Promise<unknown>>;
}

const known = new WeakMap<Tx, KnownNames>();

/** Objects that several steps of one transaction name are read once. */
export function rememberNames<T extends Tx>(tx: T, names: KnownNames): T {
  known.set(tx, names);
  return tx;
}

/** The object of a name: as an earlier step of the same change read it, else as `read` gives it. */
export function resolveName<T>(tx: Tx, noun: string, text: string, read: () => Promise<T>): Promise<T> {
  const names = known.get(tx);
  if (names === undefined || names.except === noun) return read();
  const key = `${noun} ${text}`;
  const found = (names.found.get(key) as Promise<T> | undefined) ?? read();
  names.found.set(key, found);
  return found;
}
