import type { Host } from '../../src/host/interface.ts';

/** A helper that nobody asks. */
export function noHost(): Pick<Host, 'exec'> {
  return { exec: () => Promise.reject(new Error('this test has no helper')) };
}
