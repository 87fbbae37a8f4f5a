import type { Rejected } from '../core/errors.ts';
import type { Desired, LeaseReport, Observation } from '../contract/cluster/agent.ts';
import type { BootStepReport } from '../contract/machines/boot-steps.ts';
import type { DesiredParts, PartsAnswer } from '../contract/cluster/desired-parts.ts';
import type { EnlistQuestion, EnlistReply } from '../contract/machines/enlist.ts';
import type { Doctor } from '../contract/cluster/doctor.ts';
import type { RegionMemory } from '../contract/cluster/memory.ts';
import type { ClusterStatus } from '../contract/cluster/status.ts';
import type { Event } from '../contract/site/event.ts';
import type { RegisterAnswer } from '../contract/cluster/registration.ts';
import type { RouteId } from '../contract/routes.ts';
import type { Rack } from '../model/cluster/rack.ts';
import type { MetadataPort } from './machines/metadata/port.ts';
import type { CommandPort } from './base/commands/port.ts';
import type { ImagePort } from './images/port.ts';
import type { KeyOrigin, KeyPort, PresentedKey, SessionPort } from './people/accounts/port.ts';
import type { TrustPort } from './cluster/trust/port.ts';
import type { AnsweredRequest } from './base/latencies.ts';
import type { Announcement } from './cluster/trust/registration.ts';
import type {
  CallContext,
  Caller,
  CallInput,
  DatabaseHealth,
  CallOutcome,
  PlannedCall,
  WakePort,
} from './base/port.ts';

export type { Caller, KeyOrigin, PresentedKey };

/** What an agent holds; 0 and '' for nothing. */
interface HeldConfiguration {
  readonly generation: number;
  readonly digest: string;
  /** It takes the parts that it does not hold instead of the whole body. */
  readonly parts?: boolean;
}

/** What agents may ask of the region. A node reaches only its own. */
export interface AgentPort {
  /** The node's id when the secret is the one it was given, else null. */
  authenticate(nodeId: string, secret: string): Promise<string | null>;
  /** The desired state when it differs from what the agent holds, else null. Remembers what the agent holds. */
  pull(nodeId: string, held: HeldConfiguration): Promise<Desired | DesiredParts | null>;
  /** Parts of what is published for the node, as far as it names them. */
  parts(nodeId: string, digests: readonly string[]): Promise<PartsAnswer>;
  observe(nodeId: string, observation: Observation): Promise<void>;
  /**
   * Stores what changed in the node's leases; a `conflict` if an earlier report is missing: the agent must report all
   * leases again.
   */
  leases(nodeId: string, report: LeaseReport): Promise<Rejected | null>;
  /** Stores what the node saw of machines that boot, each step once. */
  bootSteps(nodeId: string, report: BootStepReport): Promise<Rejected | null>;
  readonly commands: CommandPort;
  /** What becomes of a machine that boots and that the rack of this node does not know. */
  enlist(nodeId: string, question: EnlistQuestion): Promise<EnlistReply>;
  /** Decides a registration (model/registration.ts). */
  register(announced: Announcement): Promise<RegisterAnswer | Rejected>;
  /** State, key and node of a rack; null when nobody registered so. */
  rack(uuid: string): Promise<Pick<Rack, 'uuid' | 'state' | 'publicKey' | 'nodeId'> | null>;
  /** True if this key never used this number before. From then on it is used, on every region. */
  takeNonce(publicKey: string, nonce: string): Promise<boolean>;
}

/** Reading of the event log. */
interface EventPort {
  /** At most `limit` events with an id above `after`, in order, as the caller may see them; `kind`: an exact kind or its noun. */
  read(after: number, limit: number, caller: Pick<Caller, 'role' | 'user'>, kind?: string): Promise<readonly Event[]>;
  latest(): Promise<number>;
  /** Null, or the refusal if events above `after` are no longer stored: going on from there would leave a gap. */
  gapAfter(after: number): Promise<Rejected | null>;
}

/** What needs no database: for root on this host and for other regions, when it is away. */
export interface HostPort {
  /** Keeps a node's report in memory, whether or not the database takes it. */
  remember(nodeId: string, report: Observation): void;
  recall(): Promise<RegionMemory>;
  cluster(): Promise<ClusterStatus>;
  doctor(): Promise<Doctor>;
}

/** The region as its transports see it (API v1, agent channel; later the MAAS API): one set of use cases. */
export interface Region extends KeyPort {
  readonly version: string;
  /** Name of the node that this one runs on. */
  readonly node: string;
  /** Null, or the refusal when the caller's role does not allow the call. */
  mayCall(id: RouteId, caller: Caller): Rejected | null;
  call(id: RouteId, input: CallInput, context: CallContext): Promise<CallOutcome | Rejected>;
  /** Calls that change something, in one transaction: all of them in their order, or none. Their answers' bodies. */
  callTogether(calls: readonly PlannedCall[], context: CallContext): Promise<readonly unknown[] | Rejected>;
  readonly sessions: SessionPort;
  readonly agents: AgentPort;
  readonly trust: TrustPort;
  readonly metadata: MetadataPort;
  readonly host: HostPort;
  readonly images: ImagePort;
  readonly wake: WakePort;
  readonly events: EventPort;
  /** Counts a request that was answered, for the metrics. */
  noteRequest(request: AnsweredRequest): void;
  health(): Promise<DatabaseHealth>;
  /** Are calls held because there is just now no primary for any region? */
  isHeld(): boolean;
}
