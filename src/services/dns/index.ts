import { metricsDns } from './metrics.ts';
import type { ManagedService } from '../kit/contract.ts';
import { compileDns, DNS_PARTS, type DnsShared, heldBackDns, prepareDns, versionedDns } from './compile.ts';
import { maskDns } from './copies.ts';
import { activateDns, checkDns, DNS_COMMANDS, outsideDns, parseProbeDns, probeDns, roleChangeDns } from './daemon.ts';
import { DnsDesired } from './desired.ts';
import { lintForwarded } from './forwarded.ts';
import { lintDns, lintSpecialUse } from './lint.ts';
import { DNS_FILES, type DnsView, FOLDER, viewDns } from './view.ts';

/** BIND 9.20: the site's zones on every region node, copies of them on every rack, and a resolver for the site's subnets. */
export const dns: ManagedService<DnsDesired, DnsView, DnsShared> = {
  name: 'dns',
  desired: DnsDesired,
  unit: 'named.service',
  version: { argv: ['/usr/sbin/named', '-v'], timeoutMs: 5000 },
  folder: FOLDER,
  commands: DNS_COMMANDS,
  users: ['bind'],
  files: DNS_FILES,
  mask: maskDns,
  prepare: prepareDns,
  heldBack: heldBackDns,
  versioned: versionedDns,
  compile: compileDns,
  lint: lintDns,
  parts: DNS_PARTS,
  lintSite: (snapshot) => [...lintSpecialUse(snapshot), ...lintForwarded(snapshot)],
  view: viewDns,
  check: checkDns,
  activate: activateDns,
  onRoleChange: roleChangeDns,
  outside: outsideDns,
  probe: probeDns,
  parseProbe: parseProbeDns,
  metrics: metricsDns,
};
