import type { RejectionCode } from '../../core/errors.ts';

/** The sentence for the operator when a constraint of the schema refuses. */
export interface Sentence {
  readonly code: RejectionCode;
  /** `{}` stands for the offending values, or the trigger's own text. */
  readonly text: string;
  readonly field?: string;
  /** For a foreign key: the sentence when the row that it names is missing. */
  readonly missing?: string;
}

export function conflict(text: string, field?: string): Sentence {
  return { code: 'conflict', text, ...(field ? { field } : {}) };
}

export function invalid(text: string, field?: string): Sentence {
  return { code: 'invalid_value', text, ...(field ? { field } : {}) };
}

/** The sentence of a foreign key: `users` name `what`. */
export function reference(what: string, users: string): Sentence {
  return {
    code: 'in_use',
    text: `The ${what} is still used by ${users}. Rule: remove or move those first.`,
    missing: `There is no ${what} {} (any more).`,
  };
}
