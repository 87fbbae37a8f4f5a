import { createServer } from 'node:net';
import { AppError } from '../../core/errors.ts';

/** A lab that is held for one drill. */
export interface Hold {
  /** Lets the next one in. */
  release(): Promise<void>;
}

/**
 * Holds the lab `instance` for the drill that asks: a second one on the same hosts breaks what the first one measures (its faults become the
 * other's, its probers find their ports taken). Throws AppError `drill` at once while another drill holds it; labs do not meet.
 * What is held is an abstract socket (unix(7)): it is gone with its process however that ends, and no child has it.
 */
export function holdLab(instance: string): Promise<Hold> {
  const server = createServer((socket) => socket.destroy());
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EADDRINUSE') return reject(error);
      reject(
        new AppError(
          'drill',
          `Another drill plays on the lab "${instance}", and two on the same hosts spoil each other's rounds. What to do: wait until it has ended.`,
        ),
      );
    });
    server.listen(`\0regent-lab-${instance}.drill`, () => {
      server.unref();
      resolve({ release: () => new Promise((done) => server.close(() => done())) });
    });
  });
}
