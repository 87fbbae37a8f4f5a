import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { Token } from '../../../../contract/cluster/trust.ts';
import { useList } from '../../../live/use-view.ts';
import { admittedRoles, tokenTone } from '../../../models/cluster/trust.ts';
import { stamp } from '../../../models/base/time.ts';
import { Button } from '../../../parts/button.tsx';
import { ActionDialog } from '../../../parts/change.tsx';
import { FormDialog } from '../../../parts/form.tsx';
import { stateColumn } from '../../../parts/kinds.tsx';
import { MainList } from '../../../parts/main-list.tsx';
import { Page } from '../../../parts/page.tsx';
import { actionColumn } from '../../../parts/row-actions.tsx';
import type { Column } from '../../../parts/table.tsx';
import { CLI } from '../../../texts/base/cli.ts';
import { LATE as EN } from '../../../texts/late.ts';
import { Secret } from '../../base/secret.tsx';

const TEXTS = EN.access.tokens;
const rolesText = (row: Token) => admittedRoles(row, TEXTS);

const COLUMNS: readonly Column<Token>[] = [
  { id: 'id', head: TEXTS.columns.id, value: (row) => row.id, cell: (row) => <code>{row.id}</code> },
  { id: 'lets', head: TEXTS.columns.lets, value: rolesText },
  stateColumn('state', TEXTS.columns.state, { label: (row) => row.state, tone: tokenTone }),
  { id: 'by', head: TEXTS.columns.by, value: (row) => row.createdBy, isMinor: true },
  {
    id: 'expires',
    head: TEXTS.columns.expires,
    value: (row) => row.expiresAt,
    cell: (row) => stamp(row.expiresAt),
    isMinor: true,
  },
  { id: 'used', head: TEXTS.columns.used, value: (row) => row.usedBy ?? '', isMinor: true },
];

/** The page of join tokens. A token admits one host to the cluster. Only admins see this page. */
export function Tokens(): JSX.Element {
  const [open, setOpen] = useState<'create' | Token | null>(null);
  const tokens = useList('token.list', {}, { nouns: ['token', 'node'], everyMs: 15_000 });
  const close = () => setOpen(null);
  const actions = actionColumn<Token>(
    EN.access.actions,
    (row) => row.id,
    (row) => (row.state === 'open' ? [{ label: TEXTS.revoke, run: () => setOpen(row) }] : []),
  );
  return (
    <Page
      title={TEXTS.title}
      cli={CLI.tokens}
      actions={<Button onClick={() => setOpen('create')}>{TEXTS.create}</Button>}
    >
      <MainList view={tokens.view} texts={TEXTS} columns={[...COLUMNS, actions]} keyOf={(row) => row.id} />
      {open === 'create' && (
        <FormDialog
          title={TEXTS.create}
          id="token.create"
          fields={[
            { name: 'isRegion', label: TEXTS.fields.isRegion, kind: 'check', initial: 'yes' },
            { name: 'isRack', label: TEXTS.fields.isRack, kind: 'check' },
            { name: 'minutes', label: TEXTS.fields.minutes, kind: 'number', initial: '15' },
          ]}
          input={(values) => ({
            body: {
              isRegion: values['isRegion'] === 'yes',
              isRack: values['isRack'] === 'yes',
              minutes: Number(values['minutes']),
            },
          })}
          cli={(values) => `regent token create --role ${rolesOf(values)} --minutes ${values['minutes']}`}
          done={(created) => <Secret text={created.token} before={TEXTS.join} />}
          onClose={close}
        />
      )}
      {open !== null && open !== 'create' && (
        <ActionDialog
          title={`${TEXTS.revoke} ${open.id}`}
          text={TEXTS.revokeText(open.id)}
          id="token.revoke"
          input={{ params: { token: open.id } }}
          cli={`regent token revoke ${open.id}`}
          onClose={close}
        />
      )}
    </Page>
  );
}

/** The value of `--role`; `ROLE` until a role is chosen. */
function rolesOf(values: Readonly<Record<string, string>>): string {
  const roles = [...(values['isRegion'] ? ['region'] : []), ...(values['isRack'] ? ['rack'] : [])];
  return roles.join(',') || 'ROLE';
}
