import { isRejected } from '../../../core/errors.ts';
import { type DhcpSnippet, kindOfScope, parseSnippet, type SnippetKind } from '../../../model/networks/dhcp-snippet.ts';
import type { Snapshot } from '../../../model/snapshot.ts';
import type { Finding, OptionalParts } from '../../kit/contract.ts';
import type { DhcpDesired, DhcpNetwork } from '../desired.ts';
import { fixedMacs } from '../static-leases.ts';
import type { Snippet } from './desired.ts';

/** The snippets that a node's Kea has something to do with, as a member; none where there are none. */
export function snippetsFor(snapshot: Snapshot, networks: readonly DhcpNetwork[]): { snippets?: Snippet[] } {
  if ((snapshot.snippets ?? []).length === 0) return {};
  const subnets = networks.flatMap((network) => network.subnets);
  const cidrs = new Set(subnets.map(({ cidr }) => cidr));
  const macs = fixedMacs(subnets);
  const isHere = ({ scope }: DhcpSnippet) => scope === 'global' || cidrs.has(scope) || macs.has(scope);
  const snippets = (snapshot.snippets ?? [])
    .filter(isHere)
    .map(wireOf)
    .filter(({ text }) => text.replaceAll(/\s/g, '') !== '{}');
  return snippets.length === 0 ? {} : { snippets };
}

/** One text for one content, however an operator wrote it. An unreadable text goes as it is: it is reported and held back. */
function wireOf({ id, name, scope, text }: DhcpSnippet): Snippet {
  const body = parseSnippet(scope, text);
  return { id, name, scope, text: isRejected(body) ? text : JSON.stringify(body) };
}

/** Snippets that nobody gets: their subnet or their host is not served by DHCP. */
export function lintSnippets(snapshot: Snapshot): readonly Finding[] {
  return (snapshot.snippets ?? []).flatMap((snippet): Finding[] => {
    const why = idleness(snapshot, kindOfScope(snippet.scope), snippet.scope);
    if (why === null) return [];
    return [
      {
        code: 'snippet_idle',
        severity: 'warning',
        subject: `snippet ${snippet.name}`,
        sentence: `The snippet ${snippet.name} does nothing: ${why}.`,
        remedy: `Give it another scope, or switch it off: regent dhcp-snippet set ${snippet.name} --enabled off.`,
      },
    ];
  });
}

function idleness(snapshot: Snapshot, kind: SnippetKind, scope: string): string | null {
  if (kind === 'global') return null;
  if (kind === 'host')
    return isLeased(snapshot, scope) ? null : `no interface with the MAC ${scope} has a static lease`;
  const subnet = snapshot.subnets.find(({ cidr }) => cidr === scope);
  if (!subnet) return `there is no subnet ${scope} any more`;
  const vlan = snapshot.vlans.find(({ id }) => id === subnet.vlanId);
  return vlan?.dhcpOn === true ? null : `the VLAN of ${scope} has DHCP off`;
}

function isLeased({ machines, reservations }: Snapshot, mac: string): boolean {
  const isFixed = ({ address }: { readonly address: string }) => !address.includes(':');
  return (
    reservations.some((reservation) => reservation.mac === mac && isFixed(reservation)) ||
    machines.some(({ interfaces }) => interfaces.some((nic) => nic.mac === mac && nic.addresses.some(isFixed)))
  );
}

/** Kea alone can say whether a snippet is right in its place. */
export const SNIPPET_PARTS: OptionalParts<DhcpDesired> = {
  list: ({ snippets = [] }) =>
    snippets.map(({ id, name }) => ({
      key: String(id),
      name: `snippet ${name}`,
      remedy: `Change it, or switch it off: regent dhcp-snippet show ${name}.`,
    })),
  without: ({ snippets = [], ...desired }, keys) => {
    const remaining = snippets.filter(({ id }) => !keys.has(String(id)));
    return remaining.length === 0 ? desired : { ...desired, snippets: remaining };
  },
};

/** The snippets of a scope, read, in their order. */
export function bodiesOf({ snippets = [] }: Pick<DhcpDesired, 'snippets'>, scope: string): Record<string, unknown>[] {
  return snippets
    .filter((snippet) => snippet.scope === scope)
    .map((snippet) => JSON.parse(snippet.text) as Record<string, unknown>);
}
