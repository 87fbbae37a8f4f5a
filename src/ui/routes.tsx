import type { JSX } from 'preact';
import type { FleetPage } from './fleet.tsx';
import { later, loadSoon } from './live/lazy.tsx';
import type { Place } from './models/address.ts';
import { Waiting } from './parts/page.tsx';
import { DoctorPage } from './screens/doctor/doctor.tsx';
import { NodePage } from './screens/nodes/node.tsx';
import { Nodes } from './screens/nodes/nodes.tsx';
import { Leases } from './screens/leases/leases.tsx';
import { Overview } from './screens/overview/overview.tsx';
import { Racks } from './screens/racks/racks.tsx';
import { ServicePage } from './screens/services/service.tsx';
import { Services } from './screens/services/services.tsx';
import { Subnets } from './screens/subnets/subnets.tsx';
import { VlanPage } from './screens/vlans/vlan.tsx';
import { Vlans } from './screens/vlans/vlans.tsx';
import { EN } from './words/en.ts';

/** The first page has its data by then. */
const LATER_MS = 1500;

/** A page of the navigation. `letter`: `g`, then this, leads there. `show`: what is below it, by the rest of the path; null: no such page. */
export interface Screen {
  readonly id: string;
  readonly title: string;
  readonly letter: string;
  readonly show: (rest: readonly string[]) => JSX.Element | null;
}

const FLEET = later(() => import('./fleet.tsx'));

/** Loads the pages that are loaded later. */
export function loadPages(): void {
  loadSoon([FLEET], LATER_MS);
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
  { id: 'machines', title: EN.machines.title, letter: 'm', show: ofFleet('machines') },
  { id: 'images', title: EN.images.title, letter: 'i', show: ofFleet('images') },
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
  { id: 'subnets', title: EN.networks.subnets.title, letter: 'u', show: whole(Subnets) },
  { id: 'leases', title: EN.networks.leases.title, letter: 'l', show: whole(Leases) },
  { id: 'drills', title: EN.drills.title, letter: 'p', show: ofFleet('drills') },
  { id: 'doctor', title: EN.doctor.title, letter: 'd', show: whole(DoctorPage) },
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

/** A page that is loaded later. */
function ofFleet(page: FleetPage): Screen['show'] {
  return (rest) => <FLEET.Part meanwhile={<Waiting />} show={({ fleetPage }) => fleetPage(page, rest)} />;
}
