import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { Notification } from '../../../../contract/people/notification.ts';
import { useMay } from '../../../live/use-may.ts';
import { useList } from '../../../live/use-view.ts';
import { gravestFirst, noteTone } from '../../../models/people/notes.ts';
import { dataOf } from '../../../models/base/view.ts';
import { ActionDialog } from '../../../parts/change.tsx';
import { State } from '../../../parts/icon.tsx';
import { Empty, Section, Shown } from '../../../parts/page.tsx';
import { Ago } from '../../../parts/time.tsx';
import { EN } from '../../../texts/en.ts';

const TEXTS = EN.notes;

/** Notes for the user who is logged in. `isQuiet`: renders nothing if there is no note. */
export function MyNotes({ isQuiet = false }: { readonly isQuiet?: boolean }): JSX.Element {
  const [open, setOpen] = useState<Notification | null>(null);
  const notes = useList('notification.list', {}, { nouns: ['notification'] });
  const isNone = dataOf(notes.view)?.length === 0;
  const shown = (
    <Shown view={notes.view}>
      {(rows) => (rows.length === 0 ? <Empty text={TEXTS.noneMine} /> : <NoteItems notes={rows} onDismiss={setOpen} />)}
    </Shown>
  );
  return (
    <>
      {!isQuiet && <Section title={TEXTS.mine}>{shown}</Section>}
      {isQuiet && notes.view.kind === 'loading' && shown}
      {isQuiet && notes.view.kind !== 'loading' && !isNone && <Section title={TEXTS.title}>{shown}</Section>}
      {open !== null && (
        <ActionDialog
          title={TEXTS.dismissOne(open.id)}
          text={TEXTS.dismissText}
          id="notification.dismiss"
          input={{ params: { notification: String(open.id) } }}
          cli={`regent notification dismiss ${open.id}`}
          onClose={() => setOpen(null)}
        />
      )}
    </>
  );
}

function NoteItems(props: {
  readonly notes: readonly Notification[];
  readonly onDismiss: (note: Notification) => void;
}): JSX.Element {
  const may = useMay();
  return (
    <ul class="notes">
      {gravestFirst(props.notes).map((note) => (
        <li key={note.id} class={noteTone(note.category)}>
          <p>
            <State tone={noteTone(note.category)} label={TEXTS.categories[note.category]} />{' '}
            <span class="note-text">{note.text ?? note.message}</span>
          </p>
          <p class="faint">
            <Ago at={note.createdAt} />
            {!note.dismissable && ` · ${TEXTS.stays}`}
          </p>
          {may.own && note.dismissable && (
            <button
              type="button"
              class="small"
              aria-label={TEXTS.dismissOne(note.id)}
              onClick={() => props.onDismiss(note)}
            >
              {TEXTS.dismiss}
            </button>
          )}
        </li>
      ))}
    </ul>
  );
}
