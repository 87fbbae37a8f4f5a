import { ACCESS } from './people/access.ts';
import { CATALOG } from './base/catalog.ts';
import { CHANGE, FORM } from './base/change.ts';
import { COMMON } from './base/common.ts';
import { DNS } from './names/dns.ts';
import { DOCTOR } from './cluster/doctor.ts';
import { DRILLS } from './cluster/drills.ts';
import { HISTORY } from './site/history.ts';
import { IMAGES } from './images/images.ts';
import { LOGIN } from './people/login.ts';
import { MACHINE_ACTIONS } from './machines/machine-actions.ts';
import { MACHINES } from './machines/machines.ts';
import { NETWORKS } from './networks/networks.ts';
import { NODES } from './cluster/nodes.ts';
import { NOTES } from './people/notes.ts';
import { OVERVIEW } from './site/overview.ts';
import { SERVICES } from './cluster/services.ts';
import { SETTINGS } from './site/settings.ts';

/** Every sentence of the user interface, by key. */
export const EN = {
  ...COMMON,
  access: ACCESS,
  catalog: CATALOG,
  change: CHANGE,
  dns: DNS,
  doctor: DOCTOR,
  drills: DRILLS,
  form: FORM,
  history: HISTORY,
  images: IMAGES,
  login: LOGIN,
  machineActions: MACHINE_ACTIONS,
  machines: MACHINES,
  networks: NETWORKS,
  nodes: NODES,
  notes: NOTES,
  overview: OVERVIEW,
  services: SERVICES,
  settings: SETTINGS,
} as const;
