import { type Rejected, rejected, show } from '../core/errors.ts';
import { ANNOTATION_SENTENCES } from './declared/annotation-sentences.ts';
import { DECLARED_SENTENCES } from './declared/declared-sentences.ts';
import { type SqlError, sqlErrorOf } from './failure.ts';
import type { Sentence } from './declared/sentence.ts';
import { NAMES_SENTENCES } from './sentences/names.ts';
import { NETWORKS_SENTENCES } from './sentences/networks.ts';
import { CLUSTER_SENTENCES } from './sentences/cluster.ts';
import { MACHINES_SENTENCES } from './sentences/machines.ts';
import { PEOPLE_SENTENCES } from './sentences/people.ts';
import { SITE_SENTENCES } from './sentences/site.ts';

/** Every constraint of the schema that a request can break, and the sentence for the operator. */
export const SENTENCES: Readonly<Record<string, Sentence>> = {
  ...DECLARED_SENTENCES,
  ...ANNOTATION_SENTENCES,
  ...NAMES_SENTENCES,
  ...NETWORKS_SENTENCES,
  ...CLUSTER_SENTENCES,
  ...MACHINES_SENTENCES,
  ...PEOPLE_SENTENCES,
  ...SITE_SENTENCES,
};

/** The meaning of a value that the database itself cannot take: bad text for a type, NUL, too long, out of range, missing. */
const VALUE_STATES: Readonly<Record<string, string>> = {
  '22P02': 'A value does not fit its type.',
  '22P05': 'A text holds a character that cannot be stored (NUL).',
  '22021': 'A text holds a character that cannot be stored (NUL).',
  '22001': 'A text is too long.',
  '22003': 'A number is out of range.',
  '22007': 'A time is malformed.',
  '22008': 'A time is out of range.',
  '23502': 'A value is missing.',
};

/** The refusal for a database error; null if the error is not the request's fault. */
export function refusalOf(error: unknown): Rejected | null {
  const sqlError = sqlErrorOf(error);
  if (!sqlError) return null;
  const sentence = sqlError.constraint === undefined ? undefined : SENTENCES[sqlError.constraint];
  if (sentence) {
    const isMissing = sentence.missing !== undefined && / is not present in table /.test(sqlError.detail ?? '');
    const message = (isMissing ? sentence.missing : sentence.text).replace('{}', () => offending(sqlError));
    if (isMissing) return rejected('conflict', message);
    const fields = sentence.field ? [{ field: sentence.field, problem: message }] : undefined;
    return rejected(sentence.code, message, fields);
  }
  const state = VALUE_STATES[sqlError.code];
  if (state === undefined) return null;
  const column = sqlError.column;
  return rejected('invalid_value', state, column === undefined ? undefined : [{ field: column, problem: state }]);
}

/** The values of "Key (a, b)=(1, 2) already exists." and its kin; a trigger's message is its own sentence. */
function offending(error: SqlError): string {
  if (error.code === '23000') return error.message;
  if (error.code === '23P01') {
    const [, mine, other] =
      /^Key .*?\)=\((.*)\) conflicts with existing key .*?\)=\((.*)\)\.$/.exec(error.detail ?? '') ?? [];
    if (mine === undefined || other === undefined) return 'an existing one';
    return mine.startsWith('[') ? `${spanText(mine)} overlaps ${spanText(other)}` : other;
  }
  const value = /^Key \([^)]*\)=\((.*)\) (?:already exists|is not present|is still referenced)/.exec(
    error.detail ?? '',
  );
  return value?.[1] === undefined ? '' : show(value[1]).slice(1, -1);
}

/** A span as PostgreSQL writes it, `[first,last]`, as operators write it. */
function spanText(text: string): string {
  const [first, last] = text.replace(/^\[|\]$/g, '').split(',');
  return first === last ? (first ?? text) : `${first}-${last}`;
}
