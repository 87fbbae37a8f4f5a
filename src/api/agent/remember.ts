import type { Socket } from 'node:net';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Observation } from '../../contract/cluster/agent.ts';
import { isRejected } from '../../core/errors.ts';
import type { Region } from '../../region/port.ts';
import type { PeerIdentity } from '../peers.ts';
import { rawValidator } from '../validate.ts';
import type { AgentGate } from './gate.ts';

/** Who is known without the database: by the certificate of the connection, or as this host's own by the socket. */
interface RememberPorts {
  readonly region: Pick<Region, 'host'>;
  readonly isLocal: boolean;
  readonly isOwnHost?: ((socket: Socket) => Promise<boolean>) | undefined;
  readonly peerOf?: ((socket: Socket) => PeerIdentity | null) | undefined;
}

/** Hooks of the call that takes reports. `isOvertaken`: did a later report of the node come while this one waited for the database? */
interface ReportHooks {
  readonly hooks: Partial<AgentGate['hooks']>;
  isOvertaken(nodeId: string, request: FastifyRequest): boolean;
}

/**
 * The gate's hooks for reports. While the database is away the gate can let nobody in, and then a report is worth most. So a report is
 * stored in memory first if a certificate, or the kernel for this host's agent, proves its sender. Elsewhere: the gate's own hooks.
 */
export function reportHooks(gate: AgentGate, ports: RememberPorts): ReportHooks {
  const { peerOf, isOwnHost, isLocal, region } = ports;
  if (!peerOf && !(isLocal && isOwnHost)) return { hooks: gate.hooks, isOvertaken: () => false };
  let arrivals = 0;
  const arrivalOf = new WeakMap<FastifyRequest, number>();
  const newest = new Map<string, number>();
  const validate = rawValidator(Observation);
  const own = new WeakMap<Socket, Promise<boolean>>();
  const isFromHere = (socket: Socket) => {
    const known = own.get(socket) ?? isOwnHost?.(socket) ?? Promise.resolve(false);
    own.set(socket, known);
    return known;
  };
  const hooks = {
    preHandler: async (request: FastifyRequest, reply: FastifyReply) => {
      const checked = validate(request.body);
      if (!isRejected(checked)) {
        const report = checked.value as Observation;
        const { socket } = request.raw;
        const isTheirs = peerOf ? peerOf(socket)?.nodeId === report.nodeId : await isFromHere(socket);
        if (isTheirs) {
          region.host.remember(report.nodeId, report);
          arrivals += 1;
          arrivalOf.set(request, arrivals);
          newest.set(report.nodeId, arrivals);
        }
      }
      return (await gate.hooks.onRequest(request, reply)) ?? gate.hooks.preHandler(request, reply);
    },
  };
  return { hooks, isOvertaken: (nodeId, request) => (arrivalOf.get(request) ?? Infinity) < (newest.get(nodeId) ?? 0) };
}
