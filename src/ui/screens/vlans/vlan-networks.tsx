import type { JSX } from 'preact';
import type { Vlan } from '../../../contract/network/vlan.ts';
import { useList } from '../../live/use-view.ts';
import { linkTo } from '../../models/address.ts';
import { vlanName } from '../../models/networks.ts';
import { dataOf } from '../../models/view.ts';
import { Section } from '../../parts/page.tsx';
import { EN } from '../../words/en.ts';
import { Ranges } from '../subnets/ranges.tsx';
import { Pairing } from './pairing.tsx';
import { Snippets } from './snippets.tsx';

/** What is on a VLAN besides its racks: subnets, ranges, snippets, and what is proposed for its pair. */
export function VlanNetworks({ vlan }: { readonly vlan: Vlan }): JSX.Element {
  const subnets = useList('subnet.list', { query: { vlan: String(vlan.id) } }, { nouns: ['subnet', 'vlan'] });
  const own = dataOf(subnets.view) ?? [];
  const cidrs = own.map((subnet) => subnet.cidr);
  return (
    <>
      <Section title={EN.networks.subnets.title}>
        {own.length === 0 ? (
          <p class="faint">{EN.networks.subnets.empty}</p>
        ) : (
          <ul class="counts">
            {own.map((subnet) => (
              <li key={subnet.id}>
                <a href={linkTo(['subnets', subnet.cidr])}>{subnet.cidr}</a>{' '}
                {subnet.name === subnet.cidr ? '' : <span class="faint">{subnet.name}</span>}
              </li>
            ))}
          </ul>
        )}
      </Section>
      <Ranges subnets={cidrs} />
      <Snippets scopes={['global', ...cidrs, ...own.map((subnet) => subnet.name)]} first={cidrs[0] ?? 'global'} />
      <Pairing vlan={vlanName(vlan)} />
    </>
  );
}
