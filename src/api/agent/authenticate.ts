import type { IncomingHttpHeaders } from 'node:http';
import type { RackProof, SignedCall } from '../../contract/cluster/rack-signature.ts';
import { checkClock, isProven, parseRackAuthorization, RACK_SCHEME } from '../../contract/cluster/rack-signature.ts';
import { type Rejected, rejected } from '../../core/errors.ts';
import type { Clock } from '../../core/ports.ts';
import type { Rack } from '../../model/cluster/rack.ts';
import type { AgentPort } from '../../region/port.ts';
import type { TrustPort } from '../../region/cluster/trust/port.ts';
import { createLimiter } from '../limiter.ts';
import type { PeerIdentity } from '../peers.ts';

/** Who calls, as far as it is known before the body is read. */
export type Recognised =
  | { readonly kind: 'node'; readonly nodeId: string }
  | { readonly kind: 'certificate'; readonly nodeId: string; readonly serial: string }
  | { readonly kind: 'rack'; readonly proof: RackProof; readonly rack: KnownRack };
type KnownRack = Pick<Rack, 'uuid' | 'state' | 'publicKey' | 'nodeId'>;

/** What the authenticator is built from. `isLocal`: the listener is the agent's own, where bearer credentials count. */
export interface NodeAuthPorts {
  readonly agents: Pick<AgentPort, 'authenticate' | 'rack' | 'takeNonce'>;
  readonly trust: Pick<TrustPort, 'isServed'>;
  readonly clock: Clock;
  readonly isLocal: boolean;
}

/** Finds out which node calls. */
export interface NodeAuthenticator {
  /** Before the body is read. `source`: the peer, for the limit of failures. */
  recognise(headers: IncomingHttpHeaders, source: string): Promise<Recognised | Rejected>;
  /** By the certificate that the caller showed, which was checked already. Its role comes from the database, not from the certificate. */
  recognisePeer(peer: PeerIdentity | null): Promise<Recognised | Rejected>;
  /** With the body: the node's id, when the call is proven and the node may have anything. */
  prove(who: Recognised, call: SignedCall): Promise<{ readonly nodeId: string } | Rejected>;
}

const BEARER = /^Bearer +node:([a-z0-9][a-z0-9-]{0,62}):([A-Za-z0-9]{16,128})$/i;
const FAILURES = { burst: 20, perSecond: 1, names: 10_000 } as const;

/**
 * Finds out which node calls: by its certificate on the port that asks for one; on the agent's socket by `Authorization: Bearer
 * node:<nodeId>:<secret>`; elsewhere by a rack's signature (`contract/cluster/rack-signature.ts`): racks that wait, or have no certificate yet.
 */
export function createNodeAuthenticator({ agents, trust, clock, isLocal }: NodeAuthPorts): NodeAuthenticator {
  const failures = createLimiter(clock, FAILURES);
  const wrong = (source: string, refusal: Rejected): Rejected => {
    failures.count(source);
    return refusal;
  };

  async function recogniseRack(header: string, source: string): Promise<Recognised | Rejected> {
    const proof = parseRackAuthorization(header);
    if (proof === null) return wrong(source, MALFORMED);
    const clockRefusal = checkClock(proof.time, clock.now());
    if (clockRefusal) return wrong(source, clockRefusal);
    const rack = await agents.rack(proof.uuid);
    return rack ? { kind: 'rack', proof, rack } : wrong(source, UNKNOWN);
  }

  return {
    async recognise({ authorization = '' }, source) {
      if (!failures.mayTry(source))
        return rejected(
          'too_many_requests',
          `There were too many wrong calls from ${source}. Try again in a few seconds.`,
        );
      if (authorization.startsWith(RACK_SCHEME)) return recogniseRack(authorization, source);
      const match = isLocal ? BEARER.exec(authorization) : null;
      const nodeId = match?.[1] && match[2] ? await agents.authenticate(match[1], match[2]) : null;
      return nodeId === null ? wrong(source, isLocal ? NO_CREDENTIAL : MALFORMED) : { kind: 'node', nodeId };
    },

    async recognisePeer(peer) {
      if (peer === null || !(await trust.isServed(peer.nodeId))) return NOT_IN_CLUSTER;
      return { kind: 'certificate', nodeId: peer.nodeId, serial: peer.serial };
    },

    async prove(who, call) {
      if (who.kind !== 'rack') return { nodeId: who.nodeId };
      const { rack, proof } = who;
      if (!isProven(call, proof, rack.publicKey)) return UNPROVEN;
      if (!(await agents.takeNonce(rack.publicKey, proof.nonce))) return REPLAYED;
      if (rack.state === 'accepted' && rack.nodeId !== null) return { nodeId: rack.nodeId };
      return rejected('forbidden', `This rack is ${rack.state}.`);
    },
  };
}

/** Reads a bearer credential that came beside a signature; null: none came. */
export async function credentialOf(
  value: string | string[] | undefined,
  agents: Pick<AgentPort, 'authenticate'>,
): Promise<string | null | Rejected> {
  if (value === undefined) return null;
  const match = BEARER.exec(`Bearer ${String(value)}`);
  return (match?.[1] && match[2] ? await agents.authenticate(match[1], match[2]) : null) ?? NO_CREDENTIAL;
}

const unauthenticated = (message: string) => rejected('unauthenticated', message);
const NO_CREDENTIAL = unauthenticated(
  'The node credential is missing or wrong. "regent init" or a new join on that host makes a new one.',
);
const MALFORMED = unauthenticated(`The agent channel on this port accepts only "Authorization: ${RACK_SCHEME} …".`);
const UNKNOWN = unauthenticated('No rack with this UUID is registered. Its agent registers at its start.');
const NOT_IN_CLUSTER = rejected(
  'forbidden',
  'The node of this certificate is not part of the cluster (any more). An admin lets it in: regent token create.',
);
const UNPROVEN = unauthenticated("The signature is not that of the rack's key over this call.");
const REPLAYED = unauthenticated('This call was received before: every one needs a nonce of its own.');
