import { sentenceOf } from '../../core/errors.ts';
import { applyOverlay, removeOverlays } from '../overlay/apply.ts';
import { OVERLAYS } from '../overlay/broken.ts';
import type { Overlay } from '../overlay/overlay.ts';
import { STOCK_PAIR } from '../overlay/stock-pair.ts';
import { STOCK } from '../overlay/stock.ts';
import { forStock, isOfRacks } from '../hazards/compared.ts';
import { healAll } from './acts.ts';
import type { Environment } from './environment.ts';
import { type Played, playSuite, type SuiteOrder } from './suite.ts';
import { needWell } from './well.ts';

const WELL_MS = 180_000;

/** A run with our settings and then with stock ones. `isStockOnly`: without the first. */
export type BaselineOrder = SuiteOrder & { readonly isStockOnly: boolean };

/**
 * Plays the hazards with our settings, then with the stock ones of the same engines: on the same hosts, with the same seeds, so that what both
 * took can be divided. The cluster has its own settings again, and is well, when this is over, also after a failure.
 */
export async function playBaseline(order: BaselineOrder): Promise<Played[]> {
  const own = order.isStockOnly ? [] : await playSuite(order);
  const all = [...own];
  for (const [overlay, hazards] of [
    [STOCK, order.hazards.filter((hazard) => !isOfRacks(hazard))],
    [STOCK_PAIR, order.hazards.filter(isOfRacks)],
  ] as const) {
    if (hazards.length === 0 || order.signal.aborted) continue;
    const play = (environment: Environment) =>
      playSuite({ ...order, environment, hazards: hazards.map(forStock), label: 'baseline' });
    all.push(...(await withOverlay(order, overlay, play)));
  }
  return all;
}

/** Does something while the hosts of an overlay run so. `play` gets an environment that does not ask for what they then cannot have. */
export async function withOverlay<T>(
  { environment, say }: Pick<SuiteOrder, 'environment' | 'say'>,
  overlay: Overlay,
  play: (environment: Environment) => Promise<T>,
): Promise<T> {
  await needWell(environment, WELL_MS);
  try {
    say(`${overlay.on ?? 'region nodes'} get: ${overlay.title}`);
    await applyOverlay(environment, overlay);
    return await play({ ...environment, redundancy: 'streaming' });
  } finally {
    await withoutOverlays({ environment, say });
    await needWell(environment, WELL_MS);
  }
}

/** Gives all hosts their own settings back, where an earlier run was cut off; boots what is off. */
export async function withoutOverlays({ environment, say }: Pick<SuiteOrder, 'environment' | 'say'>): Promise<void> {
  try {
    await healAll(environment);
    const found = await removeOverlays(environment, OVERLAYS);
    if (found.length > 0) say(`all hosts have their own settings again (${found.join(', ')} is over)`);
  } catch (error) {
    say(`hosts may still have other settings: ${sentenceOf(error)}`);
    throw error;
  }
}
