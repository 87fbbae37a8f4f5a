import { destination, type Logger, pino } from 'pino';
import type { Log, LogFields } from '../core/ports.ts';

/** Log lines of at most this many bytes wait for a slow reader; older ones beyond it are dropped, the process never blocks. */
const BUFFER_BYTES = 4 * 1024 * 1024;

/** Options of a process's log. `file`: path instead of standard output (tests). */
export interface LogOptions {
  readonly node: string;
  readonly process: string;
  readonly level: string;
  readonly file?: string;
}

/**
 * Opens the JSON log of a process: one object per line with `level`, `time` (ISO), `node`, `process`, `msg` and the fields.
 * `flush` writes what waits; call it before the process ends.
 */
export function openLog(options: LogOptions): { log: Log; flush: () => void } {
  const sink = destination({ dest: options.file ?? 1, sync: false, minLength: 0, maxLength: BUFFER_BYTES });
  sink.on('error', () => {});
  const logger = pino(
    {
      level: isLevel(options.level) ? options.level : 'info',
      base: { node: options.node, process: options.process },
      formatters: { level: (label) => ({ level: label }) },
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
    },
    sink,
  );
  const flush = () => {
    try {
      sink.flushSync();
    } catch {
      // Not open yet or already closed: nothing waits.
    }
  };
  return { log: wrap(logger), flush };
}

const isLevel = (level: string): boolean => ['debug', 'info', 'warn', 'error'].includes(level);

function wrap(logger: Logger): Log {
  return {
    debug: (message, fields) => logger.debug(fields ?? {}, message),
    info: (message, fields) => logger.info(fields ?? {}, message),
    warn: (message, fields) => logger.warn(fields ?? {}, message),
    error: (message, fields) => logger.error(fields ?? {}, message),
    with: (fields: LogFields) => wrap(logger.child(fields)),
  };
}
