import { useEffect, useState } from 'preact/hooks';
import type { LATER } from '../screens/later.tsx';

type Later = typeof LATER;

/**
 * Set by boot.js: the file of the later screens is in the browser's cache, so its import does not fail while two
 * releases run.
 */
const ready = (globalThis as { readonly regentRest?: Promise<void> }).regentRest ?? Promise.resolve();
let found: Later | null = null;
const loading = ready
  .then(() => import('../screens/later.tsx'))
  .then((module) => {
    found = module.LATER;
  });

/** The screens that load after the first page; null: not loaded yet. */
export function useLater(): Later | null {
  const [later, setLater] = useState<Later | null>(found);
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
