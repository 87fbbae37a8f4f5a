import { isRejected, type Rejected } from '../../core/errors.ts';
import type { Random } from '../../core/ports.ts';
import { NONCE_BYTES, seal, type SealingKey, sealingKeyFrom, unseal } from '../../core/seal.ts';
import type { CertificateAuthority } from './port.ts';

/** Seals what the database must not be able to tell. `place`: where the text is stored. Both refuse (`unavailable`) without the cluster's authority. */
export interface Sealer {
  seal(place: string, text: string): Promise<string | Rejected>;
  open(place: string, sealed: string): Promise<string | Rejected>;
}

const PURPOSE = 'power secrets';

/** The cluster's sealer: its key follows from the private key of the authority, which every region node has and no dump of the database. */
export function sealerOf({
  ca,
  random,
}: {
  readonly ca: Pick<CertificateAuthority, 'inheritance'>;
  readonly random: Pick<Random, 'hex'>;
}): Sealer {
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
  };
}
