import type { ManagedService } from '../kit/contract.ts';
import { compileVip } from './compile.ts';
import { activateVip, checkVip, parseProbeVip, probeVip, roleChangeVip, VIP_COMMANDS } from './daemon.ts';
import { VipDesired } from './desired.ts';
import { FOLDER, VIP_FILES, type VipView, viewVip } from './view.ts';

/** keepalived 2.3: the floating address, among region nodes that are fit to hold it (`ha/vip`). */
export const vip: ManagedService<VipDesired, VipView> = {
  name: 'vip',
  desired: VipDesired,
  unit: 'keepalived.service',
  companions: ['regent-vip-health.service'],
  probeEveryMs: 4_000,
  version: { argv: ['/usr/sbin/keepalived', '-v'], timeoutMs: 5000 },
  folder: FOLDER,
  commands: VIP_COMMANDS,
  users: ['regent-vip'],
  files: VIP_FILES,
  compile: compileVip,
  lint: () => [],
  view: viewVip,
  check: checkVip,
  activate: activateVip,
  onRoleChange: roleChangeVip,
  probe: probeVip,
  parseProbe: parseProbeVip,
};
