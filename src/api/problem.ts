import type { RejectionCode, Rejected } from '../core/errors.ts';
import { AppError, isRejected, REJECTIONS, RejectedError, rejected } from '../core/errors.ts';
import type { Problem } from '../contract/base/common.ts';

/** Codes of faults that mean: the database is away. The store throws them when its deadline has passed. */
const AWAY = new Set(['database_unavailable', 'unavailable']);
/** When a client should try again, seconds. */
const RETRY_AFTER_S = 2;

/** An answer that refuses: status, headers, problem document (RFC 9457). */
export interface ProblemAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Problem;
}

/** The answer of a refusal. */
export function problemAnswer(
  refusal: Rejected,
  requestId: string,
  headers: Record<string, string> = {},
): ProblemAnswer {
  const { status, title } = REJECTIONS[refusal.code];
  return {
    status,
    headers: {
      'content-type': 'application/problem+json',
      ...(refusal.code === 'unauthenticated' ? { 'www-authenticate': 'Bearer realm="regent"' } : {}),
      ...(refusal.code === 'unavailable' || refusal.code === 'too_many_requests'
        ? { 'retry-after': String(RETRY_AFTER_S) }
        : {}),
      ...headers,
    },
    body: {
      type: 'about:blank',
      title,
      status,
      code: refusal.code,
      detail: refusal.message,
      requestId,
      ...(refusal.fields ? { fields: refusal.fields.map((field) => ({ ...field })) } : {}),
    },
  };
}

/** The refusal that a thrown value means to a client; null: a fault of ours, whose text stays in the log. */
export function refusalOf(error: unknown): Rejected | null {
  if (error instanceof RejectedError) return error.rejected;
  if (isRejected(error)) return error;
  if (error instanceof AppError && AWAY.has(error.code))
    return rejected(
      'unavailable',
      'The database did not answer within 15 s. Nothing is lost; the call may be repeated.',
    );
  return fastifyRefusal(error);
}

/** The refusal for an unexpected fault: it shows no details. */
export function internalFault(requestId: string): Rejected {
  return rejected('internal', `A fault inside of Regent. The log of regiond has the details of request ${requestId}.`);
}

const FASTIFY_CODES: Readonly<Record<string, readonly [RejectionCode, string]>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: ['payload_too_large', 'The body is larger than the limit of this path.'],
  FST_ERR_CTP_INVALID_MEDIA_TYPE: ['unsupported_media_type', 'The body must be JSON: Content-Type: application/json.'],
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: ['bad_request', 'The body is not as long as Content-Length says.'],
  FST_ERR_BAD_URL: ['bad_request', 'The path is not correctly percent-encoded UTF-8 (RFC 3986 §2.1).'],
  FST_ERR_MAX_PARAM_LENGTH: ['bad_request', 'A part of the path is longer than 1024 characters.'],
};

function fastifyRefusal(error: unknown): Rejected | null {
  if (!(error instanceof Error) || !('code' in error)) return null;
  const known = FASTIFY_CODES[String(error.code)];
  return known ? rejected(known[0], known[1]) : null;
}
