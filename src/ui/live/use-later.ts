import { useEffect, useState } from 'preact/hooks';
import type { LATER, LATER_FORM } from '../screens/later.tsx';

type Later = typeof LATER;
type LaterForm = typeof LATER_FORM;

/**
 * Set by boot.js: the file of the later screens is in the browser's cache, so its import does not fail while two
 * releases run.
 */
const ready = (globalThis as { readonly regentRest?: Promise<void> }).regentRest ?? Promise.resolve();
let found: { readonly LATER: Later; readonly LATER_FORM: LaterForm } | null = null;
const loading = ready
  .then(() => import('../screens/later.tsx'))
  .then((module) => {
    found = module;
  });

/** The screens that load after the first page; null: not loaded yet. */
export const useLater = (): Later | null => useLoaded()?.LATER ?? null;

/** The form of a change, which loads with them; null: not loaded yet. */
export const useLaterForm = (): LaterForm | null => useLoaded()?.LATER_FORM ?? null;

function useLoaded(): typeof found {
  const [later, setLater] = useState(found);
  useEffect(() => {
    let isThere = true;
    void loading.then(() => {
      if (isThere) setLater(found);
    });
    return () => {
      isThere = false;
    };
  }, []);
  return later;
}
