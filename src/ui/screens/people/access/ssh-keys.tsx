import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { SshKey } from '../../../../contract/people/ssh-key.ts';
import { useMay } from '../../../live/use-may.ts';
import { useList } from '../../../live/use-view.ts';
import { Button } from '../../../parts/button.tsx';
import { ActionDialog } from '../../../parts/change.tsx';
import { FormDialog, given } from '../../../parts/form.tsx';
import { agoColumn } from '../../../parts/kinds.tsx';
import { MainList } from '../../../parts/main-list.tsx';
import { Page } from '../../../parts/page.tsx';
import { actionColumn } from '../../../parts/row-actions.tsx';
import type { Column } from '../../../parts/table.tsx';
import { CLI } from '../../../texts/base/cli.ts';
import { LATE as EN } from '../../../texts/late.ts';

const TEXTS = EN.access.sshKeys;
const nameOf = (row: SshKey) => row.comment || row.fingerprint;

const COLUMNS: readonly Column<SshKey>[] = [
  { id: 'comment', head: TEXTS.columns.comment, value: (row) => row.comment },
  { id: 'user', head: TEXTS.columns.user, value: (row) => row.user },
  { id: 'type', head: TEXTS.columns.type, value: (row) => row.type, isMinor: true },
  {
    id: 'fingerprint',
    head: TEXTS.columns.fingerprint,
    value: (row) => row.fingerprint,
    cell: (row) => <code>{row.fingerprint}</code>,
  },
  agoColumn('created', TEXTS.columns.created, (row) => row.createdAt, { isMinor: true }),
];

/** Public keys of SSH: machines that are deployed let their owner in. */
export function SshKeys(): JSX.Element {
  const may = useMay();
  const [open, setOpen] = useState<'create' | 'import' | SshKey | null>(null);
  const keys = useList('ssh-key.list', {}, { nouns: ['ssh-key', 'user'] });
  const close = () => setOpen(null);
  const owner = may.administer
    ? [{ name: 'user', label: TEXTS.fields.user, help: EN.access.keys.userHelp, isOptional: true } as const]
    : [];
  const actions = actionColumn<SshKey>(EN.access.actions, nameOf, (row) => [
    { label: TEXTS.remove, run: () => setOpen(row) },
  ]);
  return (
    <Page
      title={TEXTS.title}
      cli={CLI['ssh-keys']}
      actions={
        may.own && (
          <>
            <Button onClick={() => setOpen('create')}>{TEXTS.create}</Button>
            <Button onClick={() => setOpen('import')}>{TEXTS.import}</Button>
          </>
        )
      }
    >
      <MainList
        view={keys.view}
        texts={TEXTS}
        columns={may.own ? [...COLUMNS, actions] : COLUMNS}
        keyOf={(row) => String(row.id)}
      />
      {open === 'create' && (
        <FormDialog
          title={TEXTS.create}
          id="ssh-key.add"
          fields={[{ name: 'key', label: TEXTS.fields.key, kind: 'area', help: TEXTS.keyHelp }, ...owner]}
          input={(values) => ({ body: { key: (values['key'] ?? '').trim(), ...given(values, 'user') } })}
          cli={() => 'regent ssh-key add @~/.ssh/id_ed25519.pub'}
          onClose={close}
        />
      )}
      {open === 'import' && (
        <FormDialog
          title={TEXTS.import}
          id="ssh-key.import"
          fields={[{ name: 'source', label: TEXTS.fields.source, help: TEXTS.sourceHelp }, ...owner]}
          input={(values) => ({ body: { source: (values['source'] ?? '').trim(), ...given(values, 'user') } })}
          cli={(values) => `regent ssh-key import ${values['source']?.trim() || 'gh:NAME'}`}
          onClose={close}
        />
      )}
      {open !== null && typeof open !== 'string' && (
        <ActionDialog
          title={`${TEXTS.remove} ${nameOf(open)}`}
          text={TEXTS.removeText(nameOf(open))}
          id="ssh-key.delete"
          input={{ params: { sshKey: String(open.id) } }}
          cli={`regent ssh-key delete ${open.fingerprint}`}
          onClose={close}
        />
      )}
    </Page>
  );
}
