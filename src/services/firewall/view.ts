import { digestOf } from '../../core/stable-json.ts';
import type { FileSpec } from '../kit/contract.ts';
import { groupFile } from '../kit/group-file.ts';
import type { FirewallDesired } from './desired.ts';
import { NFT_GRAMMAR } from './grammar.ts';

/** Regent's own folder of the packet filter. */
export const FOLDER = '/etc/regent/firewall';
/** nft reads it and puts it in force as a whole or not at all. */
export const REGENT_NFT = `${FOLDER}/regent.nft`;

type Partner = { readonly port: number; readonly family: string; readonly address: string };

/** What the template of `firewall` sees: addresses by family, in the order of their texts. */
export interface FirewallView {
  readonly mark: string;
  readonly members4: readonly string[];
  readonly members6: readonly string[];
  readonly nodes4: readonly string[];
  readonly nodes6: readonly string[];
  readonly hasMembers4: boolean;
  readonly hasMembers6: boolean;
  readonly hasNodes4: boolean;
  readonly hasNodes6: boolean;
  readonly partners: readonly Partner[];
  /** Those whose port is known. */
  readonly calls: readonly (Partner & { readonly partnerPort: number })[];
  readonly hasCalls: boolean;
}

/** One file, root's. */
export const FIREWALL_FILES: readonly FileSpec<FirewallView>[] = [
  groupFile({ template: 'regent.nft.hbs', target: REGENT_NFT, mode: 0o644, group: 'root', grammar: NFT_GRAMMAR }),
];

/** Names a configuration. It stands in the table, so the probe learns which one is in force. */
export const markOf = (desired: FirewallDesired): string => digestOf(desired).slice(0, 16);

/** Makes the template's view of a desired state. */
export function viewFirewall(desired: FirewallDesired): FirewallView {
  const [members4, members6] = byFamily(desired.members);
  const [nodes4, nodes6] = byFamily(desired.nodes);
  const partners = (desired.partners ?? []).map((partner) => ({
    ...partner,
    family: partner.address.includes(':') ? 'ip6' : 'ip',
  }));
  const calls = partners.flatMap(({ partnerPort, ...partner }) =>
    partnerPort === undefined ? [] : [{ ...partner, partnerPort }],
  );
  return {
    mark: markOf(desired),
    members4,
    members6,
    nodes4,
    nodes6,
    hasMembers4: members4.length > 0,
    hasMembers6: members6.length > 0,
    hasNodes4: nodes4.length > 0,
    hasNodes6: nodes6.length > 0,
    partners,
    calls,
    hasCalls: calls.length > 0,
  };
}

function byFamily(addresses: readonly string[]): readonly [readonly string[], readonly string[]] {
  return [addresses.filter((text) => !text.includes(':')), addresses.filter((text) => text.includes(':'))];
}
