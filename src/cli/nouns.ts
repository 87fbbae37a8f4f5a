import type { NounSpec } from './command-spec.ts';
import { AUDIT, SESSION } from './commands/people/accounts.ts';
import { CERTIFICATE } from './commands/cluster/certificate.ts';
import { BACKUP_NOUN, BACKUP_TARGET } from './commands/cluster/backup.ts';
import { CLUSTER } from './commands/cluster/status.ts';
import { DOCTOR } from './commands/cluster/doctor.ts';
import { FINDING } from './commands/cluster/finding.ts';
import { DRILL } from './commands/cluster/drill.ts';
import { IMAGE } from './commands/images/image.ts';
import { COMMAND } from './commands/base/command.ts';
import { JOB } from './commands/base/job.ts';
import { SEARCH } from './commands/site/search.ts';
import { FILE } from './commands/people/file.ts';
import { LOOKUP } from './commands/names/lookup.ts';
import { NOTIFICATION } from './commands/people/notification.ts';
import { SITE_CERTIFICATE } from './commands/cluster/site-certificate.ts';
import { WHAT_IF } from './commands/cluster/what-if.ts';
import { COMPLETION } from './completion.ts';
import { APPLY, DIFF } from './commands/site/apply.ts';
import { ALERT_TARGET } from './commands/site/alert-target.ts';
import { CONFIG } from './commands/site/config.ts';
import { EXPORT } from './commands/site/export.ts';
import { DOMAIN } from '../contract/names/domain.ts';
import { RESERVATION } from '../contract/networks/reservation.ts';
import { IMPORT } from './commands/site/import.ts';
import { EVENTS } from './commands/site/event.ts';
import { KEY } from './commands/people/api-key.ts';
import { MACHINE } from './commands/machines/machine.ts';
import { DEVICE } from './commands/machines/device.ts';
import { INTERFACE } from './commands/machines/interface.ts';
import { LEASE } from './commands/networks/lease.ts';
import { PAIRING } from './commands/networks/pairing.ts';
import { RANGE } from './commands/networks/range.ts';
import { SCRIPT } from './commands/machines/script.ts';
import { STORAGE } from './commands/machines/storage.ts';
import { SUPPORT_BUNDLE } from './commands/cluster/support-bundle.ts';
import { SUBNET } from './commands/networks/subnet.ts';
import { SSH_KEY } from './commands/people/ssh-key.ts';
import { VLAN } from './commands/networks/vlan.ts';
import { NODE } from './commands/cluster/node.ts';
import { RACK } from './commands/cluster/rack.ts';
import { RECORD } from './commands/names/record.ts';
import { SERIES_NOUN } from './commands/cluster/series.ts';
import { SERVICE } from './commands/cluster/service.ts';
import { SETTING } from './commands/site/setting.ts';
import { STATUS } from './commands/site/status.ts';
import { TOKEN } from './commands/cluster/token.ts';
import { UPGRADE_NOUN } from './commands/site/upgrade.ts';
import { USER } from './commands/people/user.ts';
import { WHOAMI } from './commands/people/whoami.ts';
import { DECLARED } from './commands/base/declared.ts';
import { usualCommands } from './commands/base/usual.ts';

/** Every noun of the command line, in the order of the help. Declared nouns (contract/registry.ts) come from their declaration. */
export const NOUNS: readonly NounSpec[] = [
  STATUS,
  CLUSTER,
  DOCTOR,
  FINDING,
  ALERT_TARGET,
  SERIES_NOUN,
  WHAT_IF,
  WHOAMI,
  DRILL,
  JOB,
  COMMAND,
  FILE,
  NOTIFICATION,
  usualCommands(DOMAIN),
  RECORD,
  MACHINE,
  DEVICE,
  INTERFACE,
  STORAGE,
  SCRIPT,
  IMAGE,
  ...DECLARED,
  VLAN,
  PAIRING,
  SUBNET,
  RANGE,
  usualCommands(RESERVATION),
  LEASE,
  SETTING,
  NODE,
  RACK,
  TOKEN,
  CERTIFICATE,
  SITE_CERTIFICATE,
  BACKUP_NOUN,
  BACKUP_TARGET,
  SUPPORT_BUNDLE,
  UPGRADE_NOUN,
  SERVICE,
  CONFIG,
  EXPORT,
  DIFF,
  APPLY,
  IMPORT,
  EVENTS,
  SEARCH,
  LOOKUP,
  USER,
  KEY,
  SSH_KEY,
  SESSION,
  AUDIT,
  COMPLETION,
];
