import type { JSX } from 'preact';
import type { Place } from './models/address.ts';
import { access } from './screens/access/access.tsx';
import { dns } from './screens/dns/dns.tsx';
import { DoctorPage } from './screens/doctor/doctor.tsx';
import { ChangePage } from './screens/history/change.tsx';
import { Changes } from './screens/history/changes.tsx';
import { events } from './screens/history/events.tsx';
import { NodePage } from './screens/nodes/node.tsx';
import { Nodes } from './screens/nodes/nodes.tsx';
import { leases } from './screens/leases/parts.tsx';
import { Overview } from './screens/overview/overview.tsx';
import { Racks } from './screens/racks/racks.tsx';
import { Search } from './screens/search/search.tsx';
import { ServicePage } from './screens/services/service.tsx';
import { Services } from './screens/services/services.tsx';
import { Settings } from './screens/settings/settings.tsx';
import { SubnetPage } from './screens/subnets/subnet.tsx';
import { Subnets } from './screens/subnets/subnets.tsx';
import { VlanPage } from './screens/vlans/vlan.tsx';
import { Vlans } from './screens/vlans/vlans.tsx';
import { EN } from './words/en.ts';

/** A page of the navigation. `letter`: `g`, then this, leads there. `show`: what is below it, by the rest of the path; null: no such page. */
export interface Screen {
  readonly id: string;
  readonly title: string;
  readonly letter: string;
  readonly show: (rest: readonly string[]) => JSX.Element | null;
}

/** Every page, in the order of the navigation; the first one is where everybody begins. */
export const SCREENS: readonly Screen[] = [
  { id: 'overview', title: EN.overview.title, letter: 'o', show: whole(Overview) },
  {
    id: 'nodes',
    title: EN.nodes.title,
    letter: 'n',
    show: ([name, ...more]) =>
      more.length > 0 ? null : name === undefined ? <Nodes /> : <NodePage key={name} name={name} />,
  },
  {
    id: 'services',
    title: EN.services.title,
    letter: 's',
    show: ([node, service, ...more]) => {
      if (more.length > 0) return null;
      if (node === undefined) return <Services />;
      return service === undefined ? null : <ServicePage key={`${node} ${service}`} node={node} service={service} />;
    },
  },
  { id: 'racks', title: EN.networks.racks.title, letter: 'r', show: whole(Racks) },
  {
    id: 'vlans',
    title: EN.networks.vlans.title,
    letter: 'v',
    show: ([fabric, name, ...more]) => {
      if (fabric === undefined) return <Vlans />;
      const full = `${fabric}/${name}`;
      return name === undefined || more.length > 0 ? null : <VlanPage key={full} name={full} />;
    },
  },
  {
    id: 'subnets',
    title: EN.networks.subnets.title,
    letter: 'u',
    show: ([cidr, ...more]) =>
      more.length > 0 ? null : cidr === undefined ? <Subnets /> : <SubnetPage key={cidr} cidr={cidr} />,
  },
  { id: 'leases', title: EN.networks.leases.title, letter: 'l', show: leases },
  { id: 'dns', title: EN.dns.title, letter: 'm', show: dns },
  { id: 'doctor', title: EN.doctor.title, letter: 'd', show: whole(DoctorPage) },
  {
    id: 'changes',
    title: EN.history.changes.title,
    letter: 'c',
    show: ([id, ...more]) => {
      if (id === undefined) return <Changes />;
      return more.length > 0 || !/^[1-9]\d{0,14}$/.test(id) ? null : <ChangePage key={id} id={id} />;
    },
  },
  { id: 'events', title: EN.history.events.title, letter: 'e', show: events },
  { id: 'access', title: EN.access.title, letter: 'a', show: access },
  { id: 'settings', title: EN.settings.title, letter: 't', show: whole(Settings) },
  { id: 'search', title: EN.history.search.title, letter: '/', show: whole(Search) },
];

/** The page of a place, and its line in the navigation. Null: there is no such page. */
export function screenOf(place: Place): { readonly screen: Screen; readonly page: JSX.Element } | null {
  const [id = SCREENS[0]?.id, ...rest] = place.path;
  const screen = SCREENS.find((entry) => entry.id === id);
  const page = screen?.show(rest) ?? null;
  return screen && page ? { screen, page } : null;
}

/** A page that has none below it. */
function whole(Whole: () => JSX.Element): Screen['show'] {
  return (rest) => (rest.length > 0 ? null : <Whole />);
}
