import { FIELDS } from '../texts/base/fields.ts';
import type { Values } from '../models/base/typed.ts';

/** What of a field says whether what was typed fits. */
interface Checked {
  readonly name: string;
  readonly kind?: string;
  readonly isOptional?: boolean;
  readonly check?: (text: string, values: Values) => string | null;
}

/** What is wrong with a field, as far as it is known before the call; null: nothing. */
export function faultOf(field: Checked, values: Values): string | null {
  const text = (values[field.name] ?? '').trim();
  if (text === '') return field.isOptional === true || field.kind === 'check' ? null : FIELDS.required;
  if (field.kind === 'number' && !/^-?\d{1,15}$/.test(text)) return FIELDS.number;
  return field.check?.(text, values) ?? null;
}

/** Is it JSON? */
export function jsonFault(text: string): string | null {
  try {
    JSON.parse(text);
    return null;
  } catch {
    return FIELDS.json;
  }
}
