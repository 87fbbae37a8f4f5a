import { computed, type ReadonlySignal, signal } from '@preact/signals';
import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import { linkTo, parsePlace, type Place, placeText } from '../models/base/address.ts';

/**
 * The address of the page. A change of the browser's address changes it, and setting it changes the browser's address.
 */
export interface Places {
  readonly place: ReadonlySignal<Place>;
  go(path: readonly string[], query?: Readonly<Record<string, string>>): void;
  /** Changes what is filtered, sorted or chosen on the page, without a step in the history. */
  setQuery(changes: Readonly<Record<string, string>>): void;
  /**
   * The shown object has a new address. Without a step in the history, which would lead back to an address without an
   * object.
   */
  correct(path: readonly string[]): void;
  /** Keeps the address of the page until the result is called, because a dialog is open. */
  stay(): () => void;
  readonly isStaying: ReadonlySignal<boolean>;
}

/** Follows the address of a window. */
export function followPlace(window: Window): Places {
  const place = signal(parsePlace(window.location.hash));
  const staying = signal(0);
  const isStaying = computed(() => staying.value > 0);
  const replace = (next: Place) => {
    window.history.replaceState(null, '', `#${placeText(next)}`);
    place.value = parsePlace(window.location.hash);
  };
  window.addEventListener('hashchange', () => {
    place.value = parsePlace(window.location.hash);
  });
  return {
    place,
    go(path, query = {}) {
      window.location.hash = placeText({ path, query });
    },
    setQuery(changes) {
      replace({ path: place.value.path, query: { ...place.value.query, ...changes } });
    },
    correct(path) {
      const { path: now, query } = place.value;
      if (linkTo(path) !== linkTo(now)) replace({ path, query });
    },
    stay() {
      staying.value += 1;
      return () => {
        staying.value -= 1;
      };
    },
    isStaying,
  };
}

const PlaceContext = createContext<Places | null>(null);
/** Provides the address to all components below it. */
export const PlaceProvider = PlaceContext.Provider;

/** The address of the page. */
export function usePlaces(): Places {
  const places = useContext(PlaceContext);
  if (places === null) throw new Error('a part stands outside of the page');
  return places;
}
