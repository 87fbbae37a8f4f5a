import { isRejected } from '../../core/errors.ts';
import { parseNetwork } from '../../core/ip.ts';
import type { Finding } from '../kit/contract.ts';
import type { ProxyDesired } from './desired.ts';

/** Rules for the whole desired state. */
export function lintProxy(desired: ProxyDesired): readonly Finding[] {
  return desired.clients
    .map((cidr, index) => ({ cidr, index }))
    .filter(({ cidr }) => isEverybody(cidr))
    .map(({ cidr, index }) => ({
      code: 'proxy_open',
      severity: 'error' as const,
      part: `/clients/${index}`,
      subject: `network ${cidr}`,
      sentence: `network ${cidr} would open the proxy to everybody: a subnet that may use it is /8 or longer (IPv6: /16).`,
    }));
}

/** The API refuses such subnets; this is the second check. */
function isEverybody(cidr: string): boolean {
  const network = parseNetwork(cidr);
  return isRejected(network) || network.prefix < (network.family === 4 ? 8 : 16);
}
