import { type ReadonlySignal, signal } from '@preact/signals';
import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import { parsePlace, type Place, placeText } from '../models/address.ts';

/** Where the page is; a change of the address changes it, and the other way round. */
export interface Places {
  readonly place: ReadonlySignal<Place>;
  go(path: readonly string[], query?: Readonly<Record<string, string>>): void;
  /** Changes what is filtered, sorted or chosen on the page, without a step in the history. */
  setQuery(changes: Readonly<Record<string, string>>): void;
}

/** Follows the address of a window. */
export function followPlace(window: Window): Places {
  const place = signal(parsePlace(window.location.hash));
  window.addEventListener('hashchange', () => {
    place.value = parsePlace(window.location.hash);
  });
  return {
    place,
    go(path, query = {}) {
      window.location.hash = placeText({ path, query });
    },
    setQuery(changes) {
      const next: Place = { path: place.value.path, query: { ...place.value.query, ...changes } };
      window.history.replaceState(null, '', `#${placeText(next)}`);
      place.value = parsePlace(window.location.hash);
    },
  };
}

const PlaceContext = createContext<Places | null>(null);
/** Gives the address to all below it. */
export const PlaceProvider = PlaceContext.Provider;

/** The address, within a page. */
export function usePlaces(): Places {
  const places = useContext(PlaceContext);
  if (places === null) throw new Error('a part stands outside of the page');
  return places;
}
