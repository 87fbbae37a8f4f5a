import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { RouteInput, RouteOutput } from '../../../contract/routes.ts';
import { useMay } from '../../live/use-may.ts';
import { useView } from '../../live/use-view.ts';
import { sizeText } from '../../models/base/size.ts';
import { fieldOf, isLaid, LAYOUTS, layOutOf, layOutOptions } from '../../models/machines/storage-form.ts';
import { jsonOr } from '../../models/base/typed.ts';
import { Button } from '../../parts/button.tsx';
import { ActionDialog } from '../../parts/change.tsx';
import { FormDialog, type FormField } from '../../parts/form.tsx';
import { Empty, Section, Shown } from '../../parts/page.tsx';
import { type Column, Table } from '../../parts/table.tsx';
import { LATE as EN } from '../../texts/late.ts';

const TEXTS = EN.machines.storage;
type Laid = RouteOutput<'storage.show'>;
type Device = Laid['devices'][number];

const COLUMNS: readonly Column<Device>[] = [
  { id: 'name', head: TEXTS.columns.name, value: (row) => row.name },
  { id: 'kind', head: TEXTS.columns.kind, value: (row) => row.kind },
  {
    id: 'size',
    head: TEXTS.columns.size,
    value: (row) => row.bytes,
    cell: (row) => sizeText(row.bytes),
    isNumber: true,
  },
  {
    id: 'free',
    head: TEXTS.columns.free,
    value: (row) => row.freeBytes,
    cell: (row) => sizeText(row.freeBytes),
    isNumber: true,
    isMinor: true,
  },
  { id: 'on', head: TEXTS.columns.on, value: (row) => row.on },
  { id: 'tags', head: TEXTS.columns.tags, value: (row) => row.tags.join(', '), isMinor: true },
];

const LAYOUT_FIELDS: readonly FormField[] = [
  { name: fieldOf('layout'), label: TEXTS.layout, kind: 'choice', choices: LAYOUTS.map((one) => [one, one] as const) },
  { name: fieldOf('root'), label: TEXTS.root, help: TEXTS.rootHelp, isOptional: true },
  { name: fieldOf('bootBytes'), label: TEXTS.boot, help: TEXTS.bootHelp, kind: 'number', isOptional: true },
  ...(['group', 'volume', 'volumeBytes'] as const).map(
    (member): FormField => ({
      name: fieldOf(member),
      label: TEXTS[member],
      help: TEXTS[`${member}Help`],
      isOptional: true,
      isShown: (values) => isLaid(member, values),
    }),
  ),
];

/** How the disks of a machine are to be laid out. */
export function Storage({ machine, name }: { readonly machine: string; readonly name: string }): JSX.Element {
  const may = useMay();
  const laid = useView('storage.show', { params: { machine } }, { nouns: ['machine', 'machine-inventory'] });
  const [open, setOpen] = useState<'lay-out' | 'change' | 'reset' | null>(null);
  const close = () => setOpen(null);
  const params = { machine };
  return (
    <Section title={TEXTS.title}>
      <Shown view={laid.view}>{(data) => <Devices laid={data} />}</Shown>
      {may.operate && (
        <div class="actions">
          <Button onClick={() => setOpen('lay-out')}>{TEXTS.layOut}</Button>
          <Button onClick={() => setOpen('change')}>{TEXTS.change}</Button>
          <Button onClick={() => setOpen('reset')}>{TEXTS.reset}</Button>
        </div>
      )}
      {open === 'lay-out' && (
        <FormDialog
          title={`${TEXTS.layOut} ${name}`}
          text={TEXTS.layOutText}
          id="storage.change"
          fields={LAYOUT_FIELDS}
          input={(values) => ({ params, body: { changes: [layOutOf(values)] } }) as RouteInput<'storage.change'>}
          cli={(values) => `regent storage lay-out ${name}${layOutOptions(values)}`}
          onClose={close}
        />
      )}
      {open === 'change' && (
        <FormDialog
          title={`${TEXTS.change} ${name}`}
          text={TEXTS.changeText}
          id="storage.change"
          fields={[{ name: 'changes', label: TEXTS.changes, kind: 'area', help: TEXTS.changesHelp }]}
          input={({ changes = '' }) => ({ params, body: { changes: jsonOr(changes) } }) as RouteInput<'storage.change'>}
          cli={() => `regent storage change ${name} @changes.json`}
          onClose={close}
        />
      )}
      {open === 'reset' && (
        <ActionDialog
          title={`${TEXTS.reset}: ${name}`}
          text={TEXTS.resetText(name)}
          id="storage.reset"
          input={{ params }}
          cli={`regent storage reset ${name}`}
          onClose={close}
        />
      )}
    </Section>
  );
}

function Devices({ laid }: { readonly laid: Laid }): JSX.Element {
  return (
    <>
      {laid.storage.isUsual && <p class="faint">{TEXTS.usual}</p>}
      {laid.problem !== null && (
        <p class="waiting">
          {TEXTS.problem}: {laid.problem}
        </p>
      )}
      {laid.devices.length === 0 ? (
        <Empty text={TEXTS.none} />
      ) : (
        <Table name={TEXTS.title} rows={laid.devices} columns={COLUMNS} keyOf={(row) => `${row.kind} ${row.name}`} />
      )}
    </>
  );
}
