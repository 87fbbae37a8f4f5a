import { BROKEN_BUILDS } from './broken.ts';
import type { Dressing } from './dressing.ts';
import { STOCK } from './stock.ts';

/** Every dressing that there is, so that one which a killed program has left can be taken off. */
export const DRESSINGS: readonly Dressing[] = [STOCK, ...BROKEN_BUILDS.map(({ dressing }) => dressing)];
