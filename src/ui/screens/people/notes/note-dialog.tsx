import type { JSX } from 'preact';
import type { Notification } from '../../../../contract/people/notification.ts';
import type { RouteInput } from '../../../../contract/routes.ts';
import { NOTE_CATEGORIES, noteBody, noteCli, noteValues } from '../../../models/people/notes.ts';
import { ActionDialog } from '../../../parts/change.tsx';
import { FormDialog, type FormField } from '../../../parts/form.tsx';
import { WithCurrent } from '../../../parts/with-current.tsx';
import { EN } from '../../../texts/en.ts';

const TEXTS = EN.notes;
const { fields: F } = TEXTS;

/** What an admin does with notes. */
export type NoteWork = { readonly verb: 'create' } | { readonly verb: 'set' | 'delete'; readonly id: number };

const FIELDS: readonly FormField[] = [
  // The site takes one line.
  { name: 'message', label: F.message },
  {
    name: 'category',
    label: F.category,
    kind: 'choice',
    choices: NOTE_CATEGORIES.map((category) => [category, TEXTS.categories[category]]),
  },
  { name: 'for', label: F.for, help: F.forHelp },
  { name: 'ident', label: F.ident, help: F.identHelp, isOptional: true },
  {
    name: 'dismissable',
    label: F.dismissable,
    kind: 'choice',
    choices: [
      ['on', TEXTS.yes],
      ['off', TEXTS.no],
    ],
  },
];

const fieldsOf = (note: Notification | null) =>
  FIELDS.map((field) => ({ ...field, initial: noteValues(note)[field.name] ?? '' }));

/** Makes, changes or deletes a note. */
export function NoteDialog({ work, onClose }: { readonly work: NoteWork; readonly onClose: () => void }): JSX.Element {
  if (work.verb === 'create')
    return (
      <FormDialog
        title={TEXTS.create}
        text={TEXTS.createText}
        id="notification.create"
        fields={fieldsOf(null)}
        input={(values) => ({ body: noteBody(values, null) }) as RouteInput<'notification.create'>}
        cli={(values) => noteCli(values, null)}
        onClose={onClose}
      />
    );
  const params = { notification: String(work.id) };
  if (work.verb === 'delete')
    return (
      <ActionDialog
        title={`${TEXTS.remove} ${work.id}`}
        text={TEXTS.removeText}
        id="notification.delete"
        input={{ params }}
        cli={`regent notification delete ${work.id}`}
        onClose={onClose}
      />
    );
  const title = `${TEXTS.change} ${work.id}`;
  return (
    <WithCurrent id="notification.show" input={{ params }} title={title} onClose={onClose}>
      {({ body: before }) => (
        <FormDialog
          title={title}
          id="notification.set"
          fields={fieldsOf(before)}
          input={(values) => ({ params, body: noteBody(values, before) }) as RouteInput<'notification.set'>}
          cli={(values) => noteCli(values, before)}
          onClose={onClose}
        />
      )}
    </WithCurrent>
  );
}
