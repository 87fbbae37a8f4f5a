import type { JSX } from 'preact';
import { linkTo } from '../../../models/base/address.ts';
import { Tabs } from '../../../parts/tabs.tsx';
import { LATE as EN } from '../../../texts/late.ts';
import { Leases } from './leases.tsx';
import { Reservations } from './reservations.tsx';

const TEXTS = EN.networks;
const TABS = [
  { id: 'leases', label: TEXTS.leases.title, link: linkTo(['leases']) },
  { id: 'reservations', label: TEXTS.reservations.title, link: linkTo(['leases', 'reservations']) },
];

/** Addresses that DHCP gave out, and those that are reserved. Null: there is no such part. */
export function leases(rest: readonly string[]): JSX.Element | null {
  const [part, ...more] = rest;
  if (more.length > 0 || (part !== undefined && part !== 'reservations')) return null;
  return (
    <div class="tabbed">
      <Tabs name={TEXTS.leases.title} at={part ?? 'leases'} tabs={TABS} />
      {part === undefined ? <Leases /> : <Reservations />}
    </div>
  );
}
