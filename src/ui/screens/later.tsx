import type { JSX } from 'preact';
import { access } from './access/access.tsx';
import { catalog } from './catalog/catalog.tsx';
import { dns } from './dns/dns.tsx';
import { ChangePage } from './history/change.tsx';
import { Changes } from './history/changes.tsx';
import { drills } from './drills/drills.tsx';
import { events } from './history/events.tsx';
import { images } from './images/images.tsx';
import { JobPage } from './jobs/job.tsx';
import { Jobs } from './jobs/jobs.tsx';
import { leases } from './leases/parts.tsx';
import { machines } from './machines/machines.tsx';
import { NodePage } from './nodes/node.tsx';
import { Notes } from './notes/notes.tsx';
import { Racks } from './racks/racks.tsx';
import { Search } from './search/search.tsx';
import { ServicePage } from './services/service.tsx';
import { Settings } from './settings/settings.tsx';
import { SubnetPage } from './subnets/subnet.tsx';
import { Subnets } from './subnets/subnets.tsx';
import { VlanPage } from './vlans/vlan.tsx';
import { Vlans } from './vlans/vlans.tsx';

/** What is below a line of the navigation, by the rest of the path; null: no such page. */
type Show = (rest: readonly string[]) => JSX.Element | null;

/** Screens that nobody sees first: their program comes after that of the first page. */
export const LATER = {
  node: ([name, ...more]) => (name === undefined || more.length > 0 ? null : <NodePage key={name} name={name} />),
  service: ([node, service, ...more]) =>
    node === undefined || service === undefined || more.length > 0 ? null : (
      <ServicePage key={`${node} ${service}`} node={node} service={service} />
    ),
  racks: whole(Racks),
  vlans: ([fabric, name, ...more]) => {
    if (fabric === undefined) return <Vlans />;
    const full = `${fabric}/${name}`;
    return name === undefined || more.length > 0 ? null : <VlanPage key={full} name={full} />;
  },
  subnets: ([cidr, ...more]) => {
    if (cidr === undefined) return <Subnets />;
    return more.length > 0 ? null : <SubnetPage key={cidr} cidr={cidr} />;
  },
  leases,
  machines,
  images,
  drills,
  dns,
  catalog,
  changes: numbered(Changes, ChangePage),
  events,
  jobs: numbered(Jobs, JobPage),
  notes: whole(Notes),
  access,
  settings: whole(Settings),
  search: whole(Search),
} as const satisfies Readonly<Record<string, Show>>;

/** A page that has none below it. */
function whole(Whole: () => JSX.Element): Show {
  return (rest) => (rest.length > 0 ? null : <Whole />);
}

/** A list, and a page of each of its things below its number. */
function numbered(List: () => JSX.Element, One: (props: { readonly id: string }) => JSX.Element): Show {
  return ([id, ...more]) => {
    if (id === undefined) return <List />;
    return more.length > 0 || !/^[1-9]\d{0,14}$/.test(id) ? null : <One key={id} id={id} />;
  };
}
