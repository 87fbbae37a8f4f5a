import type { FastifyRequest } from 'fastify';
import { plainAddress } from '../core/ip.ts';
import type { KeyOrigin } from '../region/port.ts';
import { isSecure } from './cookie.ts';

/**
 * Where a call came from, as limits, sessions and the audit trail know it: IPv4 as IPv4, whatever the socket or a load balancer calls it. '' without an address (a
 * local socket).
 */
export const clientAddress = (request: FastifyRequest): string => plainAddress(request.ip ?? '');

/** How an API key came with this call. */
export function originOf(request: FastifyRequest): KeyOrigin {
  return { address: clientAddress(request), isTls: isSecure(request) };
}

/**
 * Did a proxy or a relay hand this call on? Ours say so in headers that no client can take away. A caller that says so itself loses what only direct callers
 * may ask.
 */
export function isForwarded(request: FastifyRequest): boolean {
  return Object.keys(request.headers).some((name) => name === 'forwarded' || name.startsWith('x-forwarded-'));
}
