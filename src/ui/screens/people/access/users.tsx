import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { type Role, ROLE_NAMES, type User } from '../../../models/people/access.ts';
import { useMay } from '../../../live/use-may.ts';
import { useList } from '../../../live/use-view.ts';
import { Button } from '../../../parts/button.tsx';
import { ActionDialog } from '../../../parts/change.tsx';
import { type FormField, FormDialog, given } from '../../../parts/form.tsx';
import { agoColumn } from '../../../parts/kinds.tsx';
import { MainList } from '../../../parts/main-list.tsx';
import { Page } from '../../../parts/page.tsx';
import { actionColumn } from '../../../parts/row-actions.tsx';
import type { Column } from '../../../parts/table.tsx';
import { WithCurrent } from '../../../parts/with-current.tsx';
import { CLI } from '../../../texts/base/cli.ts';
import { LATE as EN } from '../../../texts/late.ts';

const TEXTS = EN.access.users;
const CHOICES = ROLE_NAMES.map((role) => [role, TEXTS.roles[role]] as const);

const COLUMNS: readonly Column<User>[] = [
  { id: 'name', head: TEXTS.columns.name, value: (row) => row.name },
  { id: 'role', head: TEXTS.columns.role, value: (row) => row.role },
  { id: 'email', head: TEXTS.columns.email, value: (row) => row.email, isMinor: true },
  {
    id: 'password',
    head: TEXTS.columns.password,
    value: (row) => (row.hasPassword ? TEXTS.hasPassword : TEXTS.noPassword),
    isMinor: true,
  },
  agoColumn('created', TEXTS.columns.created, (row) => row.createdAt, { isMinor: true }),
];

type UserDialogState =
  | { readonly kind: 'create' }
  | { readonly kind: 'set' | 'password' | 'remove'; readonly user: User };

/** Users and their roles. */
export function Users(): JSX.Element {
  const may = useMay();
  const [open, setOpen] = useState<UserDialogState | null>(null);
  const users = useList('user.list', {}, { nouns: ['user'] });
  const actions = actionColumn<User>(
    EN.access.actions,
    (row) => row.name,
    (user) => [
      { label: TEXTS.set, run: () => setOpen({ kind: 'set', user }) },
      { label: TEXTS.password, run: () => setOpen({ kind: 'password', user }) },
      { label: TEXTS.remove, run: () => setOpen({ kind: 'remove', user }) },
    ],
  );
  return (
    <Page
      title={TEXTS.title}
      cli={CLI.users}
      actions={may.administer && <Button onClick={() => setOpen({ kind: 'create' })}>{TEXTS.create}</Button>}
    >
      <MainList
        view={users.view}
        texts={TEXTS}
        columns={may.administer ? [...COLUMNS, actions] : COLUMNS}
        keyOf={(row) => row.name}
      />
      {open !== null && <UserDialog open={open} onClose={() => setOpen(null)} />}
    </Page>
  );
}

function UserDialog({ open, onClose }: { readonly open: UserDialogState; readonly onClose: () => void }): JSX.Element {
  if (open.kind === 'create') return <CreateUser onClose={onClose} />;
  const { name } = open.user;
  const params = { user: name };
  if (open.kind === 'password') return <PasswordDialog user={name} onClose={onClose} />;
  if (open.kind === 'remove')
    return (
      <ActionDialog
        title={`${TEXTS.remove} ${name}`}
        text={TEXTS.removeText(name)}
        id="user.delete"
        input={{ params }}
        cli={`regent user delete ${name}`}
        confirm={name}
        onClose={onClose}
      />
    );
  const title = `${TEXTS.set} ${name}`;
  return (
    <WithCurrent id="user.show" input={{ params }} title={title} onClose={onClose}>
      {({ body, etag }, changed) => (
        <FormDialog
          title={title}
          id="user.set"
          ifMatch={etag}
          changed={changed}
          fields={[
            { name: 'role', label: TEXTS.fields.role, kind: 'choice', choices: CHOICES, initial: body.role },
            { name: 'email', label: TEXTS.fields.email, initial: body.email, isOptional: true },
          ]}
          input={(values) => ({ params, body: { role: values['role'] as Role, email: values['email'] ?? '' } })}
          cli={(values) => `regent user set ${name} --role ${values['role']}`}
          onClose={onClose}
        />
      )}
    </WithCurrent>
  );
}

function CreateUser({ onClose }: { readonly onClose: () => void }): JSX.Element {
  const fields: readonly FormField[] = [
    { name: 'name', label: TEXTS.fields.name, help: TEXTS.nameHelp },
    { name: 'role', label: TEXTS.fields.role, kind: 'choice', choices: CHOICES, initial: 'operator' },
    { name: 'email', label: TEXTS.fields.email, isOptional: true },
    { name: 'password', label: TEXTS.fields.password, kind: 'password', help: TEXTS.passwordHelp, isOptional: true },
  ];
  return (
    <FormDialog
      title={TEXTS.create}
      id="user.create"
      fields={fields}
      input={(values) => ({
        body: {
          name: values['name'] ?? '',
          role: values['role'] as Role,
          ...given(values, 'email'),
          ...given(values, 'password'),
        },
      })}
      cli={(values) => `regent user create ${values['name'] || 'NAME'} --role ${values['role']}`}
      onClose={onClose}
    />
  );
}

/** Sets a password. A user who is no admin also enters the old one. */
export function PasswordDialog({
  user,
  onClose,
}: {
  readonly user: string;
  readonly onClose: () => void;
}): JSX.Element {
  const may = useMay();
  const fields: readonly FormField[] = [
    { name: 'password', label: TEXTS.fields.password, kind: 'password', help: TEXTS.passwordGone, isOptional: true },
    ...(may.administer
      ? []
      : ([
          { name: 'current', label: TEXTS.fields.current, kind: 'password', help: TEXTS.currentHelp, isOptional: true },
        ] as const)),
  ];
  return (
    <FormDialog
      title={`${TEXTS.password}: ${user}`}
      id="user.set-password"
      fields={fields}
      input={(values) => ({
        params: { user },
        body: { password: values['password'] || null, ...given(values, 'current') },
      })}
      cli={(values) => `regent user password ${user}${values['password'] ? '' : ' --remove'}`}
      onClose={onClose}
    />
  );
}
