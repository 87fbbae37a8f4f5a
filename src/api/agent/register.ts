import type { Socket } from 'node:net';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { checkClock, isProven, parseRackAuthorization } from '../../contract/cluster/rack-signature.ts';
import type { RegisterAnswer } from '../../contract/cluster/registration.ts';
import { NODE_CREDENTIAL_HEADER, REGISTER_PATH, RegisterRequest } from '../../contract/cluster/registration.ts';
import { isRejected, type Rejected, rejected } from '../../core/errors.ts';
import { clientAddress } from '../client-address.ts';
import { createLimiter, sourceOf } from '../limiter.ts';
import type { PeerIdentity } from '../peers.ts';
import { type ApiPorts, sendProblem } from '../server.ts';
import { bodyValidator } from '../validate.ts';
import { credentialOf } from './authenticate.ts';

/**
 * `isOwnHost`: peer credentials of the local socket; absent on a port, because no caller of a port is local, whatever
 * its address. `peerOf`: where callers show certificates.
 */
export interface RegisterPorts extends ApiPorts {
  readonly isOwnHost?: ((socket: Socket) => Promise<boolean>) | undefined;
  readonly peerOf?: ((socket: Socket) => PeerIdentity | null) | undefined;
}

const BODY_MAX = 4096;
/**
 * Registrations of unknown keys: per source, and of all sources together. A key that was answered before has an allowance of its own, so
 * that floods of unknown hosts do not keep known racks out.
 */
const PER_SOURCE = { burst: 10, perSecond: 0.5, names: 10_000 } as const;
const OF_ALL = { burst: 60, perSecond: 10, names: 1 } as const;
const PER_KEY = { burst: 10, perSecond: 0.5, names: 10_000 } as const;
const KNOWN_MAX = 5000;
const UNREADABLE = rejected(
  'unauthenticated',
  'A registration is signed by the rack\'s own key: "Authorization: Regent-Rack uuid=…,time=…,nonce=…,signature=…".',
);

/** `POST /agent/v1/register`: a rack announces itself, signed by its key, and learns its state. */
export function registerRegistration(app: FastifyInstance, ports: RegisterPorts): void {
  const admission = createAdmission(ports);
  const validate = bodyValidator(RegisterRequest);
  app.post(REGISTER_PATH, { bodyLimit: BODY_MAX }, async (request, reply) => {
    const checked = validate(request.body);
    if (isRejected(checked)) return sendProblem(reply, checked);
    const body = checked.value as RegisterRequest;
    const proof = parseRackAuthorization(request.headers.authorization);
    if (proof === null || proof.uuid !== body.uuid.toLowerCase()) return sendProblem(reply, UNREADABLE);
    const call = { method: request.method, path: request.url, body: request.body };
    const prove = () => isProven(call, proof, body.publicKey);
    const refusal =
      admission.check(body.publicKey, sourceOf(clientAddress(request)), prove) ??
      checkClock(proof.time, ports.clock.now());
    if (refusal) return sendProblem(reply, refusal);
    const answer = await announce(ports, request, { ...body, nonce: proof.nonce, isProven: prove() });
    if (isRejected(answer)) return sendProblem(reply, answer);
    admission.remember(body.publicKey);
    return reply.send(answer);
  });
}

async function announce(
  ports: RegisterPorts,
  request: FastifyRequest,
  announced: RegisterRequest & { readonly nonce: string; readonly isProven: boolean },
): Promise<RegisterAnswer | Rejected> {
  const { agents } = ports.region;
  const isLocal = ports.isOwnHost !== undefined && (await ports.isOwnHost(request.raw.socket));
  const credentialNodeId = isLocal ? await credentialOf(request.headers[NODE_CREDENTIAL_HEADER], agents) : null;
  if (isRejected(credentialNodeId)) return credentialNodeId;
  const peer = ports.peerOf?.(request.raw.socket) ?? null;
  const nodeId = peer && (await ports.region.trust.isServed(peer.nodeId)) ? peer.nodeId : credentialNodeId;
  return agents.register({
    ...announced,
    arrival: isLocal ? 'own_host' : 'elsewhere',
    token: 'none',
    nodeId,
    source: clientAddress(request) || 'unix',
  });
}

/** May this caller ask now? See the limits above. */
function createAdmission({ clock }: RegisterPorts) {
  const known = new Set<string>();
  const bySource = createLimiter(clock, PER_SOURCE);
  const byKey = createLimiter(clock, PER_KEY);
  const ofAll = createLimiter(clock, OF_ALL);
  return {
    check(publicKey: string, source: string, prove: () => boolean): Rejected | null {
      // The public key alone is no secret: only its holder uses its allowance up.
      const limits =
        known.has(publicKey) && prove()
          ? ([[byKey, publicKey]] as const)
          : ([
              [bySource, source],
              [ofAll, ''],
            ] as const);
      if (!limits.every(([limiter, name]) => limiter.mayTry(name)))
        return rejected(
          'too_many_requests',
          `Too many racks register from ${source}, or at all, just now. Try again later.`,
        );
      for (const [limiter, name] of limits) limiter.count(name);
      return null;
    },
    remember(publicKey: string): void {
      const [oldest] = known;
      if (known.size >= KNOWN_MAX && oldest !== undefined) known.delete(oldest);
      known.add(publicKey);
    },
  };
}
