import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { Range } from '../../../../contract/networks/range.ts';
import { useMay } from '../../../live/use-may.ts';
import { useList } from '../../../live/use-view.ts';
import { runText } from '../../../models/networks/address-map.ts';
import { mapView } from '../../../models/base/view.ts';
import { Button } from '../../../parts/button.tsx';
import { ActionDialog } from '../../../parts/change.tsx';
import { FormDialog } from '../../../parts/form.tsx';
import { SectionList } from '../../../parts/main-list.tsx';
import { Section } from '../../../parts/page.tsx';
import { actionColumn } from '../../../parts/row-actions.tsx';
import type { Column } from '../../../parts/table.tsx';
import { WithCurrent } from '../../../parts/with-current.tsx';
import { LATE as EN } from '../../../texts/late.ts';

const TEXTS = EN.networks.ranges;
const KINDS = [
  ['dynamic', TEXTS.kinds.dynamic],
  ['reserved', TEXTS.kinds.reserved],
] as const;

const COLUMNS: readonly Column<Range>[] = [
  { id: 'range', head: TEXTS.columns.range, value: runText },
  { id: 'kind', head: TEXTS.columns.kind, value: (row) => row.kind },
  { id: 'size', head: TEXTS.columns.size, value: (row) => row.size, isNumber: true },
  { id: 'comment', head: TEXTS.columns.comment, value: (row) => row.comment, isMinor: true },
];

/** Ranges of some subnets, and how one makes and changes them. */
export function Ranges({ subnets }: { readonly subnets: readonly string[] }): JSX.Element {
  const may = useMay();
  const [open, setOpen] = useState<'create' | { readonly kind: 'set' | 'remove'; readonly row: Range } | null>(null);
  const ranges = useList('range.list', {}, { nouns: ['range', 'subnet'] });
  const actions = actionColumn<Range>(EN.networks.actions, runText, (row) => [
    { label: TEXTS.set, run: () => setOpen({ kind: 'set', row }) },
    { label: TEXTS.remove, run: () => setOpen({ kind: 'remove', row }) },
  ]);
  const close = () => setOpen(null);
  return (
    <Section title={TEXTS.title}>
      <SectionList
        view={mapView(ranges.view, (rows) => rows.filter((row) => subnets.includes(row.subnet)))}
        texts={TEXTS}
        columns={may.operate ? [...COLUMNS, actions] : COLUMNS}
        keyOf={(row) => String(row.id)}
      />
      {may.operate && subnets.length > 0 && (
        <p>
          <Button onClick={() => setOpen('create')}>{TEXTS.create}</Button>
        </p>
      )}
      {open === 'create' && <CreateRange subnets={subnets} onClose={close} />}
      {open !== null && open !== 'create' && open.kind === 'remove' && (
        <ActionDialog
          title={`${TEXTS.remove} ${runText(open.row)}`}
          text={TEXTS.removeText(runText(open.row))}
          id="range.delete"
          input={{ params: { range: String(open.row.id) } }}
          cli={`regent range delete ${open.row.first}-${open.row.last}`}
          onClose={close}
        />
      )}
      {open !== null && open !== 'create' && open.kind === 'set' && <SetRange row={open.row} onClose={close} />}
    </Section>
  );
}

function SetRange({ row, onClose }: { readonly row: Range; readonly onClose: () => void }): JSX.Element {
  const title = `${TEXTS.set} ${runText(row)}`;
  const params = { range: String(row.id) };
  return (
    <WithCurrent id="range.show" input={{ params }} title={title} onClose={onClose}>
      {({ body, etag }, changed) => (
        <FormDialog
          title={title}
          id="range.set"
          ifMatch={etag}
          changed={changed}
          fields={[
            { name: 'first', label: TEXTS.fields.first, initial: body.first },
            { name: 'last', label: TEXTS.fields.last, initial: body.last },
            { name: 'comment', label: TEXTS.fields.comment, initial: body.comment, isOptional: true },
          ]}
          input={(values) => ({
            params,
            body: { first: values['first'] ?? '', last: values['last'] ?? '', comment: values['comment'] ?? '' },
          })}
          cli={(values) =>
            `regent range set ${body.first}-${body.last} --first ${values['first']} --last ${values['last']}`
          }
          onClose={onClose}
        />
      )}
    </WithCurrent>
  );
}

function CreateRange(props: { readonly subnets: readonly string[]; readonly onClose: () => void }): JSX.Element {
  return (
    <FormDialog
      title={TEXTS.create}
      id="range.create"
      fields={[
        {
          name: 'subnet',
          label: EN.networks.subnets.columns.cidr,
          kind: 'choice',
          choices: props.subnets.map((cidr) => [cidr, cidr] as const),
          initial: props.subnets[0] ?? '',
        },
        { name: 'kind', label: TEXTS.columns.kind, kind: 'choice', choices: KINDS, initial: 'dynamic' },
        { name: 'first', label: TEXTS.fields.first },
        { name: 'last', label: TEXTS.fields.last },
        { name: 'comment', label: TEXTS.fields.comment, isOptional: true },
      ]}
      input={(values) => ({
        body: {
          subnet: values['subnet'] ?? '',
          kind: values['kind'] === 'reserved' ? ('reserved' as const) : ('dynamic' as const),
          first: values['first'] ?? '',
          last: values['last'] ?? '',
          comment: values['comment'] ?? '',
        },
      })}
      cli={(values) =>
        `regent range create ${values['first'] || 'FIRST'}-${values['last'] || 'LAST'} --kind ${values['kind']}`
      }
      onClose={props.onClose}
    />
  );
}
