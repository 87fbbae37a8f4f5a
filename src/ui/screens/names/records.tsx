import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { RouteOutput } from '../../../contract/routes.ts';
import { useMay } from '../../live/use-may.ts';
import { useList } from '../../live/use-view.ts';
import { dataArgument, readTtl, RECORD_KINDS } from '../../models/names/dns.ts';
import { Button } from '../../parts/button.tsx';
import { ActionDialog } from '../../parts/change.tsx';
import { FormDialog } from '../../parts/form.tsx';
import { MainList } from '../../parts/main-list.tsx';
import { Page } from '../../parts/page.tsx';
import { actionColumn } from '../../parts/row-actions.tsx';
import type { Column } from '../../parts/table.tsx';
import { WithCurrent } from '../../parts/with-current.tsx';
import { CLI } from '../../texts/base/cli.ts';
import { LATE as EN } from '../../texts/late.ts';

const TEXTS = EN.dns.records;
type ListedRecord = RouteOutput<'record.list'>['items'][number];

const COLUMNS: readonly Column<ListedRecord>[] = [
  { id: 'fqdn', head: TEXTS.columns.fqdn, value: (row) => row.fqdn },
  { id: 'type', head: TEXTS.columns.type, value: (row) => row.type },
  { id: 'data', head: TEXTS.columns.data, value: (row) => row.data },
  {
    id: 'ttl',
    head: TEXTS.columns.ttl,
    value: (row) => row.ttl ?? EN.dns.domains.byDefault,
    isNumber: true,
    isMinor: true,
  },
];

type RecordDialogState = 'create' | { readonly kind: 'set' | 'remove'; readonly row: ListedRecord };

/** Records of all domains. */
export function RecordList(): JSX.Element {
  const may = useMay();
  const [isOpen, setOpen] = useState(false);
  return (
    <Page
      title={TEXTS.title}
      cli={CLI.records}
      actions={may.operate && <Button onClick={() => setOpen(true)}>{TEXTS.create}</Button>}
    >
      <Records />
      {isOpen && <RecordDialog open="create" onClose={() => setOpen(false)} />}
    </Page>
  );
}

/** Records, of one domain or of all, and what one does with them. */
export function Records({ domain }: { readonly domain?: string }): JSX.Element {
  const may = useMay();
  const [open, setOpen] = useState<RecordDialogState | null>(null);
  const query = domain === undefined ? {} : { query: { domain } };
  const records = useList('record.list', query, { nouns: ['record', 'domain'] });
  const actions = actionColumn<ListedRecord>(
    EN.dns.actions,
    (row) => `${row.fqdn} ${row.type} ${row.data}`,
    (row) => [
      { label: TEXTS.set, run: () => setOpen({ kind: 'set', row }) },
      { label: TEXTS.remove, run: () => setOpen({ kind: 'remove', row }) },
    ],
  );
  return (
    <>
      <MainList
        view={records.view}
        texts={TEXTS}
        columns={may.operate ? [...COLUMNS, actions] : COLUMNS}
        keyOf={(row) => String(row.id)}
      />
      {open !== null && <RecordDialog open={open} onClose={() => setOpen(null)} />}
    </>
  );
}

/** Makes, changes or deletes a record. `suffix`: the domain that a new one is in. */
export function RecordDialog(props: {
  readonly open: RecordDialogState;
  readonly suffix?: string;
  readonly onClose: () => void;
}): JSX.Element {
  const { open, onClose } = props;
  if (open === 'create') return <CreateRecord suffix={props.suffix ?? ''} onClose={onClose} />;
  const { row } = open;
  const [params, name] = [{ record: String(row.id) }, `${row.fqdn} ${row.type}`];
  if (open.kind === 'remove')
    return (
      <ActionDialog
        title={`${TEXTS.remove} ${name}`}
        text={TEXTS.removeText(`${name} ${row.data}`)}
        id="record.delete"
        input={{ params }}
        cli={`regent record delete ${name} ${dataArgument(row.data)}`}
        onClose={onClose}
      />
    );
  const title = `${TEXTS.set} ${name}`;
  return (
    <WithCurrent id="record.show" input={{ params }} title={title} onClose={onClose}>
      {({ body, etag }, changed) => (
        <FormDialog
          title={title}
          id="record.set"
          ifMatch={etag}
          changed={changed}
          fields={[
            { name: 'data', label: TEXTS.fields.data, initial: body.data },
            {
              name: 'ttl',
              label: TEXTS.fields.ttl,
              kind: 'number',
              initial: String(body.ttl ?? ''),
              help: EN.dns.domains.ttlHelp,
              isOptional: true,
            },
          ]}
          input={(values) => ({ params, body: { data: values['data'] ?? '', ttl: readTtl(values['ttl']) } })}
          cli={(values) => `regent record set ${name} --data ${dataArgument(values['data'] ?? '')}`}
          onClose={onClose}
        />
      )}
    </WithCurrent>
  );
}

function CreateRecord({ suffix, onClose }: { readonly suffix: string; readonly onClose: () => void }): JSX.Element {
  return (
    <FormDialog
      title={TEXTS.create}
      id="record.create"
      fields={[
        { name: 'fqdn', label: TEXTS.fields.fqdn, initial: suffix, help: TEXTS.fqdnHelp },
        {
          name: 'type',
          label: TEXTS.fields.type,
          kind: 'choice',
          choices: RECORD_KINDS.map((kind) => [kind, kind] as const),
          initial: 'A',
        },
        { name: 'data', label: TEXTS.fields.data },
        { name: 'ttl', label: TEXTS.fields.ttl, kind: 'number', help: EN.dns.domains.ttlHelp, isOptional: true },
      ]}
      input={(values) => ({
        body: {
          fqdn: values['fqdn'] ?? '',
          type: values['type'] ?? '',
          data: values['data'] ?? '',
          ttl: readTtl(values['ttl']),
        },
      })}
      cli={(values) =>
        `regent record create ${values['fqdn'] || 'NAME'} ${values['type']} ${dataArgument(values['data'] || 'DATA')}`
      }
      onClose={onClose}
    />
  );
}
