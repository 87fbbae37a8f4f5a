import { formatEpoch } from '../../core/epoch.ts';
import { digestOf } from '../../core/stable-json.ts';
import type { HostFacts } from '../../core/host-values.ts';
import type { FileSpec } from '../kit/contract.ts';
import { groupFile } from '../kit/group-file.ts';
import type { LbDesired } from './desired.ts';
import { HAPROXY_GRAMMAR } from './grammar.ts';

/** Regent's own folder of haproxy. */
export const FOLDER = '/etc/haproxy/regent';
/** haproxy reads it at its start, and a new process reads it at each reload. */
export const HAPROXY_CFG = `${FOLDER}/haproxy.cfg`;

/** What the template of `lb` sees. */
export interface LbView {
  readonly mark: string;
  /** The host speaks IPv6 too. */
  readonly isDual: boolean;
  /** The node whose haproxy it is. */
  readonly name: string;
  /** It also forwards connections to the database. */
  readonly hasDatabase: boolean;
  /** The epoch of its cluster and the authority's signature ('' for the first epoch). Other hosts ask for it (`ha/epoch`). */
  readonly epoch: string;
  readonly signature: string;
  readonly regions: readonly Required<LbDesired['regions'][number]>[];
}

/** One file. root owns it, haproxy may read it. */
export const LB_FILES: readonly FileSpec<LbView>[] = [
  groupFile({ template: 'haproxy.cfg.hbs', target: HAPROXY_CFG, group: 'haproxy', grammar: HAPROXY_GRAMMAR }),
];

/** Names a configuration. haproxy reports it in its state, so the probe learns which one is in force. The site's certificate is no part of it. */
export function markOf(desired: LbDesired): string {
  const { siteDigest: _, ...configured } = desired;
  return digestOf(configured).slice(0, 16);
}

/** Makes the template's view of a desired state. */
export function viewLb(desired: LbDesired, facts: HostFacts): LbView {
  const isDual = facts.interfaces.some((nic) => nic.addresses.some((address) => address.includes(':')));
  const regions = desired.regions.map((region) => ({ isDrained: false, ...region }));
  const hasDatabase = desired.isDatabaseExternal !== true;
  const { epoch, signature } = desired.recovered ?? { epoch: formatEpoch([]), signature: '' };
  return { mark: markOf(desired), isDual, name: desired.name, hasDatabase, epoch, signature, regions };
}
