import type { JSX } from 'preact';
import type { Domain } from '../../../contract/names/domain.ts';
import { useList } from '../../live/use-view.ts';
import { linkTo } from '../../models/base/address.ts';
import { MainList } from '../../parts/main-list.tsx';
import { Page } from '../../parts/page.tsx';
import type { Column } from '../../parts/table.tsx';
import { CLI } from '../../words/base/cli.ts';
import { EN } from '../../words/en.ts';
import { NounButtons } from '../base/catalog/noun-buttons.tsx';
import { LookupTest } from './lookup.tsx';
import { Servers } from './servers.tsx';

const WORDS = EN.dns.domains;
const linkOf = (row: Domain) => linkTo(['dns', 'domains', row.name]);

const COLUMNS: readonly Column<Domain>[] = [
  {
    id: 'name',
    head: WORDS.columns.name,
    value: (row) => row.name,
    cell: (row) => (
      <>
        <a href={linkOf(row)} tabIndex={-1}>
          {row.name}
        </a>{' '}
        {row.isDefault && <span class="faint">{WORDS.isDefault}</span>}
      </>
    ),
  },
  { id: 'ttl', head: WORDS.columns.ttl, value: (row) => row.ttl ?? WORDS.byDefault, isNumber: true },
  { id: 'leases', head: WORDS.columns.leases, value: (row) => (row.leaseNames ? WORDS.yes : WORDS.no), isMinor: true },
  { id: 'copies', head: WORDS.columns.copies, value: (row) => row.transferTo.join(', '), isMinor: true },
];

/** Domains: each is served as a zone by every node that runs DNS. */
export function Domains(): JSX.Element {
  const domains = useList('domain.list', {}, { nouns: ['domain', 'setting'] });
  return (
    <Page title={WORDS.title} cli={CLI.domains} actions={<NounButtons noun="domain" />}>
      <MainList view={domains.view} words={WORDS} columns={COLUMNS} keyOf={(row) => row.name} linkOf={linkOf} />
      <LookupTest />
      <Servers />
    </Page>
  );
}
