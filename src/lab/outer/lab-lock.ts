import { once } from 'node:events';
import { createServer } from 'node:net';
import { AppError } from '../../core/errors.ts';
import type { Layout } from '../layout.ts';

/**
 * Holds a lab for the drill that asks, until that is disposed of or the process ends: a second one on the same hosts breaks what the first one
 * measures (its faults become the other's, its probers find their ports taken). Throws AppError `drill` at once while another drill holds it; labs
 * do not meet. What is held is an abstract socket (unix(7)): it is gone with its process however that ends, and no child has it.
 */
export async function lockLab({ instance, drillSocket }: Layout): Promise<AsyncDisposable> {
  const held = await tryLock(drillSocket);
  if (held) return held;
  throw new AppError(
    'drill',
    `Another drill runs on the lab "${instance}", and two drills on the same hosts disturb each other. What to do: wait until the other drill has ended.`,
  );
}

/** Holds a name of this machine (`socket`: an abstract socket's) until it is disposed of or the process ends; null while another process, or this one, holds it. */
export async function tryLock(socket: string): Promise<AsyncDisposable | null> {
  const server = createServer((connection) => connection.destroy());
  server.listen(socket);
  try {
    await once(server, 'listening');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE') return null;
    throw error;
  }
  return server.unref();
}
