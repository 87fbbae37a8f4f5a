import type { ManagedService } from '../kit/contract.ts';
import { compileDhcp, type DhcpShared, prepareDhcp } from './compile.ts';
import { activateDhcp, checkDhcp, DHCP_COMMANDS, parseProbeDhcp, probeDhcp, roleChangeDhcp } from './daemon.ts';
import { DhcpDesired } from './desired.ts';
import { amendDhcp, END_COMMANDS } from './ends.ts';
import { keaLeases, LEASE_COMMANDS } from './leases.ts';
import { DHCP_PARTS, lintDhcpParts } from './lint-parts.ts';
import { lintDhcp, lintSiteDhcp } from './lint.ts';
import { lintOwnAddresses } from './own-addresses.ts';
import { DHCP_FILES, type DhcpView, FOLDER, limitsDhcp, viewDhcp } from './view.ts';

/** Kea 2.6 DHCPv4: addresses for every VLAN with DHCP that an accepted rack stands on. */
export const dhcp: ManagedService<DhcpDesired, DhcpView, DhcpShared> = {
  name: 'dhcp',
  desired: DhcpDesired,
  unit: 'kea-dhcp4-server.service',
  version: { argv: ['/usr/sbin/kea-dhcp4', '-v'], timeoutMs: 5000 },
  folder: FOLDER,
  commands: [...DHCP_COMMANDS, ...LEASE_COMMANDS, ...END_COMMANDS],
  users: ['_kea'],
  files: DHCP_FILES,
  prepare: prepareDhcp,
  compile: compileDhcp,
  lint: (desired) => [...lintDhcpParts(desired), ...lintDhcp(desired)],
  parts: DHCP_PARTS,
  lintSite: (snapshot) => [...lintSiteDhcp(snapshot), ...lintOwnAddresses(snapshot)],
  view: viewDhcp,
  limits: limitsDhcp,
  check: checkDhcp,
  activate: activateDhcp,
  onRoleChange: roleChangeDhcp,
  probe: probeDhcp,
  parseProbe: parseProbeDhcp,
  amend: amendDhcp,
  leases: keaLeases,
};
