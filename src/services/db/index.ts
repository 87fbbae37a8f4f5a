import type { ManagedService } from '../kit/contract.ts';
import { compileDb, versionedDb } from './compile.ts';
import { activateDb, amendDb, certificateDb, checkDb, DB_COMMANDS, probeDb, roleChangeDb } from './daemon.ts';
import { DbDesired } from './desired.ts';
import { metricsDb } from './metrics.ts';
import { parseProbeDb } from './probe.ts';
import { DB_FILES, type DbView, FOLDER, viewDb } from './view.ts';

/** PostgreSQL 17 under Patroni 4: one primary, and standbys that a commit waits for. */
export const db: ManagedService<DbDesired, DbView> = {
  name: 'db',
  desired: DbDesired,
  unit: 'patroni.service',
  companions: ['regent-keeper.service', 'regent-etcd-way.service', 'regent-db-watch.service', 'regent-db-mend.service'],
  probeEveryMs: 4_000,
  version: { argv: ['/usr/bin/patroni', '--version'], timeoutMs: 5000 },
  folder: FOLDER,
  commands: DB_COMMANDS,
  users: ['postgres'],
  files: DB_FILES,
  versioned: versionedDb,
  compile: compileDb,
  lint: () => [],
  view: viewDb,
  check: checkDb,
  activate: activateDb,
  onRoleChange: roleChangeDb,
  onCertificate: certificateDb,
  probe: probeDb,
  parseProbe: parseProbeDb,
  metrics: metricsDb,
  amend: amendDb,
};
