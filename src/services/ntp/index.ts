import { metricsNtp } from './metrics.ts';
import type { ManagedService } from '../kit/contract.ts';
import { compileNtp, NTP_PARTS } from './compile.ts';
import { activateNtp, checkNtp, NTP_COMMANDS, parseProbeNtp, probeNtp, roleChangeNtp } from './daemon.ts';
import { NtpDesired } from './desired.ts';
import { FOLDER, NTP_FILES, type NtpView, viewNtp } from './view.ts';

/** chrony: the time for every subnet, from the configured sources or from the node's own clock. */
export const ntp: ManagedService<NtpDesired, NtpView> = {
  name: 'ntp',
  desired: NtpDesired,
  unit: 'chrony.service',
  version: { argv: ['/usr/sbin/chronyd', '-v'], timeoutMs: 5000 },
  folder: FOLDER,
  commands: NTP_COMMANDS,
  users: ['_chrony'],
  files: NTP_FILES,
  compile: compileNtp,
  lint: () => [],
  parts: NTP_PARTS,
  view: viewNtp,
  check: checkNtp,
  activate: activateNtp,
  onRoleChange: roleChangeNtp,
  // Each probe costs a process, and nobody waits for the clock.
  probeEveryMs: 10_000,
  probe: probeNtp,
  parseProbe: parseProbeNtp,
  metrics: metricsNtp,
};
