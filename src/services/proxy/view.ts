import { digestOf } from '../../core/stable-json.ts';
import type { FileSpec } from '../kit/contract.ts';
import { groupFile } from '../kit/group-file.ts';
import type { ProxyDesired } from './desired.ts';
import { SQUID_GRAMMAR } from './grammar.ts';

/** Regent's own folder of Squid; Debian's AppArmor profile lets Squid read it. */
export const FOLDER = '/etc/squid/regent';
/** The published file. Squid reads a copy of it whose cache fits the disk (`ha/squid/fit`). */
export const SQUID_CONF = `${FOLDER}/squid.conf`;
/** The largest object on disk: a package of 2 GB. */
const OBJECT_MB_MAX = 2048;

/** Addresses that nobody reaches through a proxy: this host itself, link-local services (RFC 1122 §3.2.1.3, RFC 3927, RFC 4291 §2.4). */
const CLOSED = ['127.0.0.0/8', '0.0.0.0/8', '169.254.0.0/16', '::/127', 'fe80::/10'];

/** What the template of `proxy` sees. */
export interface ProxyView extends Omit<ProxyDesired, 'parent' | 'closed' | 'closedNames'> {
  readonly mark: string;
  readonly closed: readonly string[];
  readonly closedNames: readonly string[];
  readonly hasClosedNames: boolean;
  readonly hasClients: boolean;
  readonly hasNodes: boolean;
  readonly hasNodeNames: boolean;
  readonly hasParent: boolean;
  readonly parentHost: string;
  readonly parentPort: number;
  readonly objectMb: number;
}

/** One file. root owns it, Squid may read it. */
export const PROXY_FILES: readonly FileSpec<ProxyView>[] = [
  groupFile({ template: 'squid.conf.hbs', target: SQUID_CONF, group: 'proxy', grammar: SQUID_GRAMMAR }),
];

/** Names a configuration in Squid's answers to its own host, so the probe learns which one is in force. */
export const markOf = (desired: ProxyDesired): string => digestOf(desired).slice(0, 16);

/** Makes the template's view of a desired state. */
export function viewProxy(desired: ProxyDesired): ProxyView {
  const { parent, ...rest } = desired;
  return {
    ...rest,
    mark: markOf(desired),
    closed: [...CLOSED, ...(desired.closed ?? [])],
    closedNames: desired.closedNames ?? [],
    hasClosedNames: (desired.closedNames ?? []).length > 0,
    hasClients: desired.clients.length > 0,
    hasNodes: desired.nodes.length > 0,
    hasNodeNames: desired.nodeNames.length > 0,
    hasParent: parent !== null,
    parentHost: parent?.host ?? '',
    parentPort: parent?.port ?? 0,
    // An object larger than half of the cache would displace all others.
    objectMb: Math.min(OBJECT_MB_MAX, Math.floor(desired.cacheMb / 2)),
  };
}
