import type { JSX } from 'preact';
import type { Subnet } from '../../../../contract/networks/subnet.ts';
import type { Vlan } from '../../../../contract/networks/vlan.ts';
import { useList, useView } from '../../../live/use-view.ts';
import { linkTo } from '../../../models/base/address.ts';
import { vlanName } from '../../../models/networks/networks.ts';
import { dataOf, mapView } from '../../../models/base/view.ts';
import { SectionList } from '../../../parts/main-list.tsx';
import { Empty, Section, Shown } from '../../../parts/page.tsx';
import { LATE as EN } from '../../../texts/late.ts';
import { COLUMNS as LEASE_COLUMNS } from '../leases/leases.tsx';
import { Ranges } from '../subnets/ranges.tsx';
import { Pairing } from './pairing.tsx';
import { Snippets } from './snippets.tsx';

const LEASES_MAX = 20;
const LEASES_EVERY_MS = 10_000;

/** A VLAN by its id alone: a plain number is a VID first, which another VLAN may have. */
const refOf = (vlan: Pick<Vlan, 'id'>): string => `id:${vlan.id}`;

/** What is on a VLAN besides its racks: subnets, ranges, snippets, leases, and what is proposed for its pair. */
export function VlanNetworks({ vlan }: { readonly vlan: Vlan }): JSX.Element {
  const subnets = useList('subnet.list', { query: { vlan: refOf(vlan) } }, { nouns: ['subnet', 'vlan'] });
  const own = dataOf(subnets.view) ?? [];
  const cidrs = own.map((subnet) => subnet.cidr);
  return (
    <>
      <Section title={EN.networks.subnets.title}>
        <Shown view={subnets.view}>{(rows) => <SubnetLinks subnets={rows} />}</Shown>
      </Section>
      <Ranges subnets={cidrs} />
      <Snippets scopes={['global', ...cidrs, ...own.map((subnet) => subnet.name)]} first={cidrs[0] ?? 'global'} />
      <VlanLeases vlan={vlan} />
      <Pairing vlan={vlanName(vlan)} />
    </>
  );
}

function SubnetLinks({ subnets }: { readonly subnets: readonly Subnet[] }): JSX.Element {
  if (subnets.length === 0) return <Empty text={EN.networks.subnets.empty} />;
  return (
    <ul class="counts">
      {subnets.map((subnet) => (
        <li key={subnet.id}>
          <a href={linkTo(['subnets', subnet.cidr])}>{subnet.cidr}</a>{' '}
          {subnet.name === subnet.cidr ? '' : <span class="faint">{subnet.name}</span>}
        </li>
      ))}
    </ul>
  );
}

/** Leases of its clients, the last ones to end first; the page of leases has all of them, and what one does with them. */
function VlanLeases({ vlan }: { readonly vlan: Vlan }): JSX.Element {
  const query = { vlan: refOf(vlan), sort: '-expires', limit: LEASES_MAX } as const;
  const leases = useView('lease.list', { query }, { nouns: ['lease'], everyMs: LEASES_EVERY_MS });
  return (
    <Section title={EN.networks.leases.title}>
      <SectionList
        view={mapView(leases.view, ({ items }) => items)}
        texts={EN.networks.leases}
        columns={LEASE_COLUMNS}
        keyOf={(row) => row.address}
      />
      <p>
        <a href={linkTo(['leases'], { filter: vlanName(vlan) })}>{EN.networks.leases.all}</a>
      </p>
    </Section>
  );
}
