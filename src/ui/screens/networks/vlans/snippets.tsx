import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { RouteOutput } from '../../../../contract/routes.ts';
import { useMay } from '../../../live/use-may.ts';
import { useList } from '../../../live/use-view.ts';
import { mapView } from '../../../models/base/view.ts';
import { Button } from '../../../parts/button.tsx';
import { ActionDialog } from '../../../parts/change.tsx';
import { FormDialog } from '../../../parts/form.tsx';
import { stateColumn } from '../../../parts/kinds.tsx';
import { SectionList } from '../../../parts/main-list.tsx';
import { Section } from '../../../parts/page.tsx';
import { actionColumn } from '../../../parts/row-actions.tsx';
import type { Column } from '../../../parts/table.tsx';
import { WithCurrent } from '../../../parts/with-current.tsx';
import { LATE as EN } from '../../../texts/late.ts';

const TEXTS = EN.networks.snippets;
type Snippet = RouteOutput<'dhcp-snippet.list'>['items'][number];
const enabledText = (row: Snippet) => (row.enabled ? EN.networks.vlans.yes : EN.networks.vlans.no);

const COLUMNS: readonly Column<Snippet>[] = [
  { id: 'name', head: TEXTS.columns.name, value: (row) => row.name },
  { id: 'scope', head: TEXTS.columns.scope, value: (row) => row.scope },
  stateColumn('enabled', TEXTS.columns.enabled, { label: enabledText, tone: (row) => (row.enabled ? 'ok' : 'off') }),
  { id: 'comment', head: TEXTS.columns.comment, value: (row) => row.comment, isMinor: true },
];

type SnippetDialogState = 'create' | { readonly kind: 'set' | 'remove'; readonly row: Snippet };

/** Fragments of Kea's configuration for clients of a VLAN. `scopes`: whom a snippet may be for to stand here; `first`: that of a new one. */
export function Snippets(props: { readonly scopes: readonly string[]; readonly first: string }): JSX.Element {
  const may = useMay();
  const [open, setOpen] = useState<SnippetDialogState | null>(null);
  const snippets = useList('dhcp-snippet.list', {}, { nouns: ['dhcp-snippet', 'subnet'] });
  const actions = actionColumn<Snippet>(
    EN.networks.actions,
    (row) => row.name,
    (row) => [
      { label: TEXTS.set, run: () => setOpen({ kind: 'set', row }) },
      { label: TEXTS.remove, run: () => setOpen({ kind: 'remove', row }) },
    ],
  );
  return (
    <Section title={TEXTS.title}>
      <SectionList
        view={mapView(snippets.view, (rows) => rows.filter((row) => props.scopes.includes(row.scope)))}
        texts={TEXTS}
        columns={may.operate ? [...COLUMNS, actions] : COLUMNS}
        keyOf={(row) => row.name}
      />
      {may.operate && (
        <p>
          <Button onClick={() => setOpen('create')}>{TEXTS.create}</Button>
        </p>
      )}
      {open !== null && <SnippetDialog open={open} first={props.first} onClose={() => setOpen(null)} />}
    </Section>
  );
}

function SnippetDialog(props: {
  readonly open: SnippetDialogState;
  readonly first: string;
  readonly onClose: () => void;
}): JSX.Element {
  const { open, onClose } = props;
  if (open === 'create') return <SnippetForm row={null} etag={null} first={props.first} onClose={onClose} />;
  const { name } = open.row;
  const params = { dhcp_snippet: name };
  if (open.kind === 'remove')
    return (
      <ActionDialog
        title={`${TEXTS.remove} ${name}`}
        text={TEXTS.removeText(name)}
        id="dhcp-snippet.delete"
        input={{ params }}
        cli={`regent dhcp-snippet delete ${name}`}
        onClose={onClose}
      />
    );
  return (
    <WithCurrent id="dhcp-snippet.show" input={{ params }} title={`${TEXTS.set} ${name}`} onClose={onClose}>
      {({ body, etag }, changed) => (
        <SnippetForm row={body} etag={etag} changed={changed} first={props.first} onClose={onClose} />
      )}
    </WithCurrent>
  );
}

function SnippetForm(props: {
  readonly row: Snippet | null;
  readonly etag: string | null;
  readonly changed?: JSX.Element;
  readonly first: string;
  readonly onClose: () => void;
}): JSX.Element {
  const { row, onClose } = props;
  const fields = [
    { name: 'scope', label: TEXTS.fields.scope, initial: row?.scope ?? props.first, help: TEXTS.scopeHelp },
    { name: 'text', label: TEXTS.fields.text, kind: 'area', initial: row?.text ?? '' },
    { name: 'comment', label: TEXTS.fields.comment, initial: row?.comment ?? '', isOptional: true },
    { name: 'enabled', label: TEXTS.fields.enabled, kind: 'check', initial: row?.enabled === false ? '' : 'yes' },
  ] as const;
  const bodyOf = (values: Readonly<Record<string, string>>) => ({
    scope: values['scope'] ?? '',
    text: values['text'] ?? '',
    comment: values['comment'] ?? '',
    enabled: values['enabled'] === 'yes',
  });
  if (row === null)
    return (
      <FormDialog
        title={TEXTS.create}
        id="dhcp-snippet.create"
        fields={[{ name: 'name', label: TEXTS.fields.name }, ...fields]}
        input={(values) => ({ body: { name: values['name'] ?? '', ...bodyOf(values) } })}
        cli={(values) =>
          `regent dhcp-snippet create ${values['name'] || 'NAME'} --scope ${values['scope']} --text @FILE`
        }
        onClose={onClose}
      />
    );
  return (
    <FormDialog
      title={`${TEXTS.set} ${row.name}`}
      id="dhcp-snippet.set"
      ifMatch={props.etag}
      changed={props.changed}
      fields={fields}
      input={(values) => ({ params: { dhcp_snippet: row.name }, body: bodyOf(values) })}
      cli={(values) => `regent dhcp-snippet set ${row.name} --enabled ${values['enabled'] ? 'on' : 'off'} --text @FILE`}
      onClose={onClose}
    />
  );
}
