import type { NounSpec } from './command-spec.ts';
import { AUDIT, SESSION } from './commands/cluster/accounts.ts';
import { CERTIFICATE } from './commands/certificate.ts';
import { CLUSTER } from './commands/cluster/status.ts';
import { DOCTOR } from './commands/cluster/doctor.ts';
import { DRILL } from './commands/cluster/drill.ts';
import { IMAGE } from './commands/cluster/image.ts';
import { COMMAND } from './commands/cluster/command.ts';
import { JOB } from './commands/cluster/job.ts';
import { SEARCH } from './commands/cluster/search.ts';
import { FILE } from './commands/cluster/file.ts';
import { LOOKUP } from './commands/cluster/lookup.ts';
import { NOTIFICATION } from './commands/cluster/notification.ts';
import { SITE_CERTIFICATE } from './commands/cluster/site-certificate.ts';
import { WHAT_IF } from './commands/cluster/what-if.ts';
import { COMPLETION } from './completion.ts';
import { CONFIG } from './commands/config.ts';
import { DOMAIN } from './commands/domain.ts';
import { EVENTS } from './commands/event.ts';
import { KEY } from './commands/key.ts';
import { MACHINE } from './commands/machine.ts';
import { DEVICE } from './commands/network/device.ts';
import { INTERFACE } from './commands/network/interface.ts';
import { LEASE } from './commands/network/lease.ts';
import { PAIRING } from './commands/network/pairing.ts';
import { RANGE } from './commands/network/range.ts';
import { RESERVATION } from './commands/network/reservation.ts';
import { SCRIPT } from './commands/network/script.ts';
import { STORAGE } from './commands/network/storage.ts';
import { SUBNET } from './commands/network/subnet.ts';
import { SSH_KEY } from './commands/network/ssh-key.ts';
import { VLAN } from './commands/network/vlan.ts';
import { NODE } from './commands/node.ts';
import { RACK } from './commands/rack.ts';
import { RECORD } from './commands/record.ts';
import { SERVICE } from './commands/service.ts';
import { SETTING } from './commands/setting.ts';
import { STATUS } from './commands/status.ts';
import { TOKEN } from './commands/token.ts';
import { USER } from './commands/user.ts';
import { DECLARED } from './commands/declared.ts';

/** Every noun of the command line, in the order of the help. Declared nouns (contract/registry.ts) come from their declaration. */
export const NOUNS: readonly NounSpec[] = [
  STATUS,
  CLUSTER,
  DOCTOR,
  WHAT_IF,
  DRILL,
  JOB,
  COMMAND,
  FILE,
  NOTIFICATION,
  DOMAIN,
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
  RESERVATION,
  LEASE,
  SETTING,
  NODE,
  RACK,
  TOKEN,
  CERTIFICATE,
  SITE_CERTIFICATE,
  SERVICE,
  CONFIG,
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
