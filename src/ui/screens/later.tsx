import type { JSX } from 'preact';
import { access } from './people/access/access.tsx';
import { Charts } from './cluster/charts/charts.tsx';
import { catalog } from './base/catalog/catalog.tsx';
import { dns } from './names/dns.tsx';
import { AfterChange } from './site/history/after-change.tsx';
import { ChangePage } from './site/history/change.tsx';
import { Changes } from './site/history/changes.tsx';
import { drills } from './cluster/drills/drills.tsx';
import { events } from './site/history/events.tsx';
import { FilledForm } from '../parts/filled-form.tsx';
import { images } from './images/images.tsx';
import { JobPage } from './base/jobs/job.tsx';
import { Jobs } from './base/jobs/jobs.tsx';
import { leases } from './networks/leases/parts.tsx';
import { machines } from './machines/machines.tsx';
import { NodePage } from './cluster/nodes/node.tsx';
import { Notes } from './people/notes/notes.tsx';
import { Racks } from './cluster/racks.tsx';
import { Search } from './site/search.tsx';
import { SearchBox } from './site/search-box.tsx';
import { ServicePage } from './cluster/services/service.tsx';
import { Settings } from './site/settings.tsx';
import { SubnetPage } from './networks/subnets/subnet.tsx';
import { Subnets } from './networks/subnets/subnets.tsx';
import { VlanPage } from './networks/vlans/vlan.tsx';
import { Vlans } from './networks/vlans/vlans.tsx';

/** What is below a line of the navigation, by the rest of the path; null: no such page. */
type Show = (rest: readonly string[]) => JSX.Element | null;

/** Screens that nobody sees first: their program comes after that of the first page. */
export const LATER = {
  /** Not a page: the search in the header. */
  searchBox: () => <SearchBox />,
  /** Not a page: what a dialog shows after a change. */
  afterChange: ([id]) => (id === undefined ? null : <AfterChange key={id} id={id} />),
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
  charts: whole(Charts),
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

/** The form of every change: the first page has none. */
export const LATER_FORM = FilledForm;

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
