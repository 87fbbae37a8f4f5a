import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { ApiKey } from '../../../../contract/people/user.ts';
import { useLive } from '../../../live/live.ts';
import { useMay } from '../../../live/use-may.ts';
import { useList } from '../../../live/use-view.ts';
import { afterDays } from '../../../models/people/access.ts';
import { stamp } from '../../../models/base/time.ts';
import { Button } from '../../../parts/button.tsx';
import { ActionDialog } from '../../../parts/change.tsx';
import { FormDialog, given } from '../../../parts/form.tsx';
import { agoColumn } from '../../../parts/kinds.tsx';
import { MainList } from '../../../parts/main-list.tsx';
import { Page } from '../../../parts/page.tsx';
import { actionColumn } from '../../../parts/row-actions.tsx';
import type { Column } from '../../../parts/table.tsx';
import { Ago } from '../../../parts/time.tsx';
import { CLI } from '../../../texts/base/cli.ts';
import { LATE as EN } from '../../../texts/late.ts';
import { Secret } from '../../base/secret.tsx';

const TEXTS = EN.access.keys;
const EVERY_MS = 60_000;

const COLUMNS: readonly Column<ApiKey>[] = [
  { id: 'label', head: TEXTS.columns.label, value: (row) => row.label },
  { id: 'user', head: TEXTS.columns.user, value: (row) => row.user },
  {
    id: 'token',
    head: TEXTS.columns.token,
    value: (row) => row.token,
    cell: (row) => <code>{row.token}</code>,
    isMinor: true,
  },
  { id: 'used', head: TEXTS.columns.used, value: (row) => row.usedAt, cell: (row) => <Ago at={row.usedAt} /> },
  {
    id: 'expires',
    head: TEXTS.columns.expires,
    value: (row) => row.expiresAt,
    cell: (row) => (row.expiresAt === null ? EN.never : stamp(row.expiresAt)),
    isMinor: true,
  },
  agoColumn('created', TEXTS.columns.created, (row) => row.createdAt, { isMinor: true }),
];

type ApiKeyDialogState = 'create' | { readonly kind: 'rename' | 'revoke'; readonly row: ApiKey };

/** API keys: all for who keeps the site, else the own ones. */
export function Keys(): JSX.Element {
  const may = useMay();
  const [open, setOpen] = useState<ApiKeyDialogState | null>(null);
  const keys = useList('api-key.list', {}, { nouns: ['api-key', 'user'], everyMs: EVERY_MS });
  const actions = actionColumn<ApiKey>(
    EN.access.actions,
    (row) => row.label,
    (row) => [
      { label: TEXTS.rename, run: () => setOpen({ kind: 'rename', row }) },
      { label: TEXTS.revoke, run: () => setOpen({ kind: 'revoke', row }) },
    ],
  );
  return (
    <Page
      title={TEXTS.title}
      cli={CLI.keys}
      actions={may.own && <Button onClick={() => setOpen('create')}>{TEXTS.create}</Button>}
    >
      <MainList
        view={keys.view}
        texts={TEXTS}
        columns={may.own ? [...COLUMNS, actions] : COLUMNS}
        keyOf={(row) => row.token}
      />
      {open !== null && <KeyDialog open={open} onClose={() => setOpen(null)} />}
    </Page>
  );
}

function KeyDialog({ open, onClose }: { readonly open: ApiKeyDialogState; readonly onClose: () => void }): JSX.Element {
  if (open === 'create') return <CreateKey onClose={onClose} />;
  const { label, token } = open.row;
  if (open.kind === 'revoke')
    return (
      <ActionDialog
        title={`${TEXTS.revoke} ${label}`}
        text={TEXTS.revokeText(label)}
        id="api-key.revoke"
        input={{ params: { apiKey: token } }}
        cli={`regent api-key revoke ${token}`}
        onClose={onClose}
      />
    );
  return (
    <FormDialog
      title={`${TEXTS.rename} ${label}`}
      id="api-key.set"
      fields={[{ name: 'label', label: TEXTS.fields.label, initial: label }]}
      input={(values) => ({ params: { apiKey: token }, body: { label: values['label'] ?? '' } })}
      cli={(values) => `regent api-key set ${token} --title '${values['label']}'`}
      onClose={onClose}
    />
  );
}

function CreateKey({ onClose }: { readonly onClose: () => void }): JSX.Element {
  const may = useMay();
  const { now } = useLive();
  const [from] = useState(() => now.value);
  return (
    <FormDialog
      title={TEXTS.create}
      id="api-key.create"
      fields={[
        { name: 'label', label: TEXTS.fields.label, help: TEXTS.labelHelp },
        ...(may.administer
          ? [{ name: 'user', label: TEXTS.fields.user, noun: 'user', help: TEXTS.userHelp, isOptional: true } as const]
          : []),
        { name: 'expiresAt', label: TEXTS.fields.days, kind: 'number', help: TEXTS.daysHelp, isOptional: true },
      ]}
      // The preview and the change have the same expiry, to the second.
      input={(values) => ({
        body: {
          label: values['label'] ?? '',
          ...given(values, 'user'),
          expiresAt: afterDays(values['expiresAt'] ?? '', from),
        },
      })}
      cli={(values) =>
        `regent api-key create '${values['label'] || 'TITLE'}'${values['expiresAt'] ? ` --expires ${values['expiresAt']}d` : ''}`
      }
      done={(made) => <Secret text={made.key} />}
      onClose={onClose}
    />
  );
}
