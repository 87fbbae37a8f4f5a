import type { ComponentChildren, JSX } from 'preact';
import type { Vlan } from '../../../../contract/networks/vlan.ts';
import { type Named, useNamed } from '../../../live/use-named.ts';
import type { Tagged } from '../../../live/use-view.ts';
import { linkTo } from '../../../models/base/address.ts';
import { dhcpState } from '../../../models/networks/networks.ts';
import { stamp } from '../../../models/base/time.ts';
import { dataOf } from '../../../models/base/view.ts';
import { Copy } from '../../../parts/copy.tsx';
import { State } from '../../../parts/icon.tsx';
import { Empty, Facts, Page, Section, Shown } from '../../../parts/page.tsx';
import { type Column, Table } from '../../../parts/table.tsx';
import { For } from '../../../parts/time.tsx';
import { CLI, cliLines } from '../../../texts/base/cli.ts';
import { LATE as EN } from '../../../texts/late.ts';
import { VlanActions } from './vlan-actions.tsx';
import { VlanNetworks } from './vlan-networks.tsx';

const TEXTS = EN.networks.vlans;
const EVERY_MS = 5000;

const NOUNS = ['vlan', 'fabric', 'rack', 'node'];
const VLAN: Named<'vlan.show'> = {
  input: (vlan) => ({ params: { vlan } }),
  // A number alone might be a VID.
  ref: ({ id }) => `id:${id}`,
  path: ({ fabric, name }) => ['vlans', fabric, name],
};

/** One VLAN: its pair of racks, who serves, since when, and how full it is. `name`: in the address of the page. */
export function VlanPage(props: { readonly name: string }): JSX.Element {
  const vlan = useNamed('vlan.show', VLAN, props.name, { nouns: NOUNS, everyMs: EVERY_MS });
  const shown: Tagged<Vlan> | null = dataOf(vlan.view);
  const name = shown === null ? props.name : `${shown.body.fabric}/${shown.body.name}`;
  return (
    <Page
      title={name}
      cli={cliLines(CLI.vlan, { NAME: name })}
      actions={shown && <VlanActions name={name} vlan={shown.body} />}
    >
      <Shown view={vlan.view}>
        {({ body }) => (
          <>
            <Facts rows={factRows(body)} />
            <Section title={TEXTS.columns.racks}>
              <ul class="counts">
                {body.racks.map((rack) => (
                  <li key={rack.node}>
                    <a href={linkTo(['nodes', rack.node])}>{rack.node}</a> {rack.interface}{' '}
                    {rack.addresses.map((address) => (
                      <Copy key={address} text={address} />
                    ))}
                  </li>
                ))}
              </ul>
            </Section>
            <Pools vlan={body} />
          </>
        )}
      </Shown>
      {shown !== null && <VlanNetworks vlan={shown.body} />}
    </Page>
  );
}

function factRows(vlan: Vlan): readonly (readonly [string, ComponentChildren])[] {
  const { tone, state, why } = dhcpState(vlan);
  const { server } = vlan;
  return [
    [TEXTS.columns.vid, vlan.vid],
    [TEXTS.facts.dhcp, <State key="dhcp" tone={tone} label={TEXTS.states[state]} />],
    ...(why === '' ? [] : [[TEXTS.facts.why, why] as const]),
    ...(server === null
      ? []
      : ([
          [TEXTS.columns.primary, server.isChosen ? `${server.primary} (${TEXTS.chosen})` : server.primary],
          [TEXTS.columns.secondary, server.secondary ?? EN.none],
          [TEXTS.columns.serves, server.servedBy ?? EN.none],
          [TEXTS.columns.since, <For key="since" since={server.since} />],
        ] as const)),
    ...(vlan.relayVlan === null ? [] : [[TEXTS.facts.relay, vlan.relayVlan] as const]),
    [TEXTS.facts.space, vlan.space ?? EN.none],
    [TEXTS.facts.dns, vlan.dnsOn ? TEXTS.yes : TEXTS.no],
  ];
}

type PoolUse = NonNullable<Vlan['pools']>[number];
const POOL_COLUMNS: readonly Column<PoolUse>[] = [
  { id: 'subnet', head: TEXTS.poolColumns.subnet, value: (row) => row.subnet },
  { id: 'used', head: TEXTS.poolColumns.used, value: (row) => row.used, isNumber: true },
  { id: 'free', head: TEXTS.poolColumns.free, value: (row) => row.free, isNumber: true },
  {
    id: 'full',
    head: TEXTS.poolColumns.full,
    value: (row) => (row.fullAt === null ? TEXTS.notSoon : stamp(row.fullAt)),
  },
];

function Pools({ vlan }: { readonly vlan: Vlan }): JSX.Element {
  const pools = vlan.pools ?? [];
  return (
    <Section title={TEXTS.pools}>
      {pools.length === 0 ? (
        <Empty text={TEXTS.noPools} />
      ) : (
        <Table name={TEXTS.pools} rows={pools} columns={POOL_COLUMNS} keyOf={(row) => row.subnet} />
      )}
    </Section>
  );
}
