import type { PasswordSet, User, UserSet } from '../../../contract/people/user.ts';
import { printerOf, runChange } from '../../change.ts';
import type { Call, NounSpec } from '../../command-spec.ts';
import { usageError } from '../../exit.ts';
import { stamp } from '../../format/when.ts';
import { printList, printOne, type Shape } from '../../format/output.ts';
import { collect, need, nothingToSet, option, text } from '../../values.ts';

const ROLE_NAMES = ['admin', 'operator', 'user', 'auditor'] as const;
type RoleName = (typeof ROLE_NAMES)[number];

const SHAPE: Shape<User> = {
  kind: 'user',
  name: (user) => user.name,
  columns: [
    { header: 'name', value: (user) => user.name },
    { header: 'role', value: (user) => user.role },
    { header: 'password', value: (user) => (user.hasPassword ? 'yes' : 'no') },
    { header: 'created', value: (user) => stamp(user.createdAt) },
  ],
};

const WHICH = { name: '<user>', help: 'name', complete: 'user' } as const;
const ROLE = {
  flags: '--role <role>',
  help: 'admin, operator, user (sees the site) or auditor (sees everything, changes nothing)',
  values: ROLE_NAMES,
};

const EMAIL = { flags: '--email <address>', help: 'for tools that keep one; Regent writes to nobody' };

/** `regent user`. */
export const USER: NounSpec = {
  noun: 'user',
  summary: 'users and their roles',
  commands: [
    {
      verb: 'list',
      summary: 'list users',
      run: async (call) => {
        const { client } = await call.region();
        await printList(printerOf(call), SHAPE, await collect(client.all('user.list', {})));
      },
    },
    {
      verb: 'show',
      summary: 'show a user',
      args: [WHICH],
      run: async (call) => {
        const { client } = await call.region();
        await printOne(
          printerOf(call),
          SHAPE,
          (await client.call('user.show', { params: { user: need(call, 0) } })).body,
        );
      },
    },
    {
      verb: 'create',
      summary: 'create a user; then: regent api-key create TITLE --user NAME',
      args: [{ name: '<name>', help: 'a–z, 0–9, "-", "_" and "."' }],
      options: [ROLE, EMAIL],
      isChange: true,
      examples: ['regent user create ada --role operator'],
      run: (call) =>
        runChange(call, {
          route: 'user.create',
          input: { body: { name: need(call, 0), role: roleOf(option(call, 'role')), ...text(call, 'email') } },
          shape: SHAPE,
          done: 'created',
        }),
    },
    {
      verb: 'set',
      summary: "change a user's role or address",
      args: [WHICH],
      options: [ROLE, EMAIL],
      isChange: true,
      run: (call) =>
        runChange(call, {
          route: 'user.set',
          input: { params: { user: need(call, 0) }, body: changeOf(call) },
          shape: SHAPE,
          done: 'changed',
        }),
    },
    {
      verb: 'password',
      summary: 'set a password: entered without echo, or the first line of the standard input',
      args: [WHICH],
      options: [{ flags: '--remove', help: 'take it away: the user has API keys alone then' }],
      isChange: true,
      examples: ['regent user password ada', 'regent user password ada < file'],
      run: async (call) =>
        runChange(call, {
          route: 'user.set-password',
          input: { params: { user: need(call, 0) }, body: await passwordOf(call) },
          shape: SHAPE,
          done: call.options['remove'] === true ? 'has no password any more' : 'has a new password; its sessions ended',
        }),
    },
    {
      verb: 'delete',
      summary: 'delete a user and its API keys; one that has machines or devices only with --transfer-to',
      args: [WHICH],
      options: [{ flags: '--transfer-to <user>', help: 'who gets its machines, devices and files' }],
      isChange: true,
      examples: ['regent user delete ada --transfer-to grace'],
      run: (call) =>
        runChange(call, {
          route: 'user.delete',
          input: { params: { user: need(call, 0) }, query: heirOf(call) },
          shape: SHAPE,
          done: 'deleted',
        }),
    },
  ],
};

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

function heirOf(call: Call): { transfer_to?: string } {
  const heir = option(call, 'transferTo');
  return heir === undefined ? {} : { transfer_to: heir };
}

function changeOf(call: Call): UserSet {
  const role = option(call, 'role');
  const body = { ...(role === undefined ? {} : { role: roleOf(role) }), ...text(call, 'email') };
  nothingToSet(body, '--role, --email');
  return body;
}

function roleOf(value: string | undefined): RoleName {
  const role = ROLE_NAMES.find((name) => name === value);
  if (role === undefined) throw usageError(`--role is missing: one of ${ROLE_NAMES.join(', ')}.`);
  return role;
}
