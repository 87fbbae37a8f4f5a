import { isRejected, type Rejected } from '../../core/errors.ts';
import type { Random } from '../../core/ports.ts';
import type { Sealer, SealingKey } from '../../core/seal.ts';
import { deriveSecret, NONCE_BYTES, seal, sealingKeyFrom, unseal } from '../../core/seal.ts';

export type { Sealer };

const PURPOSE = 'power secrets';

/** Who has the private key of the cluster's authority, PEM. */
type KeyHolder = { inheritance(): Promise<{ readonly key: string } | Rejected> };

/** The cluster's sealer: its key follows from the private key of the authority, which every region node has and no dump of the database. */
export function sealerOf({ ca, random }: { readonly ca: KeyHolder; readonly random: Pick<Random, 'hex'> }): Sealer {
  const key = async (): Promise<SealingKey | Rejected> => {
    const inherited = await ca.inheritance();
    return isRejected(inherited) ? inherited : sealingKeyFrom(inherited.key.trim(), PURPOSE);
  };
  return {
    seal: async (place, text) => {
      const own = await key();
      return isRejected(own) ? own : seal(own, place, text, random.hex(NONCE_BYTES));
    },
    open: async (place, sealed) => {
      const own = await key();
      return isRejected(own) ? own : unseal([own], place, sealed);
    },
    derive: async (place) => {
      const inherited = await ca.inheritance();
      return isRejected(inherited) ? inherited : deriveSecret(inherited.key.trim(), place);
    },
  };
}
