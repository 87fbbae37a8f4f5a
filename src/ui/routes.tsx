import type { JSX } from 'preact';
import type { Place } from './models/base/address.ts';
import { Later } from './parts/later.tsx';
import { DoctorPage } from './screens/cluster/doctor.tsx';
import { Nodes } from './screens/cluster/nodes/nodes.tsx';
import { Overview } from './screens/site/overview/overview.tsx';
import { Services } from './screens/cluster/services/services.tsx';
import { EN } from './texts/en.ts';

type PageId = keyof typeof EN.pages.titles;
type GroupId = keyof typeof EN.pages.groups;

/** A page of the navigation. `letter`: `g`, then this, leads there. `show`: what is below it, by the rest of the path; null: no such page. */
export interface Screen {
  readonly id: PageId;
  readonly group: GroupId;
  readonly title: string;
  readonly letter: string;
  readonly show: (rest: readonly string[]) => JSX.Element | null;
}

/** Every page, in the order of the navigation; the first one is where everybody begins. */
export const SCREENS: readonly Screen[] = [
  screen('overview', 'site', 'o', whole(Overview)),
  screen('nodes', 'site', 'n', (rest) => (rest.length === 0 ? <Nodes /> : <Later id="node" rest={rest} />)),
  screen('services', 'site', 's', (rest) => (rest.length === 0 ? <Services /> : <Later id="service" rest={rest} />)),
  screen('racks', 'site', 'r', later('racks')),
  screen('doctor', 'site', 'd', whole(DoctorPage)),
  screen('drills', 'site', 'p', later('drills')),
  screen('charts', 'site', 'h', later('charts')),
  screen('machines', 'machines', 'm', later('machines')),
  screen('images', 'machines', 'i', later('images')),
  screen('catalog', 'machines', 'w', later('catalog')),
  screen('vlans', 'network', 'v', later('vlans')),
  screen('subnets', 'network', 'u', later('subnets')),
  screen('leases', 'network', 'l', later('leases')),
  screen('dns', 'network', 'b', later('dns')),
  screen('changes', 'history', 'c', later('changes')),
  screen('events', 'history', 'e', later('events')),
  screen('jobs', 'history', 'j', later('jobs')),
  screen('notes', 'history', 'k', later('notes')),
  screen('access', 'setup', 'a', later('access')),
  screen('settings', 'setup', 't', later('settings')),
  screen('search', 'setup', '/', later('search')),
];

/** The groups of the navigation with their pages, in their order. */
export const GROUPS: readonly (readonly [title: string, screens: readonly Screen[]])[] = (
  Object.entries(EN.pages.groups) as [GroupId, string][]
).map(([id, title]) => [title, SCREENS.filter(({ group }) => group === id)]);

function screen(id: PageId, group: GroupId, letter: string, show: Screen['show']): Screen {
  return { id, group, title: EN.pages.titles[id], letter, show };
}

/** The page of a place, and its line in the navigation. Null: there is no such page. */
export function screenOf(place: Place): { readonly screen: Screen; readonly page: JSX.Element } | null {
  const [id = SCREENS[0]?.id, ...rest] = place.path;
  const found = SCREENS.find((entry) => entry.id === id);
  const page = found?.show(rest) ?? null;
  return found && page ? { screen: found, page } : null;
}

/** A page that has none below it. */
function whole(Whole: () => JSX.Element): Screen['show'] {
  return (rest) => (rest.length > 0 ? null : <Whole />);
}

/** A page of screens/later.tsx: whether there is such a one is known when its program has come. */
function later(id: Parameters<typeof Later>[0]['id']): Screen['show'] {
  return (rest) => <Later id={id} rest={rest} />;
}
