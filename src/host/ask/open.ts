import { readFile, statfs } from 'node:fs/promises';
import { sentenceOf } from '../../core/errors.ts';
import {
  type Command,
  type ExecResult,
  isOpenQuestion,
  type FileQuestion,
  type OpenQuestion,
} from '../../core/host-values.ts';
import type { Host } from '../interface.ts';
import { askName } from './name.ts';
import { ANSWER_LIMIT, answered, failed } from './result.ts';
import { openWeb, type WebIdentity } from './web.ts';

/** Asks questions that need no rights. Never throws. */
export interface QuestionHost {
  ask(question: OpenQuestion): Promise<ExecResult>;
  /** Ends idle connections. */
  close(): void;
}

/** `identity`: the node's present certificate, null if there is none. */
export function openQuestions(identity: () => WebIdentity | null): QuestionHost {
  const web = openWeb(identity);
  return {
    ask: (question) => {
      if ('url' in question) return web.ask(question);
      return 'path' in question ? readPath(question) : askName(question);
    },
    close: () => web.close(),
  };
}

/** A host whose open questions this process asks itself, with its own rights. Everything else goes to `host`. */
export function withQuestions<T extends Pick<Host, 'exec'>>(host: T, questions: QuestionHost): T {
  const exec = (command: Command) => (isOpenQuestion(command) ? questions.ask(command) : host.exec(command));
  return { ...host, exec };
}

async function readPath({ read: what, path }: FileQuestion): Promise<ExecResult> {
  try {
    if (what === 'space') return answered(`${(await statfs(path)).bavail}\n`);
    const text = await readFile(path, 'utf8');
    return text.length <= ANSWER_LIMIT ? answered(text) : failed(`${path} is larger than ${ANSWER_LIMIT} bytes`);
  } catch (error) {
    return failed(`${path} cannot be read: ${sentenceOf(error)}`);
  }
}
