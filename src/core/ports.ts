/** Time as an argument. `now` is wall time in ms since the epoch, `monotonic` never steps (ms, arbitrary origin). */
export type Clock = { now(): number; monotonic(): number };

/** Randomness as an argument. */
export interface Random {
  /** Uniform in [0, 1). For jitter, never for secrets. */
  fraction(): number;
  /** Cryptographically strong lower-case hex of `bytes` bytes. */
  hex(bytes: number): string;
}

/** The fields that every log line may carry; values are never secrets. */
export type LogFields = Readonly<Record<string, string | number | boolean | null | undefined>>;

/** Structured log: a static message and fields. */
export interface Log {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  with(fields: LogFields): Log;
}
