import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';

/** A question or an answer between two processes. */
export type Numbered<T> = T & { readonly id: number };

/** Calls back with each line of JSON that comes. The other end is ours: what it writes is what was agreed. */
export function readLines<T>(stream: Readable, onLine: (value: T) => void, onEnd: () => void = () => undefined): void {
  createInterface({ input: stream })
    .on('line', (line) => onLine(parse(line) as T))
    .on('close', onEnd);
}

/** The parser's own error would quote the line, and a line may hold a secret. */
function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    throw new Error('a line between two processes is not JSON');
  }
}

/** Writes values as one line of JSON each. Never waits for a slow reader: the lines are buffered until it reads. */
export function writeLines(...values: readonly object[]): void {
  if (values.length > 0) process.stdout.write(values.map((value) => `${JSON.stringify(value)}\n`).join(''));
}

/** The answering half of `startLineAsker`: a program's questions on standard input, its answers on standard output, in order of arrival. */
export function answerLines<Q extends object, A extends object>(ask: (question: Q, done: (answer: A) => void) => void) {
  readLines<Numbered<Q>>(process.stdin, (question) =>
    ask(question, (answer) => writeLines({ id: question.id, ...answer })),
  );
}
