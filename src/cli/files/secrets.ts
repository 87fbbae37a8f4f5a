import type { SecretMember } from '../../contract/export-kinds.ts';
import type { FileObject } from '../../contract/site/export-form.ts';
import type { CliIo } from '../io.ts';
import type { FileProblem, ListedObject } from './yaml-file.ts';

const RULE = 'a secret stands elsewhere: env:NAME of the environment, or file:PATH; left out, it stays as it is';

/** The members of an object with its secrets, which the file names. What is wrong goes to `problems`. */
export async function withSecrets(
  io: CliIo,
  object: ListedObject,
  secrets: readonly SecretMember[],
  problems: FileProblem[],
): Promise<FileObject> {
  const members: Record<string, unknown> = { ...object.members };
  const open = async (path: string, value: unknown) => {
    const found = await readSecret(io, value, object.place.file);
    if ('problem' in found) problems.push({ ...object.placeOf(path), problem: `${path}: ${found.problem}` });
    return 'secret' in found ? found.secret : undefined;
  };
  for (const { member, within } of secrets) {
    const value = members[member];
    if (value === undefined || value === null) {
      if (within === undefined) delete members[member];
      continue;
    }
    if (within === undefined) {
      members[member] = await open(member, value);
      continue;
    }
    if (typeof value !== 'object') continue;
    const inner: Record<string, unknown> = { ...value };
    for (const name of within)
      if (inner[name] !== undefined) inner[name] = await open(`${member}/${name}`, inner[name]);
    members[member] = inner;
  }
  return members;
}

type FoundSecret = { readonly secret: string } | { readonly problem: string };

/** No refusal repeats the value: it may be the secret. */
async function readSecret(io: CliIo, value: unknown, file: string): Promise<FoundSecret> {
  const [, scheme, name] = (typeof value === 'string' && /^(env|file):(.+)$/s.exec(value)) || [];
  if (name === undefined) return { problem: `it is not a reference. Rule: ${RULE}` };
  if (scheme === 'env') {
    const secret = io.env[name];
    if (secret === undefined || secret === '') return { problem: `the environment has no ${name}` };
    return { secret };
  }
  const path = name.startsWith('/') ? name : `${file.includes('/') ? file.replace(/\/[^/]*$/, '') : '.'}/${name}`;
  const text = await io.readFile(path);
  const secret = text?.replace(/\r?\n$/, '') ?? '';
  return secret === '' ? { problem: `there is no secret in the file ${path}` } : { secret };
}
