import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { AppError, isRejected } from '../../core/errors.ts';
import { publicKeyOf } from '../../core/signature.ts';
import type { DurableText } from '../../host/interface.ts';
import { parseRackUuid } from '../../model/cluster/rack.ts';

/** Who this host is as a rack. `privateKey`: PKCS #8 PEM; it never leaves the host. */
export type RackIdentity = { readonly uuid: string; readonly publicKey: string; readonly privateKey: string };

/**
 * The identity of this host, created if it is missing and stored in the agent's state folder (`rack-uuid`, `rack-key`, 0600). `configured`: the
 * CLUSTER_UUID of `rack.conf`, which wins: a rebuilt rack gets its place back by it.
 */
export async function openRackIdentity(
  configured: string | null,
  text: (name: string) => DurableText,
): Promise<RackIdentity> {
  const storedUuid = (await text('rack-uuid').read())?.trim() ?? '';
  const known = parseRackUuid(storedUuid);
  const uuid = configured ?? (isRejected(known) ? randomUUID() : known);
  if (uuid !== storedUuid) await text('rack-uuid').write(`${uuid}\n`);
  const privateKey = (await text('rack-key').read()) ?? (await makeKey(text('rack-key')));
  try {
    return { uuid, privateKey, publicKey: publicKeyOf(privateKey) };
  } catch (error) {
    throw new AppError(
      'configuration',
      "The rack's key is not an Ed25519 key in PEM. Restore /var/lib/regent/agent/rack-key from a backup. Or remove that file, restart the agent, " +
        `and have an admin run "regent rack reset-key ${uuid}"`,
      // What the parser says might repeat the key.
      { cause: error instanceof TypeError ? error : undefined },
    );
  }
}

async function makeKey(file: DurableText): Promise<string> {
  const { privateKey } = generateKeyPairSync('ed25519');
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  await file.write(pem);
  return pem;
}
