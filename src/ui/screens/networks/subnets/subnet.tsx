import type { ComponentChildren, JSX } from 'preact';
import type { SubnetAddresses } from '../../../../contract/site/screens.ts';
import type { Subnet } from '../../../../contract/networks/subnet.ts';
import { useMay } from '../../../live/use-may.ts';
import { type Named, useNamed } from '../../../live/use-named.ts';
import { useView } from '../../../live/use-view.ts';
import { addressMap, runText } from '../../../models/networks/address-map.ts';
import { stamp } from '../../../models/base/time.ts';
import { dataOf } from '../../../models/base/view.ts';
import { AddressSquares } from '../../../parts/address-map.tsx';
import { Copy } from '../../../parts/copy.tsx';
import { NounButtons } from '../../base/catalog/noun-buttons.tsx';
import { Empty, Facts, Page, Section, Shown } from '../../../parts/page.tsx';
import { type Column, Table } from '../../../parts/table.tsx';
import { CLI, cliLines } from '../../../texts/base/cli.ts';
import { LATE as EN } from '../../../texts/late.ts';
import { PoolPlot } from './pool-plot.tsx';
import { Ranges } from './ranges.tsx';

const TEXTS = EN.networks.subnet;
const NOUNS = ['subnet', 'range', 'reservation', 'machine', 'lease', 'record', 'node'];
type AddressRun = SubnetAddresses['runs'][number];

const SUBNET: Named<'subnet.show'> = {
  input: (subnet) => ({ params: { subnet } }),
  ref: ({ id }) => String(id),
  path: ({ cidr }) => ['subnets', cidr],
};

/** One subnet: its addresses as a map and as a table, and its ranges. `cidr`: in the address of the page. */
export function SubnetPage(props: { readonly cidr: string }): JSX.Element {
  const subnet = useNamed('subnet.show', SUBNET, props.cidr, { nouns: NOUNS });
  const may = useMay();
  const cidr = dataOf(subnet.view)?.body.cidr ?? props.cidr;
  const addresses = useView('subnet.addresses', { params: { subnet: cidr } }, { nouns: NOUNS });
  return (
    <Page title={cidr} cli={cliLines(CLI.subnet, { CIDR: cidr })} actions={<NounButtons noun="subnet" name={cidr} />}>
      <Shown view={subnet.view}>{({ body }) => <Facts rows={factRows(body)} />}</Shown>
      <Section title={EN.networks.map.title}>
        <Shown view={addresses.view}>{(data) => <Addresses addresses={data} />}</Shown>
      </Section>
      {may.watch && <PoolPlot cidr={cidr} />}
      <Ranges subnets={[cidr]} />
    </Page>
  );
}

function factRows(subnet: Subnet): readonly (readonly [string, ComponentChildren])[] {
  const columns = EN.networks.subnets.columns;
  return [
    [columns.name, subnet.name],
    [columns.vlan, subnet.vlan],
    [columns.gateway, subnet.gateway === null ? EN.none : <Copy key="gateway" text={subnet.gateway} />],
    [columns.used, subnet.used],
    [columns.dynamic, subnet.dynamic],
    ...(subnet.pools === undefined ? [] : [[TEXTS.pools, TEXTS.pool(subnet.pools.used, subnet.pools.free)] as const]),
    ...(subnet.reverse === undefined ? [] : [[TEXTS.reverse, subnet.reverse] as const]),
  ];
}

const COLUMNS: readonly Column<AddressRun>[] = [
  { id: 'addresses', head: TEXTS.columns.addresses, value: runText },
  { id: 'use', head: TEXTS.columns.use, value: (row) => EN.networks.map.uses[row.use] },
  { id: 'what', head: TEXTS.columns.what, value: (row) => row.what },
  { id: 'mac', head: TEXTS.columns.mac, value: (row) => row.mac ?? '', isMinor: true },
  {
    id: 'until',
    head: TEXTS.columns.until,
    value: (row) => row.until,
    cell: (row) => (row.until === null ? '' : stamp(row.until)),
    isMinor: true,
  },
];

function Addresses({ addresses }: { readonly addresses: SubnetAddresses }): JSX.Element {
  const map = addressMap(addresses.cidr, addresses.runs);
  return (
    <>
      {addresses.isCut && <p class="waiting">{TEXTS.cut}</p>}
      {map === null ? <p class="faint">{TEXTS.noMap}</p> : <AddressSquares map={map} />}
      {addresses.runs.length === 0 ? (
        <Empty text={TEXTS.noRuns} next={TEXTS.noRunsNext} />
      ) : (
        <Table
          name={TEXTS.table}
          rows={addresses.runs}
          columns={COLUMNS}
          keyOf={(row) => `${row.use} ${row.first} ${row.what}`}
          isMain
        />
      )}
    </>
  );
}
