import { type Numbered, readLines } from './lines.ts';
import { endProgram, type ProgramOrder, startProgram } from './program.ts';

/** Asks a program (`answerLines`) any number of questions at once. */
export interface LineAsker<Q extends object, A extends object> {
  /** The answer; what `none` says when there is none within `waitMs`: the program itself may be starved, or gone. */
  ask(question: Q, waitMs: number): Promise<A>;
  close(): void;
}

/** Starts a program that answers lines; it ends with `close` or with this process. */
export function startLineAsker<Q extends object, A extends object>(order: ProgramOrder, none: A): LineAsker<Q, A> {
  const child = startProgram(order);
  const waiting = new Map<number, (answer: A) => void>();
  let count = 0;
  readLines<Numbered<A>>(child.stdout, ({ id, ...answer }) => waiting.get(id)?.(answer as unknown as A));
  return {
    ask: (question, waitMs) =>
      new Promise((resolve) => {
        count += 1;
        const id = count;
        const finish = (answer: A) => {
          clearTimeout(timer);
          waiting.delete(id);
          resolve(answer);
        };
        const timer = setTimeout(() => finish(none), waitMs);
        waiting.set(id, finish);
        child.stdin.write(`${JSON.stringify({ id, ...question })}\n`);
      }),
    close: () => endProgram(child),
  };
}
