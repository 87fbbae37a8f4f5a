import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { RouteOutput } from '../../../contract/routes.ts';
import { useMay } from '../../live/use-may.ts';
import { useList } from '../../live/use-view.ts';
import { ActionDialog } from '../../parts/change.tsx';
import { SectionList } from '../../parts/main-list.tsx';
import { Section } from '../../parts/page.tsx';
import { actionColumn } from '../../parts/row-actions.tsx';
import type { Column } from '../../parts/table.tsx';
import { Ago } from '../../parts/time.tsx';
import { EN } from '../../words/en.ts';

const WORDS = EN.machines.ignored;
type Ignored = RouteOutput<'ignored-machine.list'>['items'][number];

const COLUMNS: readonly Column<Ignored>[] = [
  { id: 'mac', head: WORDS.columns.mac, value: (row) => row.mac },
  { id: 'hostname', head: WORDS.columns.hostname, value: (row) => row.hostname },
  { id: 'by', head: WORDS.columns.by, value: (row) => row.ignoredBy, isMinor: true },
  { id: 'at', head: WORDS.columns.at, value: (row) => row.ignoredAt, cell: (row) => <Ago at={row.ignoredAt} /> },
];

/** Cards whose machines are left alone when they boot. */
export function IgnoredMachines(): JSX.Element {
  const may = useMay();
  const list = useList('ignored-machine.list', {}, { nouns: ['machine'] });
  const [open, setOpen] = useState<Ignored | null>(null);
  const columns = may.operate
    ? [
        ...COLUMNS,
        actionColumn<Ignored>(
          WORDS.do,
          (row) => row.mac,
          (row) => [{ word: WORDS.unignore, run: () => setOpen(row) }],
        ),
      ]
    : COLUMNS;
  return (
    <Section title={WORDS.title}>
      <SectionList view={list.view} words={WORDS} columns={columns} keyOf={(row) => row.mac} />
      {open !== null && (
        <ActionDialog
          title={`${WORDS.unignore}: ${open.mac}`}
          text={WORDS.unignoreText(open.mac)}
          id="ignored-machine.delete"
          input={{ params: { mac: open.mac } }}
          cli={`regent machine unignore ${open.mac}`}
          onClose={() => setOpen(null)}
        />
      )}
    </Section>
  );
}
