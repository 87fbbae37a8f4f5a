/**
 * Expected refusals are values, faults are exceptions. This is the one table of codes: a code never changes its
 * meaning once it was released, because clients branch on it.
 */
export const REJECTIONS = {
  bad_request: { status: 400, title: 'The request cannot be read' },
  invalid_value: { status: 422, title: 'A value breaks a rule' },
  unauthenticated: { status: 401, title: 'A valid API key is needed' },
  forbidden: { status: 403, title: 'The role does not allow this' },
  not_found: { status: 404, title: 'There is no such object' },
  method_not_allowed: { status: 405, title: 'The path does not take this method' },
  conflict: { status: 409, title: 'The change collides with existing data' },
  in_use: { status: 409, title: 'The object is still in use' },
  precondition_failed: { status: 412, title: 'The object has changed since it was read' },
  payload_too_large: { status: 413, title: 'The request is larger than the limit' },
  unsupported_media_type: { status: 415, title: 'The body is of another media type than the call takes' },
  key_reused: { status: 422, title: 'The idempotency key was used for another request' },
  headers_too_large: { status: 431, title: 'The request headers are larger than the limit' },
  too_many_requests: { status: 429, title: 'Too many requests' },
  not_implemented: { status: 501, title: 'This operation does not exist yet' },
  unavailable: { status: 503, title: 'The database cannot be reached in time' },
  insufficient_storage: { status: 507, title: 'The disk has too little room' },
  internal: { status: 500, title: 'An internal fault' },
} as const;

export type RejectionCode = keyof typeof REJECTIONS;

/** One offending field: where it is (JSON pointer or name), what it was (shortened), which rule it breaks. */
export type FieldProblem = { readonly field: string; readonly problem: string; readonly rule?: string };

/** An expected refusal. `message` is a whole sentence for an operator: what, why, the rule. */
export interface Rejected {
  readonly kind: 'rejected';
  readonly code: RejectionCode;
  readonly message: string;
  readonly fields?: readonly FieldProblem[];
}

/** Makes a refusal. */
export function rejected(code: RejectionCode, message: string, fields?: readonly FieldProblem[]): Rejected {
  return fields ? { kind: 'rejected', code, message, fields } : { kind: 'rejected', code, message };
}

/** Makes the refusal of one bad value: the field, what is wrong with it, the rule it breaks. */
export function invalid(field: string, problem: string, rule: string): Rejected {
  return rejected('invalid_value', `${field}: ${problem}. Rule: ${rule}.`, [{ field, problem, rule }]);
}

/** Is it a refusal, not a result? */
export function isRejected(value: unknown): value is Rejected {
  return typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'rejected';
}

/** A fault (not a refusal): something that should have worked did not. Always carries its `cause` if there is one. */
export class AppError extends Error {
  readonly code: string;
  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'AppError';
    this.code = code;
  }
}

/** Carries a refusal through code that throws it (a transaction's body); the store turns it back into a value after the rollback. */
export class RejectedError extends Error {
  readonly rejected: Rejected;
  constructor(refusal: Rejected) {
    super(refusal.message);
    this.name = 'RejectedError';
    this.rejected = refusal;
  }
}

/** The value; a refusal is thrown. */
export function accept<T>(value: T): Exclude<T, { readonly kind: 'rejected' }> {
  if (isRejected(value)) throw new RejectedError(value);
  return value as Exclude<T, { readonly kind: 'rejected' }>;
}

/** Throws a refusal, or that of `rejected` with these arguments. */
export function refuse(refusal: Rejected): never;
export function refuse(...refusal: Parameters<typeof rejected>): never;
export function refuse(first: Rejected | RejectionCode, message = '', fields?: readonly FieldProblem[]): never {
  throw new RejectedError(isRejected(first) ? first : rejected(first, message, fields));
}

/** The sentence of an unknown thrown value, with its causes, never a stack. */
export function sentenceOf(error: unknown): string {
  const parts: string[] = [];
  let current: unknown = error;
  for (let depth = 0; current !== undefined && depth < 5; depth += 1) {
    parts.push(current instanceof Error ? current.message : typeof current === 'string' ? current : show(current));
    current = current instanceof Error ? current.cause : undefined;
  }
  return parts.join(': ');
}

/** Shows a bad value in an error text: quoted, control characters escaped, shortened, so that it cannot forge a line. */
export function show(value: unknown, limit = 60): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > limit ? `${text.slice(0, limit)}…` : text;
}
