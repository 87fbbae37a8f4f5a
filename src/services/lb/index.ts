import { metricsLb } from './metrics.ts';
import type { ManagedService } from '../kit/contract.ts';
import { compileLb, LB_PARTS } from './compile.ts';
import {
  activateLb,
  certificateLb,
  checkLb,
  LB_COMMANDS,
  parseProbeLb,
  probeLb,
  roleChangeLb,
  siteCertificateLb,
} from './daemon.ts';
import { LbDesired } from './desired.ts';
import { FOLDER, LB_FILES, type LbView, viewLb } from './view.ts';

/** haproxy 3.0: the API of all regions and the database's primary, from every region node. */
export const lb: ManagedService<LbDesired, LbView> = {
  name: 'lb',
  desired: LbDesired,
  unit: 'haproxy.service',
  // haproxy is the first to know that another host has gone, so its view is reported within a second. The question is one to a socket.
  probeEveryMs: 1_000,
  version: { argv: ['/usr/sbin/haproxy', '-v'], timeoutMs: 5000 },
  folder: FOLDER,
  commands: LB_COMMANDS,
  users: ['haproxy'],
  files: LB_FILES,
  compile: compileLb,
  lint: () => [],
  parts: LB_PARTS,
  view: viewLb,
  check: checkLb,
  activate: activateLb,
  onRoleChange: roleChangeLb,
  onCertificate: certificateLb,
  onSiteCertificate: siteCertificateLb,
  probe: probeLb,
  parseProbe: parseProbeLb,
  metrics: metricsLb,
};
