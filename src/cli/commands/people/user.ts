import { type NounTexts, textOption } from '../../../contract/base/command-texts.ts';
import { shapeOf, usualCommands, whichOf } from '../base/usual.ts';
import type { PasswordSet, User } from '../../../contract/people/user.ts';
import { runChange } from '../../change.ts';
import type { Call, NounSpec } from '../../command-spec.ts';
import { usageError } from '../../exit.ts';
import { stamp } from '../../format/when.ts';
import { need } from '../../values.ts';

const ROLE_NAMES = ['admin', 'operator', 'user', 'auditor'] as const;

const WHICH = whichOf('user', 'name');
const ROLE = textOption(
  'role',
  'admin, operator, user (sees the site) or auditor (sees everything, changes nothing)',
  ROLE_NAMES,
);
const EMAIL = textOption('address', 'for tools that keep one; Regent writes to nobody');

const COMMANDS: NounTexts<User> = {
  summary: 'users and their roles',
  which: 'name',
  example: 'ada',
  columns: ['name', 'role', 'password', 'created'],
  cells: { password: ({ hasPassword }) => (hasPassword ? 'yes' : 'no'), created: ({ createdAt }) => stamp(createdAt) },
  create: {
    summary: 'create a user; then: regent api-key create TITLE --user NAME',
    args: { name: { help: 'a–z, 0–9, "-", "_" and "."' } },
    options: { role: { ...ROLE, missing: `one of ${ROLE_NAMES.join(', ')}` }, email: EMAIL },
    examples: ['regent user create ada --role operator'],
  },
  set: { summary: "change a user's role or address", options: { role: ROLE, email: EMAIL } },
  delete: {
    summary: 'delete a user and its API keys; one that has machines or devices only with --transfer-to',
    options: { transfer_to: textOption('user', 'who gets its machines, devices and files') },
    examples: ['regent user delete ada --transfer-to grace'],
  },
};
const ENTRY = { noun: 'user', one: 'a user', many: 'users', commands: COMMANDS };

/** `regent user`. */
export const USER: NounSpec = usualCommands<User>(ENTRY, {
  more: [
    {
      verb: 'password',
      summary: 'set a password: entered without echo, or the first line of the standard input',
      args: [WHICH],
      options: [{ flags: '--remove', help: 'remove the password: the user then has only API keys' }],
      isChange: true,
      examples: ['regent user password ada', 'regent user password ada < file'],
      run: async (call) =>
        runChange(call, {
          route: 'user.set-password',
          input: { params: { user: need(call, 0) }, body: await passwordOf(call) },
          shape: shapeOf<User>(ENTRY),
          done: call.options['remove'] === true ? 'has no password any more' : 'has a new password; its sessions ended',
        }),
    },
  ],
});

/** The new password, entered twice, and the present one, which the region requires of everybody but admins. From the standard input: two lines. */
async function passwordOf(call: Call): Promise<PasswordSet> {
  if (call.options['remove'] === true) return { password: null };
  const { io } = call;
  const first = await io.askSecret('New password: ');
  if (first === null) {
    const [password = '', current] = (await io.readInput()).split(/\r?\n/);
    return { password, ...(current === undefined || current === '' ? {} : { current }) };
  }
  if ((await io.askSecret('The same again: ')) !== first)
    throw usageError('The two passwords differ. Nothing was changed.');
  const current = await io.askSecret('The password before (empty if there is none, or for admins): ');
  return { password: first, ...(current === null || current === '' ? {} : { current }) };
}
