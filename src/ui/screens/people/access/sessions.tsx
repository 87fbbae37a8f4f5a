import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { Session } from '../../../../contract/people/session.ts';
import { useMay } from '../../../live/use-may.ts';
import { useList } from '../../../live/use-view.ts';
import { browserName } from '../../../models/people/access.ts';
import { stamp } from '../../../models/base/time.ts';
import { Button } from '../../../parts/button.tsx';
import { ActionDialog } from '../../../parts/change.tsx';
import { agoColumn } from '../../../parts/kinds.tsx';
import { MainList } from '../../../parts/main-list.tsx';
import { Page } from '../../../parts/page.tsx';
import { actionColumn } from '../../../parts/row-actions.tsx';
import type { Column } from '../../../parts/table.tsx';
import { CLI } from '../../../texts/base/cli.ts';
import { LATE as EN } from '../../../texts/late.ts';
import { PasswordDialog } from './users.tsx';

const TEXTS = EN.access.sessions;
const howOf = (row: Session) =>
  [
    row.apiKey === null ? TEXTS.byPassword : TEXTS.byKey(row.apiKey),
    ...(row.isReadOnly ? [TEXTS.wall] : []),
    ...(row.isCurrent ? [TEXTS.own] : []),
  ].join(', ');

const COLUMNS: readonly Column<Session>[] = [
  { id: 'user', head: TEXTS.columns.user, value: (row) => row.user },
  { id: 'address', head: TEXTS.columns.address, value: (row) => row.address },
  {
    id: 'agent',
    head: TEXTS.columns.agent,
    value: (row) => browserName(row.agent),
    cell: (row) => <span title={row.agent}>{browserName(row.agent)}</span>,
    isMinor: true,
  },
  { id: 'how', head: TEXTS.columns.how, value: howOf },
  agoColumn('created', TEXTS.columns.created, (row) => row.createdAt, { isMinor: true }),
  agoColumn('seen', TEXTS.columns.seen, (row) => row.seenAt, { isMinor: true }),
  {
    id: 'expires',
    head: TEXTS.columns.expires,
    value: (row) => row.expiresAt,
    cell: (row) => stamp(row.expiresAt),
    isMinor: true,
  },
];

/** Browsers that are logged in: all for who keeps the site, else the own ones. */
export function Sessions(): JSX.Element {
  const may = useMay();
  const [open, setOpen] = useState<'password' | Session | null>(null);
  const sessions = useList('session.list', {}, { nouns: ['session', 'user'], everyMs: 15_000 });
  const actions = actionColumn<Session>(
    EN.access.actions,
    (row) => `${row.user}, ${row.address}, ${row.id.slice(0, 6)}`,
    (row) => [{ label: TEXTS.end, run: () => setOpen(row) }],
  );
  return (
    <Page
      title={TEXTS.title}
      cli={CLI.sessions}
      actions={may.own && <Button onClick={() => setOpen('password')}>{EN.access.users.password}</Button>}
    >
      <MainList
        view={sessions.view}
        texts={TEXTS}
        columns={may.own ? [...COLUMNS, actions] : COLUMNS}
        keyOf={(row) => row.id}
      />
      {open === 'password' && <PasswordDialog user={may.user} onClose={() => setOpen(null)} />}
      {open !== null && open !== 'password' && (
        <ActionDialog
          title={`${TEXTS.end}: ${open.user}`}
          text={TEXTS.endText(open.user)}
          id="session.end"
          input={{ params: { session: open.id } }}
          cli={`regent session end ${open.id}`}
          onClose={() => setOpen(null)}
        />
      )}
    </Page>
  );
}
