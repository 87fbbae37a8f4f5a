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
import { ANSWER_LIMIT, answered, notAsked } from './result.ts';
import { openWeb, type WebIdentity } from './web.ts';

/** Asks questions that need no rights. Never throws. */
export interface Asker {
  ask(question: OpenQuestion): Promise<ExecResult>;
  /** Ends kept connections. */
  close(): void;
}

/** `identity`: the node's present certificate, null if there is none. */
export function openAsker(identity: () => WebIdentity | null): Asker {
  const web = openWeb(identity);
  return {
    ask: (question) => {
      if ('url' in question) return web.ask(question);
      return 'path' in question ? look(question) : askName(question);
    },
    close: () => web.close(),
  };
}

/** A host whose open questions this process asks itself, with its own rights. Everything else goes to `host`. */
export function withAsker<T extends Pick<Host, 'exec'>>(host: T, asker: Asker): T {
  const exec = (command: Command) => (isOpenQuestion(command) ? asker.ask(command) : host.exec(command));
  return { ...host, exec };
}

async function look({ look: what, path }: FileQuestion): Promise<ExecResult> {
  try {
    if (what === 'space') return answered(`${(await statfs(path)).bavail}\n`);
    const text = await readFile(path, 'utf8');
    return text.length <= ANSWER_LIMIT ? answered(text) : notAsked(`${path} is larger than ${ANSWER_LIMIT} bytes`);
  } catch (error) {
    return notAsked(`${path} cannot be looked at: ${sentenceOf(error)}`);
  }
}
