import { identityOf } from '../../core/node-identity.ts';
import type { ManagedService } from '../kit/contract.ts';
import { compileDhcp, compilePairs, type DhcpShared, prepareDhcp } from './compile.ts';
import {
  activateDhcp,
  certificateDhcp,
  checkDhcp,
  dhcpCommands,
  parseProbeDhcp,
  probeDhcp,
  roleChangeDhcp,
  tryDhcp,
} from './daemon.ts';
import { lintSnippets, SNIPPET_PARTS } from './custom/snippets.ts';
import { briefDhcp, customTexts } from './custom/texts.ts';
import { DhcpDesired } from './desired.ts';
import { amendDhcp, endCommands } from './ends.ts';
import { keaLeases, leaseCommands } from './leases.ts';
import { DHCP_PARTS, lintDhcpParts } from './lint/parts.ts';
import { metricsDhcp } from './metrics.ts';
import { handover, lintHandovers } from './pair/handover.ts';
import { lintPairs } from './pair/lint.ts';
import { servingOf } from '../../model/networks/serving.ts';
import { lintDhcp, lintRelays, lintSiteDhcp } from './lint/lint.ts';
import { lintOwnAddresses } from './own-addresses.ts';
import {
  INSTANCE_FOLDERS,
  INSTANCE_UNITS,
  KEY_PATTERN,
  keyInName,
  type KeaPlaces,
  OWN_PLACES,
  placesOf,
} from './places.ts';
import { judgeDown } from './pair/health.ts';
import { type DhcpView, filesOf, limitsDhcp, unseenDhcp, viewDhcp } from './view.ts';

type Dhcp = ManagedService<DhcpDesired, DhcpView, DhcpShared>;

/** What all servers have in common. */
const KIND = {
  desired: DhcpDesired,
  version: { argv: ['/usr/sbin/kea-dhcp4', '-v'], timeoutMs: 5000 },
  users: ['_kea'],
  prepare: prepareDhcp,
  lint: (desired) => [...lintDhcpParts(desired), ...lintDhcp(desired)],
  parts: DHCP_PARTS,
  optional: SNIPPET_PARTS,
  limits: limitsDhcp,
  onRoleChange: roleChangeDhcp,
  parseProbe: parseProbeDhcp,
  metrics: metricsDhcp,
  handover,
  parseDown: (answers, { pair }) => (pair === undefined ? null : judgeDown(answers, pair)),
} satisfies Partial<Dhcp>;

function serverAt(places: KeaPlaces) {
  return {
    unit: places.unit,
    folder: places.folder,
    commands: [...dhcpCommands(places), ...leaseCommands(places), ...endCommands(places)],
    files: filesOf(places),
    view: (desired, facts) => viewDhcp(places, desired, facts),
    check: (staged) => checkDhcp(places, staged),
    trial: { texts: customTexts, brief: briefDhcp, target: places.conf, check: tryDhcp, unseen: unseenDhcp },
    ...(places.key === null ? {} : { onPairCertificate: () => certificateDhcp(places) }),
    activate: (changes) => activateDhcp(places, changes),
    probe: (desired) => probeDhcp(places, desired),
    amend: (answers, desired) => amendDhcp(places, answers, desired),
    leases: keaLeases(places),
  } satisfies Partial<Dhcp>;
}

/**
 * Kea 2.6 DHCPv4: addresses for every VLAN with DHCP that an accepted rack stands on. The rack's own server has the VLANs that it serves alone; each pair
 * of racks and direction has an instance, `dhcp@PRIMARY_SECONDARY`.
 */
export const dhcp: Dhcp = {
  ...KIND,
  ...serverAt(OWN_PLACES),
  name: 'dhcp',
  compile: compileDhcp,
  lintSite: (snapshot) => [
    ...lintSiteDhcp(snapshot),
    ...lintRelays(snapshot),
    ...lintPairs(snapshot),
    ...lintHandovers(snapshot, servingOf(snapshot)),
    ...lintOwnAddresses(snapshot),
    ...lintSnippets(snapshot),
  ],
  instances: {
    keys: KEY_PATTERN,
    units: INSTANCE_UNITS,
    folders: INSTANCE_FOLDERS,
    keyIn: keyInName,
    compile: compilePairs,
    of: (key) => ({ ...KIND, ...serverAt(placesOf(key)), name: identityOf('dhcp', key), compile: () => null }),
  },
};
