import type { Clock, Random } from '../../core/ports.ts';
import type { EpochKeeper } from './epoch.ts';
import type { Trust } from './trust.ts';

/** What a rack signs its calls with (`contract/cluster/rack-signature.ts`). `privateKey`: PKCS #8 PEM. */
export interface RackSigner {
  readonly uuid: string;
  readonly privateKey: string;
  readonly clock: Clock;
}

/**
 * Where the regions are and who this node is. `urls`: of the agent channel, as configured; `apiUrls`: of the API, as rack.conf says. This node is
 * known by its certificate (`trust`, read before every call) at the regions' agent port; at its own region's socket by a credential
 * (`node:<nodeId>:<secret>`); without these by the rack's signature. `own`: addresses of this host. `agentPort`: another one in tests.
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
  /** Path of the own region's socket: it gives this host's own node a certificate while no region can otherwise. */
  readonly hostSocket?: string;
  /** Left out: it takes regions of any epoch. */
  readonly epoch?: EpochKeeper;
}
