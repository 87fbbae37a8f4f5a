import { compareEpochs, type Epoch, describeEpoch, parseEpoch } from '../../core/epoch.ts';
import { isRejected, sentenceOf } from '../../core/errors.ts';
import type { Log } from '../../core/ports.ts';
import { textDigest } from '../../core/stable-json.ts';
import type { DurableText } from '../../host/interface.ts';

/** What the agent knows of the epoch of its cluster. A region of an epoch that is over is no region for it, whatever certificate it shows. */
export interface EpochKeeper {
  /**
   * Checks the epoch that a region sent with an answer (null: a region of an earlier release sends none). A sentence: the region is of an epoch that is over, its
   * answer does not count. `authority`: the certificate of the cluster's authority; `isProven`: the region has shown that it is the authority's.
   */
  judge(epochText: string | null, authority: string, isProven: boolean): string | null;
}

/** Opens the keeper. A text that cannot be used counts as none: the next region sends its epoch again. */
export async function openEpochKeeper(text: DurableText, log: Log): Promise<EpochKeeper> {
  let held = await recall(text, log);
  return {
    judge(epochText, authority, isProven) {
      const epoch = epochText === null ? null : parseEpoch(epochText);
      if (epoch === null || isRejected(epoch)) return null;
      const of = textDigest(authority);
      // Another authority is another cluster.
      const known = held?.authority === of ? held.epoch : [];
      const order = compareEpochs(epoch, known);
      if (order < 0)
        return `it belongs to ${describeEpoch(epoch)} of the cluster, which has ended: this node knows ${describeEpoch(known)}`;
      if (isProven && (order > 0 || held?.authority !== of)) {
        if (order > 0)
          log.warn('the cluster was recovered: regions of the previous epoch are ignored', {
            epoch: describeEpoch(epoch),
          });
        held = { authority: of, epoch };
        text.write(JSON.stringify({ authority: of, epoch: epochText })).catch((error: unknown) => {
          log.warn('the epoch of the cluster could not be stored', { error: sentenceOf(error) });
        });
      }
      return null;
    },
  };
}

async function recall(
  text: DurableText,
  log: Log,
): Promise<{ readonly authority: string; readonly epoch: Epoch } | null> {
  try {
    const value: unknown = JSON.parse((await text.read()) ?? 'null');
    if (typeof value !== 'object' || value === null || !('authority' in value) || !('epoch' in value)) return null;
    const epoch = parseEpoch(String(value.epoch));
    return isRejected(epoch) ? null : { authority: String(value.authority), epoch };
  } catch (error) {
    log.warn('the stored epoch of the cluster cannot be read', { error: sentenceOf(error) });
    return null;
  }
}
