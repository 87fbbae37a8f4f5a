import type { JSX } from 'preact';
import type { Place } from './models/base/address.ts';
import { Later } from './parts/later.tsx';
import { DoctorPage } from './screens/cluster/doctor.tsx';
import { Nodes } from './screens/cluster/nodes/nodes.tsx';
import { Overview } from './screens/site/overview/overview.tsx';
import { Services } from './screens/cluster/services/services.tsx';
import { EN } from './texts/en.ts';

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
    show: (rest) => (rest.length === 0 ? <Nodes /> : <Later id="node" rest={rest} />),
  },
  { id: 'machines', title: EN.machines.title, letter: 'm', show: later('machines') },
  { id: 'images', title: EN.images.title, letter: 'i', show: later('images') },
  {
    id: 'services',
    title: EN.services.title,
    letter: 's',
    show: (rest) => (rest.length === 0 ? <Services /> : <Later id="service" rest={rest} />),
  },
  { id: 'racks', title: EN.networks.racks.title, letter: 'r', show: later('racks') },
  { id: 'vlans', title: EN.networks.vlans.title, letter: 'v', show: later('vlans') },
  { id: 'subnets', title: EN.networks.subnets.title, letter: 'u', show: later('subnets') },
  { id: 'leases', title: EN.networks.leases.title, letter: 'l', show: later('leases') },
  { id: 'dns', title: EN.dns.title, letter: 'b', show: later('dns') },
  { id: 'catalog', title: EN.catalog.title, letter: 'w', show: later('catalog') },
  { id: 'drills', title: EN.drills.title, letter: 'p', show: later('drills') },
  { id: 'doctor', title: EN.doctor.title, letter: 'd', show: whole(DoctorPage) },
  { id: 'changes', title: EN.history.changes.title, letter: 'c', show: later('changes') },
  { id: 'events', title: EN.history.events.title, letter: 'e', show: later('events') },
  { id: 'jobs', title: EN.history.jobs.title, letter: 'j', show: later('jobs') },
  { id: 'notes', title: EN.notes.title, letter: 'k', show: later('notes') },
  { id: 'access', title: EN.access.title, letter: 'a', show: later('access') },
  { id: 'settings', title: EN.settings.title, letter: 't', show: later('settings') },
  { id: 'search', title: EN.history.search.title, letter: '/', show: later('search') },
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

/** A page of screens/later.tsx: whether there is such a one is known when its program has come. */
function later(id: Parameters<typeof Later>[0]['id']): Screen['show'] {
  return (rest) => <Later id={id} rest={rest} />;
}
