import { AppError } from '../core/errors.ts';

/** Codes of faults of a host: `no_space` (or quota), `denied` (rights, a symbolic link, the helper's list), `io` (the rest). */
export type HostFaultCode = 'no_space' | 'denied' | 'io' | 'unit_failed' | 'unreachable' | 'timeout';

const CODES: Readonly<Record<string, HostFaultCode>> = {
  ENOSPC: 'no_space',
  EDQUOT: 'no_space',
  EACCES: 'denied',
  EPERM: 'denied',
  EROFS: 'denied',
  ELOOP: 'denied',
};

/** errno name of a thrown system error, '' when it has none. */
export function errnoOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}

/** A system error as the AppError that the Host interface promises, with the action and the path. */
export function hostFault(action: string, path: string, error: unknown): AppError {
  if (error instanceof AppError) return error;
  const errno = errnoOf(error);
  const code = CODES[errno] ?? 'io';
  return new AppError(code, `${path} could not be ${action}: ${describeError(errno, error)}`);
}

function describeError(errno: string, error: unknown): string {
  switch (errno) {
    case 'ENOSPC':
      return 'the file system is full (ENOSPC)';
    case 'EDQUOT':
      return 'the quota is used up (EDQUOT)';
    case 'EROFS':
      return 'the file system is read-only (EROFS)';
    case 'EACCES':
    case 'EPERM':
      return `this process may not (${errno})`;
    case 'ELOOP':
      return 'a part of the path is a symbolic link (ELOOP)';
    default:
      return errno || (error instanceof Error ? error.message : String(error));
  }
}
