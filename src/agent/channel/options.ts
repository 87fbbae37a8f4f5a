import type { Clock, Random } from '../../core/ports.ts';
import type { EpochKeeper } from './epoch.ts';
import type { Trust } from './trust.ts';

/**
 * The identity and the key with which a rack signs its calls (`contract/cluster/rack-signature.ts`). `privateKey`: PKCS
 * #8 PEM.
 */
export type RackSigner = { readonly uuid: string; readonly privateKey: string; readonly clock: Clock };

/**
 * The addresses of the regions and the identity of this node. `urls`: configured addresses of the agent channel.
 * `apiUrls`: addresses of the API from rack.conf. `trust`: the certificate that the node shows at the regions' agent
 * port, read before every call. `credential`: `node:<nodeId>:<secret>` for the socket of this host's own region.
 * `rack`: signs the calls of a node that has neither. `own`: addresses of this host. `agentPort`: set only by tests.
 */
export interface ChannelOptions {
  readonly urls: readonly string[];
  readonly apiUrls?: readonly string[];
  readonly credential: string | null;
  readonly rack: RackSigner | null;
  readonly trust?: () => Trust | null;
  readonly own?: () => ReadonlySet<string>;
  readonly clock: Clock;
  readonly random: Random;
  readonly agentPort?: number;
  /**
   * Socket of the region on this host. If no region can be reached over the network, this region renews the node's
   * certificate.
   */
  readonly hostSocket?: string;
  /** Absent: the agent accepts regions of any epoch. */
  readonly epoch?: EpochKeeper;
}
