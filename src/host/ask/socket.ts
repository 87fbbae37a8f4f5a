import { lstat } from 'node:fs/promises';
import { connect } from 'node:net';
import { sentenceOf } from '../../core/errors.ts';
import type { ExecResult, SocketQuestion } from '../../core/host-values.ts';
import { inside, openFolder, splitPath } from '../safe-folder.ts';
import { deadline } from './deadline.ts';
import { ANSWER_LIMIT, answered, failed, silent } from './result.ts';
import { errnoOf } from '../system-error.ts';

/**
 * Asks a daemon over its unix socket: one connection, one request, and all that comes until the daemon closes. Never throws: a socket that cannot be
 * queried, and an answer that is too large or missing, give `failure`. It follows no links, so a daemon that owns the folder cannot lead a privileged
 * caller to another socket.
 */
export async function askSocket(question: SocketQuestion): Promise<ExecResult> {
  const { socket: path } = question;
  try {
    const { folder, name } = splitPath(path);
    const handle = await openFolder(folder);
    if (handle === null) return failed(`${path} is not there: the daemon is not running`);
    try {
      const place = inside(handle, name);
      if (!(await lstat(place)).isSocket()) return failed(`${path} is not a socket`);
      return await askAt(place, question);
    } finally {
      await handle.close();
    }
  } catch (error) {
    return failed(describeFailure(path, error));
  }
}

/** Asks at `place`, the path of the question's socket; see `askSocket`. */
export function askAt(place: string, question: SocketQuestion): Promise<ExecResult> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const socket = connect(place);
    const settle = (result: ExecResult) => {
      cancel();
      socket.destroy();
      resolve(result);
    };
    const cancel = deadline(question.timeoutMs, () => settle(silent()));
    socket.on('connect', () => socket.write(question.request));
    socket.on('data', (chunk: Buffer) => {
      size += chunk.length;
      chunks.push(chunk);
      if (size <= ANSWER_LIMIT) return;
      settle(failed(`${question.socket} answered more than ${ANSWER_LIMIT} bytes. Rule: request less at once`));
    });
    socket.on('end', () => settle(judge(question, Buffer.concat(chunks).toString('utf8'))));
    socket.on('error', (error) => settle(failed(describeFailure(question.socket, error))));
  });
}

function judge(question: SocketQuestion, stdout: string): ExecResult {
  if (stdout === '') return failed(`${question.socket} closed the connection without an answer`);
  const isGood = question.expects === undefined || new RegExp(question.expects, 'u').test(stdout);
  return { ...answered(stdout), code: isGood ? 0 : 1 };
}

function describeFailure(path: string, error: unknown): string {
  switch (errnoOf(error)) {
    case 'ENOENT':
      return `${path} is not there: the daemon is not running`;
    case 'ECONNREFUSED':
      return `nobody listens on ${path}: the daemon is not running`;
    case 'EACCES':
      return `${path} may not be opened by this process (EACCES)`;
    default:
      return `${path} could not be queried: ${sentenceOf(error)}`;
  }
}
