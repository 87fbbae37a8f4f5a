import { type Serving, servingOf } from '../../model/networks/serving.ts';
import type { ManagedService } from '../kit/contract.ts';
import { compileFirewall } from './compile.ts';
import {
  activateFirewall,
  checkFirewall,
  FIREWALL_COMMANDS,
  parseProbeFirewall,
  probeFirewall,
  roleChangeFirewall,
} from './daemon.ts';
import { FirewallDesired } from './desired.ts';
import { FIREWALL_FILES, type FirewallView, FOLDER, viewFirewall } from './view.ts';

/** nftables: ports that only members of the cluster may reach, in a table of its own beside the operator's. */
export const firewall: ManagedService<FirewallDesired, FirewallView, Serving> = {
  name: 'firewall',
  desired: FirewallDesired,
  unit: 'regent-firewall.service',
  probeEveryMs: 10_000,
  version: { argv: ['/usr/sbin/nft', '-v'], timeoutMs: 5000 },
  folder: FOLDER,
  commands: FIREWALL_COMMANDS,
  users: ['nobody'],
  files: FIREWALL_FILES,
  prepare: servingOf,
  compile: compileFirewall,
  lint: () => [],
  view: viewFirewall,
  check: checkFirewall,
  activate: activateFirewall,
  onRoleChange: roleChangeFirewall,
  probe: probeFirewall,
  parseProbe: parseProbeFirewall,
};
