import type { JSX } from 'preact';
import { linkTo } from '../../models/base/address.ts';
import { Tabs } from '../../parts/tabs.tsx';
import { LATE as EN } from '../../texts/late.ts';
import { DomainPage } from './domain.tsx';
import { Domains } from './domains.tsx';
import { RecordList } from './records.tsx';

const TEXTS = EN.dns;
const TABS = [
  { id: 'domains', label: TEXTS.parts.domains, link: linkTo(['dns']) },
  { id: 'records', label: TEXTS.parts.records, link: linkTo(['dns', 'records']) },
];

/** Domains, their records, and who answers for them. Null: there is no such part. */
export function dns(rest: readonly string[]): JSX.Element | null {
  const [part, name, ...more] = rest;
  if (more.length > 0) return null;
  if (part === 'domains' && name !== undefined) return <DomainPage key={name} name={name} />;
  if (name !== undefined || (part !== undefined && part !== 'records')) return null;
  return (
    <div class="tabbed">
      <Tabs name={TEXTS.title} at={part ?? 'domains'} tabs={TABS} />
      {part === undefined ? <Domains /> : <RecordList />}
    </div>
  );
}
