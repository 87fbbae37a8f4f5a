import type { Notification } from '../../../contract/people/notification.ts';
import { listOf, quoted } from '../base/command-text.ts';
import { otherThan, type Values } from '../base/typed.ts';
import type { Tone } from '../base/tone.ts';

/** As the site has them (contract/people/notification.ts). */
export const NOTE_CATEGORIES = ['info', 'success', 'warning', 'error'] as const;

const TONES: Readonly<Record<Notification['category'], Tone>> = {
  error: 'bad',
  warning: 'warn',
  success: 'ok',
  info: 'off',
};

/** How grave a note is. */
export const noteTone = (category: Notification['category']): Tone => TONES[category];

/** Notes, the gravest first; of the same kind the newest first. */
export const gravestFirst = (notes: readonly Notification[]): readonly Notification[] =>
  notes.toSorted((a, b) => NOTE_CATEGORIES.indexOf(b.category) - NOTE_CATEGORIES.indexOf(a.category) || b.id - a.id);

/** Whom a note is for, as `--for` takes it. */
export function readersOf({ user, users, admins }: Pick<Notification, 'user' | 'users' | 'admins'>): string {
  return [...(users ? ['users'] : []), ...(admins ? ['admins'] : []), ...(user === null ? [] : [user])].join(', ');
}

/** The initial values of a note's form; null: of a new one. */
export function noteValues(note: Notification | null): Values {
  return {
    message: note?.message ?? '',
    category: note?.category ?? 'info',
    for: note === null ? 'users' : readersOf(note),
    ident: note?.ident ?? '',
    dismissable: note?.dismissable === false ? 'off' : 'on',
  };
}

/** The body of a change: of a note that is there, what is other than before. */
export function noteBody(values: Values, before: Notification | null): object {
  const was = before === null ? { dismissable: 'on', ident: '' } : noteValues(before);
  const { message, category, for: readers, ident, dismissable } = otherThan(values, was);
  return {
    ...(message === undefined ? {} : { message }),
    ...(category === undefined ? {} : { category }),
    ...(readers === undefined ? {} : toReaders(readers)),
    ...(ident === undefined ? {} : { ident: ident === '' ? null : ident }),
    ...(dismissable === undefined ? {} : { dismissable: dismissable === 'on' }),
  };
}

/** Names other than `users` and `admins` are sent as one user name; the site refuses several as unknown. */
function toReaders(text: string): Pick<Notification, 'user' | 'users' | 'admins'> {
  const readers = listOf(text);
  const names = readers.filter((reader) => reader !== 'users' && reader !== 'admins');
  return {
    users: readers.includes('users'),
    admins: readers.includes('admins'),
    user: names.length === 0 ? null : names.join(','),
  };
}

/** The same by CLI. */
export function noteCli(values: Values, before: Notification | null): string {
  const { message = '', ...rest } = before === null ? values : otherThan(values, noteValues(before));
  const usual = { category: 'info', for: 'users', ident: '', dismissable: 'on' };
  const options = Object.entries(before === null ? otherThan(rest, usual) : rest).map(
    ([name, value]) => ` --${name} ${quoted(listOf(value).join(',') || 'none')}`,
  );
  if (before === null) return `regent notification create ${quoted(message || 'TEXT')}${options.join('')}`;
  const text = message === '' ? '' : ` --message ${quoted(message)}`;
  return `regent notification set ${before.id}${text}${options.join('')}`;
}
