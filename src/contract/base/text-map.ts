import Type, { type TArray, type TRecord, type TString, type TUnion } from 'typebox';

/** Texts, or lists of texts, by name. */
export type TextMap = TRecord<'^.*$', TUnion<[TString, TArray<TString>]>>;

/** The schema of one; `description`: what it is. */
export function textMap(description: string): TextMap {
  const value = Type.Union([
    Type.String({ maxLength: 1024 }),
    Type.Array(Type.String({ maxLength: 64 }), { maxItems: 32 }),
  ]);
  return Type.Record(Type.String(), value, { description, maxProperties: 32 });
}

/** The object that a text stands for; `undefined`: none. */
export function parseMap(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}
