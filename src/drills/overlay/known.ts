import { BROKEN_BUILDS } from './broken.ts';
import type { Overlay } from './overlay.ts';
import { STOCK } from './stock.ts';

/** Every overlay that there is, so that one which a killed program has left can be taken off. */
export const OVERLAYS: readonly Overlay[] = [STOCK, ...BROKEN_BUILDS.map(({ overlay }) => overlay)];
