/** An object of MAAS as it came: nothing of it is sure. */
export type MaasObject = Readonly<Record<string, unknown>>;

const NOTHING: MaasObject = {};

/** A member as a text; empty: it is none. */
export const text = (object: MaasObject, name: string): string => {
  const value = object[name];
  return typeof value === 'string' ? value.trim() : '';
};

/** A member as a whole number; 0: it is none. */
export const num = (object: MaasObject, name: string): number => {
  const value = object[name];
  return typeof value === 'number' && Number.isSafeInteger(value) ? value : 0;
};

export const bool = (object: MaasObject, name: string): boolean => object[name] === true;

/** A member that is an object; an empty one otherwise. */
export function nested(object: MaasObject, name: string): MaasObject {
  const value = object[name];
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as MaasObject) : NOTHING;
}

/** Objects of a list; anything else is none. */
export function objectsOf(value: unknown): readonly MaasObject[] {
  if (!Array.isArray(value)) return [];
  return value.filter((item): item is MaasObject => typeof item === 'object' && item !== null && !Array.isArray(item));
}

/** The objects of a member that is a list. */
export const items = (object: MaasObject, name: string): readonly MaasObject[] => objectsOf(object[name]);

/** The texts of a member that is a list. */
export function texts(object: MaasObject, name: string): readonly string[] {
  const value = object[name];
  return Array.isArray(value) ? value.filter((item): item is string => typeof item === 'string' && item !== '') : [];
}

/** Members that are not empty. */
export function filled(members: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== ''));
}
