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
import { LATE as EN } from '../../texts/late.ts';

const TEXTS = EN.machines.ignored;
type Ignored = RouteOutput<'ignored-machine.list'>['items'][number];

const COLUMNS: readonly Column<Ignored>[] = [
  { id: 'mac', head: TEXTS.columns.mac, value: (row) => row.mac },
  { id: 'hostname', head: TEXTS.columns.hostname, value: (row) => row.hostname },
  { id: 'by', head: TEXTS.columns.by, value: (row) => row.ignoredBy, isMinor: true },
  { id: 'at', head: TEXTS.columns.at, value: (row) => row.ignoredAt, cell: (row) => <Ago at={row.ignoredAt} /> },
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
          TEXTS.do,
          (row) => row.mac,
          (row) => [{ label: TEXTS.unignore, run: () => setOpen(row) }],
        ),
      ]
    : COLUMNS;
  return (
    <Section title={TEXTS.title}>
      <SectionList view={list.view} texts={TEXTS} columns={columns} keyOf={(row) => row.mac} />
      {open !== null && (
        <ActionDialog
          title={`${TEXTS.unignore}: ${open.mac}`}
          text={TEXTS.unignoreText(open.mac)}
          id="ignored-machine.delete"
          input={{ params: { mac: open.mac } }}
          cli={`regent machine unignore ${open.mac}`}
          onClose={() => setOpen(null)}
        />
      )}
    </Section>
  );
}
