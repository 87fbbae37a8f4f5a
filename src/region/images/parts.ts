import { isRejected, type Rejected, rejected, sentenceOf } from '../../core/errors.ts';
import type { Clock } from '../../core/ports.ts';
import type { Database } from '../../store/database.ts';
import { readPeerAddresses } from '../../store/queries/images/images.ts';
import type { ImageFileName, FileWanted, ImageDisk, ImagePeers } from './port.ts';

/** How long another region node may take to state what it has: less than an uploader waits for the answer. */
const STATE_MS = 4000;
/** How long bytes are fetched while a piece waits. What came until then stays, and the next try goes on there. */
const FILL_MS = 20_000;
const CALL = { deadlineMs: 4000 } as const;

interface PartPorts {
  readonly db: Database;
  readonly node: string;
  readonly disk: ImageDisk;
  readonly peers: ImagePeers;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** Files whose upload is unfinished, whichever region node got their first bytes. */
export interface UploadParts {
  /** Bytes that are here. */
  here(file: ImageFileName): Promise<number>;
  /** The most that any region node has. */
  received(file: ImageFileName): Promise<number | Rejected>;
  /** Fetches what is missing here before byte `until` from another region node; null: nothing is missing. */
  fill(file: FileWanted, until: number): Promise<Rejected | null>;
}

/**
 * Pieces of one upload may come to different region nodes, because load balancers spread requests. The node that gets a piece fetches what is before it. So
 * several nodes have the beginning, and the upload goes on when one of them dies.
 */
export function createParts(ports: PartPorts): UploadParts {
  const { db, node, disk, peers, clock, signal } = ports;

  const here = async (file: ImageFileName): Promise<number> => {
    const whole = (await disk.list()).find(({ image, name }) => image === file.image && name === file.name);
    return whole?.size ?? disk.received(file);
  };
  /** What the others have, most first. A node that does not answer has nothing for us now. */
  const elsewhere = async (file: ImageFileName) => {
    const addresses = await db.autocommitRead((tx) => readPeerAddresses(tx, node), CALL);
    if (isRejected(addresses)) return addresses;
    const time = AbortSignal.any([signal, AbortSignal.timeout(STATE_MS)]);
    const found = await Promise.all(
      addresses.map(async (address) => ({ address, bytes: await peers.received(address, file, time).catch(() => 0) })),
    );
    return found.toSorted((one, other) => other.bytes - one.bytes);
  };

  return {
    here,
    received: async (file) => {
      const others = await elsewhere(file);
      return isRejected(others) ? others : Math.max(await here(file), others[0]?.bytes ?? 0);
    },
    fill: async (file, until) => {
      if ((await disk.received(file)) >= until) return null;
      const others = await elsewhere(file);
      if (isRejected(others)) return others;
      const end = AbortSignal.any([signal, AbortSignal.timeout(FILL_MS)]);
      const started = clock.monotonic();
      const reasons: string[] = [];
      for (const { address, bytes } of others) {
        if (bytes < until || end.aborted) break;
        try {
          const start = await disk.received(file);
          const from = await peers.fetchPart(address, file, { start, until, signal: end });
          const refusal = await disk.write(file, from, { start, until, isResumable: true });
          if (refusal === null) return null;
          reasons.push(refusal.message);
        } catch (error) {
          reasons.push(`${address}: ${sentenceOf(error)}`);
        }
      }
      const came = await disk.received(file);
      if (came >= until) return null;
      if (clock.monotonic() - started >= FILL_MS)
        return rejected(
          'too_many_requests',
          `${node} fetches the first ${until} bytes of ${file.name} from another region node; ${came} are here. Send the piece again.`,
        );
      const why = reasons.length === 0 ? 'No other region node has them.' : reasons.join('; ');
      return rejected(
        'conflict',
        `${file.name}: the piece begins at byte ${until}, and ${node} has ${came} bytes. ${why} Rule: pieces follow each other; go on at byte ${came}.`,
      );
    },
  };
}
