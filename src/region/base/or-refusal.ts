import { type Rejected, RejectedError } from '../../core/errors.ts';

/** What the work gives, or the refusal that it throws. Inside a transaction only for work that reads: an error of the database ends the transaction. */
export async function orRefusal<T>(work: () => Promise<T>): Promise<T | Rejected> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof RejectedError) return error.rejected;
    throw error;
  }
}
