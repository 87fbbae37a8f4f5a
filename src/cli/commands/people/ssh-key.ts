import { textOption } from '../../../contract/base/command-texts.ts';
import { listOf, changeOf } from '../base/plain.ts';
import type { SshKey, SshKeysImported } from '../../../contract/people/ssh-key.ts';
import { runChange } from '../../change.ts';
import type { Call, NounSpec } from '../../command-spec.ts';
import { usageError } from '../../exit.ts';
import type { Column, Shape } from '../../format/output.ts';
import { stamp } from '../../format/when.ts';
import { need, text } from '../../values.ts';

const COLUMNS: readonly Column<SshKey>[] = [
  { header: 'id', value: (key) => String(key.id) },
  { header: 'user', value: (key) => key.user },
  { header: 'type', value: (key) => key.type },
  { header: 'bits', wide: true, value: (key) => String(key.bits) },
  { header: 'fingerprint', value: (key) => key.fingerprint },
  { header: 'comment', value: (key) => key.comment },
  { header: 'source', wide: true, value: (key) => key.source ?? '' },
  { header: 'added', wide: true, value: (key) => stamp(key.createdAt) },
];
const SHAPE: Shape<SshKey> = { kind: 'SSH key', name: (key) => String(key.id), columns: COLUMNS };

const IMPORTED: Shape<SshKeysImported> = {
  kind: 'SSH keys',
  name: ({ source }) => source,
  columns: [
    { header: 'source', value: ({ source }) => source },
    { header: 'added', value: ({ added }) => String(added) },
    { header: 'keys', value: ({ items }) => String(items.length) },
    { header: 'refused', value: ({ refused }) => refused.join('; ') },
  ],
};

/** What came of an import, a line for each key that is not taken. */
function describeImport({ source, added, items, refused }: SshKeysImported): string {
  const known = items.length - added;
  const lines = refused.map((problem) => `not taken: ${problem}`);
  return [`${added} SSH keys of ${source} added${known === 0 ? '' : `, ${known} were there`}`, ...lines].join('\n');
}

/** `regent ssh-key`. */
export const SSH_KEY: NounSpec = {
  noun: 'ssh-key',
  summary: 'public keys of SSH, by which machines let their owner in',
  commands: [
    listOf(
      'ssh-key.list',
      {
        summary: 'list SSH keys: all for admins and auditors, else the own ones',
        options: { user: textOption('name', 'only those of this user') },
      },
      SHAPE,
    ),
    {
      verb: 'add',
      summary: 'add a public key, of your own or, as an admin, of another user',
      args: [{ name: '<key>', help: 'the line of a .pub file, @FILE for the file itself, or - for standard input' }],
      options: [{ flags: '--user <name>', help: 'whose key; your own when left out' }],
      isChange: true,
      examples: [
        'regent ssh-key add @~/.ssh/id_ed25519.pub',
        "regent ssh-key add 'ssh-ed25519 AAAA… ada@laptop' --user ada",
      ],
      run: async (call) =>
        await runChange(call, {
          route: 'ssh-key.add',
          input: { body: { key: await keyOf(call), ...text(call, 'user') } },
          shape: SHAPE,
          done: 'added',
          describe: (key) => `SSH key ${key.id} of ${key.user} added: ${key.type} ${key.fingerprint}`,
        }),
    },
    {
      verb: 'import',
      summary: 'import the public keys of somebody on Launchpad or GitHub; again: those that are new',
      args: [{ name: '<source>', help: 'lp:NAME for launchpad.net, gh:NAME for github.com' }],
      options: [{ flags: '--user <name>', help: 'whose keys they become; your own when left out' }],
      isChange: true,
      examples: ['regent ssh-key import gh:ada', 'regent ssh-key import lp:ada --user ada'],
      run: (call) =>
        runChange(call, {
          route: 'ssh-key.import',
          input: { body: { source: need(call, 0), ...text(call, 'user') } },
          shape: IMPORTED,
          done: 'imported',
          describe: describeImport,
        }),
    },
    changeOf(
      'ssh-key.delete',
      'sshKey',
      {
        verb: 'delete',
        summary: 'delete a public key; machines that have it already keep it',
        args: [{ name: '<key>', help: 'id or fingerprint' }],
      },
      { shape: SHAPE, done: 'deleted' },
    ),
  ],
};

/** The key of the argument: itself, of a file, or of standard input. A private key goes no further than here. */
async function keyOf(call: Call): Promise<string> {
  const given = need(call, 0);
  const path = given.startsWith('@') ? given.slice(1).replace(/^~(?=\/)/, call.io.home ?? '~') : null;
  const key = path === null ? (given === '-' ? await call.io.readInput() : given) : await call.io.readFile(path);
  if (key === null) throw usageError(`There is no file "${path}".`);
  if (key.includes('PRIVATE KEY'))
    throw usageError('This is a private key. Keep it, and give the file that ends with .pub.');
  return key.trim();
}
