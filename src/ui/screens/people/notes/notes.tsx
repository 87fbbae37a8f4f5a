import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { Notification } from '../../../../contract/people/notification.ts';
import { useMay } from '../../../live/use-may.ts';
import { useList } from '../../../live/use-view.ts';
import { noteTone, readersOf } from '../../../models/people/notes.ts';
import { Button } from '../../../parts/button.tsx';
import { State } from '../../../parts/icon.tsx';
import { agoColumn } from '../../../parts/kinds.tsx';
import { SectionList } from '../../../parts/main-list.tsx';
import { Page, Section } from '../../../parts/page.tsx';
import { actionColumn } from '../../../parts/row-actions.tsx';
import type { Column } from '../../../parts/table.tsx';
import { CLI } from '../../../texts/base/cli.ts';
import { EN } from '../../../texts/en.ts';
import { NoteDialog, type NoteWork } from './note-dialog.tsx';
import { MyNotes } from './note-list.tsx';

const TEXTS = EN.notes;

const COLUMNS: readonly Column<Notification>[] = [
  { id: 'id', head: TEXTS.columns.id, value: (row) => row.id, isNumber: true },
  {
    id: 'category',
    head: TEXTS.columns.category,
    value: (row) => row.category,
    cell: (row) => <State tone={noteTone(row.category)} label={TEXTS.categories[row.category]} />,
  },
  {
    id: 'message',
    head: TEXTS.columns.message,
    value: (row) => row.text ?? row.message,
    cell: (row) => <span class="note-text">{row.text ?? row.message}</span>,
  },
  { id: 'for', head: TEXTS.columns.for, value: readersOf },
  agoColumn('age', TEXTS.columns.age, (row) => row.createdAt, { isMinor: true }),
  {
    id: 'dismissable',
    head: TEXTS.columns.dismissable,
    value: (row) => (row.dismissable ? TEXTS.yes : TEXTS.no),
    isMinor: true,
  },
  { id: 'ident', head: TEXTS.columns.ident, value: (row) => row.ident ?? '', isMinor: true },
];

/** Notes for users: everybody sees their own, an admin writes those of all. */
export function Notes(): JSX.Element {
  const may = useMay();
  const [work, setWork] = useState<NoteWork | null>(null);
  return (
    <Page
      title={TEXTS.title}
      cli={CLI.notes}
      actions={may.administer && <Button onClick={() => setWork({ verb: 'create' })}>{TEXTS.create}</Button>}
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
    TEXTS.do,
    (row) => String(row.id),
    (row) => [
      { label: TEXTS.change, run: () => onWork({ verb: 'set', id: row.id }) },
      { label: TEXTS.remove, run: () => onWork({ verb: 'delete', id: row.id }) },
    ],
  );
  return (
    <Section title={TEXTS.all}>
      <SectionList
        view={notes.view}
        texts={{ ...TEXTS, title: TEXTS.all }}
        columns={[...COLUMNS, actions]}
        keyOf={(row) => String(row.id)}
      />
    </Section>
  );
}
