import { NOTE_CATEGORIES, type Notification } from '../../../contract/identity/notification.ts';
import { printerOf, runChange } from '../../change.ts';
import type { NounSpec } from '../../command-spec.ts';
import { printList, type Shape } from '../../format/output.ts';
import { collect, need, option, text } from '../../values.ts';

const SHAPE: Shape<Notification> = {
  kind: 'notification',
  name: (note) => String(note.id),
  columns: [
    { header: 'id', value: (note) => String(note.id) },
    { header: 'category', value: (note) => note.category },
    { header: 'message', value: (note) => note.message },
    { header: 'for', value: readersOf },
    { header: 'at', wide: true, value: (note) => note.createdAt },
    { header: 'ident', wide: true, value: (note) => note.ident ?? '' },
  ],
};

function readersOf({ user, users, admins }: Notification): string {
  return [...(user === null ? [] : [user]), ...(users ? ['users'] : []), ...(admins ? ['admins'] : [])].join(', ');
}

const WHICH = { name: '<id>', help: 'its number' } as const;
const FOR = ['users', 'admins'];

/** `regent notification`. */
export const NOTIFICATION: NounSpec = {
  noun: 'notification',
  summary: 'notes for users: what people should read',
  commands: [
    {
      verb: 'list',
      summary: 'list the notes that are for you and not dismissed',
      options: [{ flags: '--all', help: 'also those of others; for admins' }],
      run: async (call) => {
        const { client } = await call.region();
        const query = call.options['all'] === true ? { all: true } : {};
        await printList(printerOf(call), SHAPE, await collect(client.all('notification.list', { query })));
      },
    },
    {
      verb: 'create',
      summary: 'tell users something',
      args: [{ name: '<message>', help: 'the text' }],
      options: [
        { flags: '--category <category>', help: 'info when left out', values: NOTE_CATEGORIES },
        { flags: '--for <who>', help: 'users, admins, or the name of a user; users when left out' },
        { flags: '--ident <word>', help: 'by which a tool knows it again' },
      ],
      isChange: true,
      examples: ["regent notification create 'Hall 2 has no power on Sunday' --category warning"],
      run: (call) => {
        const given = option(call, 'for') ?? 'users';
        const category = NOTE_CATEGORIES.find((one) => one === option(call, 'category'));
        const readers = FOR.includes(given) ? { [given]: true } : { user: given };
        return runChange(call, {
          route: 'notification.create',
          input: {
            body: {
              message: need(call, 0),
              ...(category === undefined ? {} : { category }),
              ...text(call, 'ident'),
              ...readers,
            },
          },
          shape: SHAPE,
          done: 'created',
        });
      },
    },
    {
      verb: 'dismiss',
      summary: 'you have read a note',
      args: [WHICH],
      isChange: true,
      run: (call) =>
        runChange(call, {
          route: 'notification.dismiss',
          input: { params: { notification: need(call, 0) } },
          shape: SHAPE,
          done: 'dismissed',
        }),
    },
    {
      verb: 'delete',
      summary: 'delete a note for everybody',
      args: [WHICH],
      isChange: true,
      run: (call) =>
        runChange(call, {
          route: 'notification.delete',
          input: { params: { notification: need(call, 0) } },
          shape: SHAPE,
          done: 'deleted',
        }),
    },
  ],
};
