import { switchOf } from '../../../contract/base/command-texts.ts';
import { listOf, changeOf } from '../base/plain.ts';
import { NOTE_CATEGORIES, type Notification } from '../../../contract/people/notification.ts';
import { runChange } from '../../change.ts';
import type { Call, NounSpec, OptionSpec } from '../../command-spec.ts';
import { usageError } from '../../exit.ts';
import type { Shape } from '../../format/output.ts';
import { flag, need, nothingToSet, option, text, textOrNone } from '../../values.ts';

const SHAPE: Shape<Notification> = {
  kind: 'notification',
  name: (note) => String(note.id),
  columns: [
    { header: 'id', value: (note) => String(note.id) },
    { header: 'category', value: (note) => note.category },
    { header: 'message', value: (note) => note.text ?? note.message },
    { header: 'for', value: readersOf },
    { header: 'at', wide: true, value: (note) => note.createdAt },
    { header: 'ident', wide: true, value: (note) => note.ident ?? '' },
  ],
};

function readersOf({ user, users, admins }: Notification): string {
  return [...(user === null ? [] : [user]), ...(users ? ['users'] : []), ...(admins ? ['admins'] : [])].join(', ');
}

const WHICH = { name: '<id>', help: 'its number' } as const;
const GROUPS = ['users', 'admins'];
const OPTIONS: readonly OptionSpec[] = [
  { flags: '--category <category>', help: 'info when left out', values: NOTE_CATEGORIES },
  {
    flags: '--for <who>',
    help: 'users, admins, the name of a user, or some of these joined by ","; users when left out',
  },
  { flags: '--ident <text>', help: 'by which a tool finds it again' },
  {
    flags: '--dismissable <on|off>',
    help: 'on when left out; off: it stays until it is deleted',
    values: ['on', 'off'],
  },
];

/** Whom a note is for: all of it, so that a change leaves nobody from before. */
function readersFor(given: string) {
  const recipients = given.split(',').map((recipient) => recipient.trim());
  const [name, ...more] = recipients.filter((recipient) => !GROUPS.includes(recipient));
  if (more.length > 0) throw usageError(`--for: "${given}" names several users. Rule: one, users, admins.`);
  return { users: recipients.includes('users'), admins: recipients.includes('admins'), user: name ?? null };
}

function membersOf(call: Call, readers: string | undefined) {
  const category = NOTE_CATEGORIES.find((one) => one === option(call, 'category'));
  return {
    ...(category === undefined ? {} : { category }),
    ...textOrNone(call, 'ident'),
    ...flag(call, 'dismissable', 'dismissable'),
    ...(readers === undefined ? {} : readersFor(readers)),
  };
}

/** `regent notification`. */
export const NOTIFICATION: NounSpec = {
  noun: 'notification',
  summary: 'notes for users: what people should read',
  commands: [
    listOf(
      'notification.list',
      {
        summary: 'list the notes that are for you and not dismissed',
        options: { all: switchOf('also those of others; for admins') },
      },
      SHAPE,
    ),
    {
      verb: 'create',
      summary: 'send a note to users',
      args: [{ name: '<message>', help: 'the text' }],
      options: OPTIONS,
      isChange: true,
      examples: ["regent notification create 'Hall 2 has no power on Sunday' --category warning"],
      run: (call) =>
        runChange(call, {
          route: 'notification.create',
          input: { body: { message: need(call, 0), ...membersOf(call, option(call, 'for') ?? 'users') } },
          shape: SHAPE,
          done: 'created',
        }),
    },
    {
      verb: 'set',
      summary: 'change a note; who has dismissed it does not see it again',
      args: [WHICH],
      options: [{ flags: '--message <text>', help: 'the text' }, ...OPTIONS],
      isChange: true,
      examples: ['regent notification set 7 --category error --for admins'],
      run: (call) => {
        const body = { ...text(call, 'message'), ...membersOf(call, option(call, 'for')) };
        nothingToSet(body, '--message, --category, --for, --ident or --dismissable');
        return runChange(call, {
          route: 'notification.set',
          input: { params: { notification: need(call, 0) }, body },
          shape: SHAPE,
          done: 'changed',
        });
      },
    },
    changeOf(
      'notification.dismiss',
      'notification',
      { verb: 'dismiss', summary: 'you have read a note', args: [WHICH] },
      { shape: SHAPE, done: 'dismissed' },
    ),
    changeOf(
      'notification.delete',
      'notification',
      { verb: 'delete', summary: 'delete a note for everybody', args: [WHICH] },
      { shape: SHAPE, done: 'deleted' },
    ),
  ],
};
