import type { JSX } from 'preact';
import { useList } from '../../../live/use-view.ts';
import { linkTo } from '../../../models/base/address.ts';
import { type FullSubnet, fullest } from '../../../models/networks/networks.ts';
import { serviceGrid } from '../../../models/cluster/services.ts';
import { mapView } from '../../../models/base/view.ts';
import { linkColumn } from '../../../parts/kinds.tsx';
import { SectionList } from '../../../parts/main-list.tsx';
import { Empty, Section, Shown } from '../../../parts/page.tsx';
import { Share } from '../../networks/subnets/share.tsx';
import type { Column } from '../../../parts/table.tsx';
import { EN } from '../../../texts/en.ts';
import { Grid } from '../../cluster/services/services.tsx';

const SERVICES_EVERY_MS = 10_000;
const SUBNETS = 5;

/** What runs where. */
export function ServiceGrid(): JSX.Element {
  const services = useList('service.list', {}, { nouns: ['service', 'node'], everyMs: SERVICES_EVERY_MS });
  return (
    <Section title={EN.services.title}>
      <Shown view={services.view}>
        {(all) =>
          all.length === 0 ? (
            <Empty text={EN.services.empty} next={EN.services.emptyNext} />
          ) : (
            <Grid grid={serviceGrid(all)} />
          )
        }
      </Shown>
    </Section>
  );
}

const TEXTS = EN.subnets;
const linkOf = (row: FullSubnet) => linkTo(['subnets', row.cidr]);
const COLUMNS: readonly Column<FullSubnet>[] = [
  linkColumn('cidr', TEXTS.columns.cidr, (row) => row.cidr, linkOf),
  { id: 'vlan', head: TEXTS.columns.vlan, value: (row) => row.vlan },
  {
    id: 'share',
    head: TEXTS.columns.share,
    value: (row) => row.share,
    cell: (row) => <Share share={row.share} name={row.cidr} />,
    isNumber: true,
  },
];

/** Subnets of which the most is given away. */
export function FullestSubnets(): JSX.Element {
  const subnets = useList('subnet.list', {}, { nouns: ['subnet', 'range', 'reservation', 'machine', 'vlan'] });
  return (
    <Section title={EN.overview.fullest}>
      <SectionList
        view={mapView(subnets.view, (rows) => fullest(rows, SUBNETS))}
        texts={TEXTS}
        columns={COLUMNS}
        keyOf={(row) => String(row.id)}
        linkOf={linkOf}
      />
    </Section>
  );
}
