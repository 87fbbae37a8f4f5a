import { randomUUID } from 'node:crypto';
import { isRejected, type Rejected } from '../../src/core/errors.ts';
import type { Database } from '../../src/store/database.ts';
import { type Operation, type OperationOutcome, type Written, type WriteTx, write } from '../../src/store/write.ts';

/** The value, or a failed test with the refusal's sentence. */
export function value<T>(result: T | Rejected): T {
  if (isRejected(result)) throw new Error(`refused (${result.code}): ${result.message}`);
  return result;
}

/** The refusal, or a failed test. */
export function refusal(result: unknown): Rejected {
  if (!isRejected(result)) throw new Error(`not refused: ${JSON.stringify(result)}`);
  return result;
}

/** A request as `write` takes it; a new key unless one is given. */
export function operation(overrides: Partial<Operation> = {}): Operation {
  return { key: randomUUID(), requestDigest: 'd', actor: 'ada', origin: 'test', summary: 'a test', ...overrides };
}

/** Does something inside one `write` and gives what it gave. */
export async function change<T>(db: Database, body: (tx: WriteTx) => Promise<T | Rejected>): Promise<T | Rejected> {
  const written: Written<T> | Rejected = await write<T>(
    db,
    operation(),
    async (tx): Promise<OperationOutcome<T> | Rejected> => {
      const result = await body(tx);
      return isRejected(result) ? result : { status: 200, body: result };
    },
  );
  return isRejected(written) ? written : written.body;
}
