import { type Serving, servingOf } from '../../model/networks/serving.ts';
import type { ManagedService } from '../kit/contract.ts';
import { FOLDER } from './boot-files.ts';
import { compileTftp } from './compile.ts';
import { activateTftp, checkTftp, parseProbeTftp, probeTftp, roleChangeTftp, TFTP_COMMANDS } from './daemon.ts';
import { TftpDesired } from './desired.ts';
import { TFTP_FILES, type TftpView, viewTftp } from './view.ts';

/** tftpd-hpa: loaders for machines that boot from the network, on racks that serve a VLAN. */
export const tftp: ManagedService<TftpDesired, TftpView, Serving> = {
  name: 'tftp',
  desired: TftpDesired,
  unit: 'tftpd-hpa.service',
  // Its question takes a process.
  probeEveryMs: 10_000,
  version: { argv: ['/usr/sbin/in.tftpd', '-V'], timeoutMs: 5000 },
  folder: FOLDER,
  commands: TFTP_COMMANDS,
  users: ['tftp'],
  files: TFTP_FILES,
  prepare: servingOf,
  compile: compileTftp,
  lint: () => [],
  view: viewTftp,
  check: checkTftp,
  activate: activateTftp,
  onRoleChange: roleChangeTftp,
  probe: probeTftp,
  parseProbe: parseProbeTftp,
};
