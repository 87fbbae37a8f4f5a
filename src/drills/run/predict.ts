import type { WhatIfEvent } from '../../contract/cluster/what-if.ts';
import { sentenceOf } from '../../core/errors.ts';
import type { HazardStep } from '../hazards/hazard.ts';
import type { Prediction } from '../report/round.ts';
import type { Environment } from './environment.ts';
import { isHealing } from './act-text.ts';

/** A question to the cluster's model. */
type Question = { readonly node: string; readonly event: WhatIfEvent };

/** The one node's death, cut or drain that these steps are; null: they are something else, of which the model knows nothing. */
export function questionOf(steps: readonly HazardStep[]): Question | null {
  const acts = steps.map(({ act }) => act).filter((act) => !isHealing(act));
  const [first] = acts;
  if (acts.length === 1 && first?.do === 'regent') return drainOf(first.argv);
  if (first === undefined || !('host' in first) || typeof first.host !== 'string') return null;
  const node = first.host;
  if (acts.length === 1 && first.do === 'kill') return { node, event: 'dies' };
  if (acts.length === 1 && first.do === 'cut') return { node, event: 'is-cut-off' };
  return null;
}

/** `node drain NODE`; null: another command. */
function drainOf([noun, verb, node]: readonly string[]): Question | null {
  return noun === 'node' && verb === 'drain' && node !== undefined ? { node, event: 'drains' } : null;
}

/**
 * Asks the cluster what it expects of these steps; nothing when they are none that it knows. What has no end in sight is left out. Never
 * throws: a round is played without it, and `note` gets the reason.
 */
export async function predict(
  { client }: Pick<Environment, 'client'>,
  steps: readonly HazardStep[],
  note: (text: string) => void,
): Promise<readonly Prediction[] | undefined> {
  const query = questionOf(steps);
  if (query === null) return undefined;
  try {
    const { body } = await client.call('cluster.what-if', { query });
    return body.outages.flatMap(({ probe, leastMs, mostMs }) => (mostMs === null ? [] : [{ probe, leastMs, mostMs }]));
  } catch (error) {
    note(`no prediction: ${sentenceOf(error)}`);
    return undefined;
  }
}
