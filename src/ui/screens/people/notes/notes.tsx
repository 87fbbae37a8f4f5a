import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { Notification } from '../../../../contract/people/notification.ts';
import { useMay } from '../../../live/use-may.ts';
import { useList } from '../../../live/use-view.ts';
import { noteTone, readersOf } from '../../../models/people/notes.ts';
import { State } from '../../../parts/icon.tsx';
import { SectionList } from '../../../parts/main-list.tsx';
import { Page, Section } from '../../../parts/page.tsx';
import { actionColumn } from '../../../parts/row-actions.tsx';
import type { Column } from '../../../parts/table.tsx';
import { Ago } from '../../../parts/time.tsx';
import { CLI } from '../../../words/base/cli.ts';
import { EN } from '../../../words/en.ts';
import { NoteDialog, type NoteWork } from './note-dialog.tsx';
import { MyNotes } from './note-list.tsx';

const WORDS = EN.notes;

const COLUMNS: readonly Column<Notification>[] = [
  { id: 'id', head: WORDS.columns.id, value: (row) => row.id, isNumber: true },
  {
    id: 'category',
    head: WORDS.columns.category,
    value: (row) => row.category,
    cell: (row) => <State tone={noteTone(row.category)} word={WORDS.categories[row.category]} />,
  },
  {
    id: 'message',
    head: WORDS.columns.message,
    value: (row) => row.text ?? row.message,
    cell: (row) => <span class="note-text">{row.text ?? row.message}</span>,
  },
  { id: 'for', head: WORDS.columns.for, value: readersOf },
  {
    id: 'age',
    head: WORDS.columns.age,
    value: (row) => row.createdAt,
    cell: (row) => <Ago at={row.createdAt} />,
    isMinor: true,
  },
  {
    id: 'dismissable',
    head: WORDS.columns.dismissable,
    value: (row) => (row.dismissable ? WORDS.yes : WORDS.no),
    isMinor: true,
  },
  { id: 'ident', head: WORDS.columns.ident, value: (row) => row.ident ?? '', isMinor: true },
];

/** Notes for users: everybody sees their own, an admin writes those of all. */
export function Notes(): JSX.Element {
  const may = useMay();
  const [work, setWork] = useState<NoteWork | null>(null);
  return (
    <Page
      title={WORDS.title}
      cli={CLI.notes}
      actions={
        may.administer && (
          <button type="button" onClick={() => setWork({ verb: 'create' })}>
            {WORDS.create}
          </button>
        )
      }
    >
      <MyNotes />
      {may.administer && <AllNotes onWork={setWork} />}
      {work !== null && <NoteDialog work={work} onClose={() => setWork(null)} />}
    </Page>
  );
}

function AllNotes({ onWork }: { readonly onWork: (work: NoteWork) => void }): JSX.Element {
  const notes = useList('notification.list', { query: { all: true } }, { nouns: ['notification'] });
  const actions = actionColumn<Notification>(
    WORDS.do,
    (row) => String(row.id),
    (row) => [
      { word: WORDS.change, run: () => onWork({ verb: 'set', id: row.id }) },
      { word: WORDS.remove, run: () => onWork({ verb: 'delete', id: row.id }) },
    ],
  );
  return (
    <Section title={WORDS.all}>
      <SectionList
        view={notes.view}
        words={{ ...WORDS, title: WORDS.all }}
        columns={[...COLUMNS, actions]}
        keyOf={(row) => String(row.id)}
      />
    </Section>
  );
}
