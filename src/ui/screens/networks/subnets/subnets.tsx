import type { JSX } from 'preact';
import type { Subnet } from '../../../../contract/networks/subnet.ts';
import { useList } from '../../../live/use-view.ts';
import { linkTo } from '../../../models/base/address.ts';
import { usedShare } from '../../../models/networks/networks.ts';
import { linkColumn } from '../../../parts/kinds.tsx';
import { MainList } from '../../../parts/main-list.tsx';
import { NounButtons } from '../../base/catalog/noun-buttons.tsx';
import { Page } from '../../../parts/page.tsx';
import { Share } from './share.tsx';
import type { Column } from '../../../parts/table.tsx';
import { CLI } from '../../../texts/base/cli.ts';
import { LATE as EN } from '../../../texts/late.ts';

const TEXTS = EN.networks.subnets;
const linkOf = (row: Subnet) => linkTo(['subnets', row.cidr]);

const COLUMNS: readonly Column<Subnet>[] = [
  linkColumn('cidr', TEXTS.columns.cidr, (row) => row.cidr, linkOf),
  { id: 'name', head: TEXTS.columns.name, value: (row) => row.name },
  { id: 'vlan', head: TEXTS.columns.vlan, value: (row) => row.vlan },
  { id: 'gateway', head: TEXTS.columns.gateway, value: (row) => row.gateway ?? '', isMinor: true },
  { id: 'used', head: TEXTS.columns.used, value: (row) => row.used, isNumber: true, isMinor: true },
  { id: 'dynamic', head: TEXTS.columns.dynamic, value: (row) => row.dynamic, isNumber: true, isMinor: true },
  {
    id: 'share',
    head: TEXTS.columns.share,
    value: usedShare,
    cell: (row) => <Share share={usedShare(row)} name={row.cidr} />,
    isNumber: true,
  },
];

/** Every subnet, and how much of it is given away. */
export function Subnets(): JSX.Element {
  const subnets = useList('subnet.list', {}, { nouns: ['subnet', 'range', 'reservation', 'machine', 'vlan'] });
  return (
    <Page title={TEXTS.title} cli={CLI.subnets} actions={<NounButtons noun="subnet" />}>
      <MainList view={subnets.view} texts={TEXTS} columns={COLUMNS} keyOf={(row) => String(row.id)} linkOf={linkOf} />
    </Page>
  );
}
