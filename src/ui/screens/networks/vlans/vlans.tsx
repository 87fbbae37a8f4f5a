import type { JSX } from 'preact';
import type { Vlan } from '../../../../contract/networks/vlan.ts';
import { useList } from '../../../live/use-view.ts';
import { linkTo } from '../../../models/base/address.ts';
import { dhcpState, vlanName } from '../../../models/networks/networks.ts';
import { State } from '../../../parts/icon.tsx';
import { forColumn, linkColumn } from '../../../parts/kinds.tsx';
import { MainList } from '../../../parts/main-list.tsx';
import { NounButtons } from '../../base/catalog/noun-buttons.tsx';
import { Page } from '../../../parts/page.tsx';
import type { Column } from '../../../parts/table.tsx';
import { CLI } from '../../../texts/base/cli.ts';
import { LATE as EN } from '../../../texts/late.ts';
import { Pairing } from './pairing.tsx';

const TEXTS = EN.networks.vlans;
const EVERY_MS = 5000;
const linkOf = (row: Vlan) => linkTo(['vlans', row.fabric, row.name]);

const COLUMNS: readonly Column<Vlan>[] = [
  linkColumn('name', TEXTS.columns.name, vlanName, linkOf),
  { id: 'vid', head: TEXTS.columns.vid, value: (row) => row.vid, isNumber: true },
  {
    id: 'dhcp',
    head: TEXTS.columns.dhcp,
    value: (row) => TEXTS.states[dhcpState(row).state],
    cell: (row) => <State tone={dhcpState(row).tone} label={TEXTS.states[dhcpState(row).state]} />,
  },
  { id: 'primary', head: TEXTS.columns.primary, value: (row) => row.server?.primary ?? '', isMinor: true },
  { id: 'secondary', head: TEXTS.columns.secondary, value: (row) => row.server?.secondary ?? '', isMinor: true },
  { id: 'serves', head: TEXTS.columns.serves, value: (row) => row.server?.servedBy ?? '' },
  forColumn('since', TEXTS.columns.since, (row) => row.server?.since ?? null, { isMinor: true }),
];

/** Every VLAN: who serves DHCP on it, and whether anybody would take over. */
export function Vlans(): JSX.Element {
  const vlans = useList('vlan.list', {}, { nouns: ['vlan', 'rack', 'node', 'fabric'], everyMs: EVERY_MS });
  return (
    <Page title={TEXTS.title} cli={CLI.vlans} actions={<NounButtons noun="vlan" />}>
      <MainList view={vlans.view} texts={TEXTS} columns={COLUMNS} keyOf={(row) => String(row.id)} linkOf={linkOf} />
      <Pairing />
    </Page>
  );
}
