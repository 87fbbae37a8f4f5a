/* Pages that are loaded after the first one (routes.tsx): what begins the user interface stays small. */
import type { JSX } from 'preact';
import { NotFound } from './parts/not-found.tsx';
import { drills } from './screens/drills/drills.tsx';
import { images } from './screens/images/images.tsx';
import { machines } from './screens/machines/machines.tsx';

const PAGES = { machines, images, drills } as const;
export type FleetPage = keyof typeof PAGES;

/** The page that a path names. */
export function fleetPage(page: FleetPage, rest: readonly string[]): JSX.Element {
  return PAGES[page](rest) ?? <NotFound />;
}
