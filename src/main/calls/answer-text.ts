import type { IncomingMessage } from 'node:http';

/** The whole text of an answer (UTF-8). Rejects when it is cut off, or longer than `maxLength` characters: the connection is ended then. */
export function textOf(answer: IncomingMessage, maxLength: number): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  let text = '';
  answer.setEncoding('utf8');
  answer.on('data', (part: string) => {
    text += part;
    if (text.length > maxLength) answer.destroy(new Error('the answer is too long'));
  });
  answer.on('error', reject);
  answer.on('end', () => resolve(text));
  return promise;
}
