import type { HostObservation, ServiceObservation } from '../../contract/cluster/agent.ts';
import { type BackupFacts, parseBackupFacts } from '../../services/backup/facts.ts';
import { type DbFacts, parseDbFacts } from '../../services/db/facts.ts';
import { type DcsFacts, parseDcsFacts } from '../../services/dcs/facts.ts';
import { type DnsFacts, parseDnsFacts } from '../../services/dns/facts.ts';
import { type LbFacts, parseLbFacts } from '../../services/lb/facts.ts';
import { type NtpFacts, parseNtpFacts } from '../../services/ntp/facts.ts';
import { parseVipFacts, type VipFacts } from '../../services/vip/facts.ts';

/** What a node's daemons and its agent say of themselves in figures; null: nothing, or nothing that can be relied on. */
export interface NodeFacts {
  readonly backup: BackupFacts | null;
  readonly db: DbFacts | null;
  readonly dcs: DcsFacts | null;
  readonly lb: LbFacts | null;
  readonly vip: VipFacts | null;
  readonly dns: DnsFacts | null;
  readonly ntp: NtpFacts | null;
  readonly host: HostObservation | null;
}

/** States in which the daemon answers, so that its figures are those of this moment. */
const ANSWERS = ['healthy', 'unhealthy', 'rolled_back', 'rejected', 'check_failed', 'render_failed', 'install_failed'];

/** Reads the figures of one report. */
export function nodeFacts(observed: readonly ServiceObservation[], host: HostObservation | null): NodeFacts {
  const of = (service: string): unknown =>
    observed.find((row) => row.service === service && ANSWERS.includes(row.state))?.facts;
  return {
    backup: parseBackupFacts(of('backup')),
    db: parseDbFacts(of('db')),
    dcs: parseDcsFacts(of('dcs')),
    lb: parseLbFacts(of('lb')),
    vip: parseVipFacts(of('vip')),
    dns: parseDnsFacts(of('dns')),
    ntp: parseNtpFacts(of('ntp')),
    host,
  };
}
