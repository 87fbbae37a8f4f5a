import { ACCESS } from './access.ts';
import { CATALOG } from './catalog.ts';
import { CHANGE, FORM } from './change.ts';
import { COMMON } from './common.ts';
import { DNS } from './dns.ts';
import { DOCTOR } from './doctor.ts';
import { DRILLS } from './drills.ts';
import { HISTORY } from './history.ts';
import { IMAGES } from './images.ts';
import { LOGIN } from './login.ts';
import { MACHINE_ACTIONS } from './machine-actions.ts';
import { MACHINES } from './machines.ts';
import { NETWORKS } from './networks.ts';
import { NODES } from './nodes.ts';
import { NOTES } from './notes.ts';
import { OVERVIEW } from './overview.ts';
import { SERVICES } from './services.ts';
import { SETTINGS } from './settings.ts';

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
