import type { JSX } from 'preact';
import type { Domain } from '../../../contract/names/domain.ts';
import { useList } from '../../live/use-view.ts';
import { linkTo } from '../../models/base/address.ts';
import { RowLink } from '../../parts/button.tsx';
import { MainList } from '../../parts/main-list.tsx';
import { Page } from '../../parts/page.tsx';
import type { Column } from '../../parts/table.tsx';
import { CLI } from '../../texts/base/cli.ts';
import { LATE as EN } from '../../texts/late.ts';
import { NounButtons } from '../base/catalog/noun-buttons.tsx';
import { LookupTest } from './lookup.tsx';
import { Servers } from './servers.tsx';

const TEXTS = EN.dns.domains;
const linkOf = (row: Domain) => linkTo(['dns', 'domains', row.name]);

const COLUMNS: readonly Column<Domain>[] = [
  {
    id: 'name',
    head: TEXTS.columns.name,
    value: (row) => row.name,
    cell: (row) => (
      <>
        <RowLink href={linkOf(row)}>{row.name}</RowLink> {row.isDefault && <span class="faint">{TEXTS.isDefault}</span>}
      </>
    ),
  },
  { id: 'ttl', head: TEXTS.columns.ttl, value: (row) => row.ttl ?? TEXTS.byDefault, isNumber: true },
  { id: 'leases', head: TEXTS.columns.leases, value: (row) => (row.leaseNames ? TEXTS.yes : TEXTS.no), isMinor: true },
  { id: 'copies', head: TEXTS.columns.copies, value: (row) => row.transferTo.join(', '), isMinor: true },
];

/** Domains: each is served as a zone by every node that runs DNS. */
export function Domains(): JSX.Element {
  const domains = useList('domain.list', {}, { nouns: ['domain', 'setting'] });
  return (
    <Page title={TEXTS.title} cli={CLI.domains} actions={<NounButtons noun="domain" />}>
      <MainList view={domains.view} texts={TEXTS} columns={COLUMNS} keyOf={(row) => row.name} linkOf={linkOf} />
      <LookupTest />
      <Servers />
    </Page>
  );
}
