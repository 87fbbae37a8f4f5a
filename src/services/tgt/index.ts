import { type Serving, servingOf } from '../../model/networks/serving.ts';
import type { ManagedService } from '../kit/contract.ts';
import { compileTgt } from './compile.ts';
import {
  activateTgt,
  amendTgt,
  checkTgt,
  metricsTgt,
  parseProbeTgt,
  probeTgt,
  roleChangeTgt,
  TGT_COMMANDS,
} from './daemon.ts';
import { TgtDesired } from './desired.ts';
import { lintSiteTgt } from './lint.ts';
import { FOLDER, TGT_FILES, type TgtView, viewTgt } from './view.ts';

/** tgtd: roots of images by iSCSI, for machines that boot so, on the racks of their VLANs. */
export const tgt: ManagedService<TgtDesired, TgtView, Serving> = {
  name: 'tgt',
  desired: TgtDesired,
  unit: 'tgt.service',
  // Its questions take processes.
  probeEveryMs: 10_000,
  version: { argv: ['/usr/sbin/tgtd', '-V'], timeoutMs: 5000 },
  folder: FOLDER,
  commands: TGT_COMMANDS,
  users: ['regent-tgt'],
  files: TGT_FILES,
  prepare: servingOf,
  compile: compileTgt,
  lint: () => [],
  lintSite: lintSiteTgt,
  view: viewTgt,
  check: checkTgt,
  activate: activateTgt,
  onRoleChange: roleChangeTgt,
  probe: probeTgt,
  parseProbe: parseProbeTgt,
  amend: amendTgt,
  metrics: metricsTgt,
};
