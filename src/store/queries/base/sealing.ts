import { isRejected, accept, rejected } from '../../../core/errors.ts';
import type { Sealer } from '../../../core/seal.ts';
import type { Feature } from '../../../model/cluster/cluster.ts';
import { isFeatureOn } from './features.ts';
import type { Tx } from '../../tx.ts';

const NOTHING = rejected('unavailable', 'This process has no key to seal secrets with.');

/** Of a process that stores no secrets. */
export const NO_SEALER: Sealer = { seal: async () => NOTHING, open: async () => NOTHING, derive: async () => NOTHING };

/** From then on every secret is stored sealed; before, an earlier release would not be able to read it. */
export const SEALED: Feature = 'sealed-secrets';

/** Does the cluster store every secret sealed? */
export const isSealing = (tx: Tx): Promise<boolean> => isFeatureOn(tx, SEALED);

/** Can this process seal and open? A site without an authority cannot, and so never turns the feature on. */
export const canSeal = async (sealer: Sealer): Promise<boolean> => !isRejected(await sealer.derive('probe'));

/** Seals a text; a refusal ends the transaction. */
export async function sealOrThrow({ sealer }: Tx, place: string, text: string): Promise<string> {
  return accept(await sealer.seal(place, text));
}

/** Opens a text; a refusal ends the transaction. */
export async function openOrThrow({ sealer }: Tx, place: string, sealed: string): Promise<string> {
  return accept(await sealer.open(place, sealed));
}
