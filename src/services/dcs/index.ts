import type { ManagedService } from '../kit/contract.ts';
import { compileDcs, lintSiteDcs } from './compile.ts';
import { activateDcs, checkDcs, DCS_COMMANDS, parseProbeDcs, probeDcs, roleChangeDcs } from './daemon.ts';
import { DcsDesired } from './desired.ts';
import { DCS_FILES, type DcsView, FOLDER, viewDcs } from './view.ts';

/** etcd 3.5: a majority of the region nodes decides in it who is the database's primary. */
export const dcs: ManagedService<DcsDesired, DcsView> = {
  name: 'dcs',
  desired: DcsDesired,
  unit: 'etcd.service',
  companions: ['regent-epoch.service'],
  probeEveryMs: 4_000,
  version: { argv: ['/usr/bin/etcd', '--version'], timeoutMs: 5000 },
  folder: FOLDER,
  commands: DCS_COMMANDS,
  users: ['etcd'],
  files: DCS_FILES,
  compile: compileDcs,
  lint: () => [],
  lintSite: lintSiteDcs,
  view: viewDcs,
  check: checkDcs,
  activate: activateDcs,
  onRoleChange: roleChangeDcs,
  probe: probeDcs,
  parseProbe: parseProbeDcs,
};
