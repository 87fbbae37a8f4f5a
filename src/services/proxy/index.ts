import { metricsProxy } from './metrics.ts';
import type { ManagedService } from '../kit/contract.ts';
import { compileProxy, heldBackProxy, prepareProxy, PROXY_PARTS, type ProxyShared } from './compile.ts';
import {
  activateProxy,
  checkProxy,
  outsideProxy,
  parseProbeProxy,
  PROXY_COMMANDS,
  probeProxy,
  roleChangeProxy,
} from './daemon.ts';
import { ProxyDesired } from './desired.ts';
import { lintProxy } from './lint.ts';
import { FOLDER, PROXY_FILES, type ProxyView, viewProxy } from './view.ts';

/** Squid 6: a caching proxy for the packages of the site's subnets, on every region node. */
export const proxy: ManagedService<ProxyDesired, ProxyView, ProxyShared> = {
  name: 'proxy',
  desired: ProxyDesired,
  unit: 'squid.service',
  version: { argv: ['/usr/sbin/squid', '-v'], timeoutMs: 5000 },
  folder: FOLDER,
  commands: PROXY_COMMANDS,
  users: ['proxy'],
  files: PROXY_FILES,
  prepare: prepareProxy,
  heldBack: heldBackProxy,
  compile: compileProxy,
  lint: lintProxy,
  parts: PROXY_PARTS,
  view: viewProxy,
  check: checkProxy,
  activate: activateProxy,
  onRoleChange: roleChangeProxy,
  outside: outsideProxy,
  probe: probeProxy,
  parseProbe: parseProbeProxy,
  metrics: metricsProxy,
};
