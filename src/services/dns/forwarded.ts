import { isInDomain, relativeName } from '../../model/names/names.ts';
import { ownForwardAmong } from '../../model/site/circle.ts';
import { forwardServerOf } from '../../model/names/forward-server.ts';
import type { Snapshot } from '../../model/snapshot.ts';
import type { Finding } from '../kit/contract.ts';
import type { Forwarded, ZoneRecord } from './desired.ts';
import type { Domain } from '../../model/names/domain.ts';

/** Longest domain below which a name server's name fits, characters (RFC 1035 §3.1). */
const DELEGATED_MAX = 248;

/** Does this site answer for the domain? */
export const isServedHere = ({ authoritative }: Pick<Domain, 'authoritative'>): boolean => authoritative !== false;

/** The domains that are forwarded, without servers that are our own nodes: what these are sent would come back to them. */
export function forwardedOf({ domains, nodes }: Pick<Snapshot, 'domains' | 'nodes'>): {
  readonly forwarded: readonly Forwarded[];
  readonly findings: readonly Finding[];
} {
  const findings: Finding[] = [];
  const forwarded = domains.flatMap((domain): Forwarded[] => {
    if (isServedHere(domain)) return [];
    const servers = (domain.forwardTo ?? []).filter((server) => {
      const own = ownForwardAmong([server], nodes);
      if (own !== null) findings.push(circle(domain.name, server, own.node));
      return own === null;
    });
    return servers.length === 0 ? [] : [{ zone: domain.name, servers: servers.map(forwardServerOf) }];
  });
  return { forwarded: forwarded.sort((a, b) => (a.zone < b.zone ? -1 : 1)), findings };
}

function circle(domain: string, server: string, node: string): Finding {
  return {
    code: 'forward_circle',
    severity: 'error',
    subject: `domain ${domain}`,
    sentence: `Queries for ${domain} are to go to ${server}, which is the cluster's own node ${node}. They would go in a circle, so none is sent there.`,
    held: `server ${server} of ${domain}`,
    remedy: `Name another server: regent domain set ${domain} --forward-to ADDRESS.`,
  };
}

/**
 * What a zone of ours says of a forwarded domain in it: its name servers, with their addresses. Without it the zone would answer that the domain does
 * not exist, and no server would be queried. A name server has no port here: other clients use port 53.
 */
export function delegationOf(zone: string, { zone: child, servers }: Forwarded): readonly ZoneRecord[] {
  if (child === zone || !isInDomain(child, zone) || child.length > DELEGATED_MAX) return [];
  const addresses = [...new Set(servers.map(({ address }) => address))];
  return addresses.flatMap((data, index): ZoneRecord[] => {
    const server = `ns${index + 1}.${child}`;
    return [
      { name: relativeName(child, zone), type: 'NS', data: server },
      { name: relativeName(server, zone), type: data.includes(':') ? 'AAAA' : 'A', data },
    ];
  });
}

/** Domains that nobody finds: others are to answer for them, nobody says who, and a zone of ours that holds their names says that there are none. */
export function lintForwarded({ domains }: Pick<Snapshot, 'domains'>): readonly Finding[] {
  const served = domains.filter(isServedHere);
  return domains.flatMap((domain): Finding[] => {
    const above = served.find(({ name }) => isInDomain(domain.name, name));
    if (isServedHere(domain) || (domain.forwardTo ?? []).length > 0 || above === undefined) return [];
    const sentence = `Other servers answer for ${domain.name}, but it lies in ${above.name}, which this site serves, so clients do not find its names. Name its servers: regent domain set ${domain.name} --forward-to ADDRESS.`;
    return [{ code: 'domain_unreachable', severity: 'warning', subject: `domain ${domain.name}`, sentence }];
  });
}
