import { sentenceOf } from '../../core/errors.ts';
import { dress, undress } from '../dressing/dress.ts';
import { DRESSINGS } from '../dressing/known.ts';
import type { Dressing } from '../dressing/dressing.ts';
import { STOCK } from '../dressing/stock.ts';
import { forStock } from '../hazards/compared.ts';
import { healAll } from './acts.ts';
import type { Stage } from './stage.ts';
import { type Played, playSuite, type SuiteOrder } from './suite.ts';
import { needWell } from './well.ts';

const WELL_MS = 180_000;

/** A run with our settings and then with stock ones. `isStockOnly`: without the first. */
export interface BaselineOrder extends SuiteOrder {
  readonly isStockOnly: boolean;
}

/**
 * Plays the hazards with our settings, then with the stock ones of the same engines: on the same hosts, with the same seeds, so that what both
 * took can be divided. The cluster has its own settings again, and is well, when this is over, also after a failure.
 */
export async function playBaseline(order: BaselineOrder): Promise<Played[]> {
  const own = order.isStockOnly ? [] : await playSuite(order);
  if (order.signal.aborted) return own;
  const stock = await dressed(order, STOCK, (stage) =>
    playSuite({ ...order, stage, hazards: order.hazards.map(forStock), label: 'baseline' }),
  );
  return [...own, ...stock];
}

/** Does something while the region nodes run so. `play` gets a stage that does not ask for what they then cannot have. */
export async function dressed<T>(
  { stage, say }: Pick<SuiteOrder, 'stage' | 'say'>,
  dressing: Dressing,
  play: (stage: Stage) => Promise<T>,
): Promise<T> {
  await needWell(stage, WELL_MS);
  try {
    say(`region nodes get: ${dressing.title}`);
    await dress(stage, dressing);
    return await play({ ...stage, redundancy: 'streaming' });
  } finally {
    await undressed({ stage, say });
    await needWell(stage, WELL_MS);
  }
}

/** Gives region nodes their own settings back, where an earlier run was cut off; boots what is off. */
export async function undressed({ stage, say }: Pick<SuiteOrder, 'stage' | 'say'>): Promise<void> {
  try {
    await healAll(stage);
    const found = await undress(stage, DRESSINGS);
    if (found.length > 0) say(`region nodes have their own settings again (${found.join(', ')} is over)`);
  } catch (error) {
    say(`region nodes may still have other settings: ${sentenceOf(error)}`);
    throw error;
  }
}
