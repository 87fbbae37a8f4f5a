/** An object of JSON that somebody else wrote: nothing is known of its members. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** Parses a text that must be an object; null when it is not. */
export function parseObject(text: string): JsonObject | null {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : null;
  } catch {
    return null;
  }
}

/** A member that must be an object; empty when it is not. */
export function memberOf(object: JsonObject, name: string): JsonObject {
  const value = object[name];
  return isObject(value) ? value : {};
}

/** A member that must be a text; '' when it is not. */
export function textIn(object: JsonObject, name: string): string {
  const value = object[name];
  return typeof value === 'string' ? value : '';
}

/** A member that must be a list of texts; null when it is not there. */
export function textsIn(object: JsonObject, name: string): readonly string[] | null {
  const value = object[name];
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : null;
}

/** The links of a collection. */
export function linksOf(collection: JsonObject): readonly string[] {
  const members = collection['Members'];
  if (!Array.isArray(members)) return [];
  return (members as readonly unknown[]).flatMap((member) => {
    const link = isObject(member) ? member['@odata.id'] : undefined;
    return typeof link === 'string' ? [link] : [];
  });
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
