import { ACCESS } from './access.ts';
import { CHANGE, FORM } from './change.ts';
import { COMMON } from './common.ts';
import { DNS } from './dns.ts';
import { DOCTOR } from './doctor.ts';
import { HISTORY } from './history.ts';
import { LOGIN } from './login.ts';
import { NETWORKS } from './networks.ts';
import { NODES } from './nodes.ts';
import { OVERVIEW } from './overview.ts';
import { SERVICES } from './services.ts';
import { SETTINGS } from './settings.ts';

/** Every sentence of the user interface, by key. */
export const EN = {
  ...COMMON,
  access: ACCESS,
  change: CHANGE,
  dns: DNS,
  doctor: DOCTOR,
  form: FORM,
  history: HISTORY,
  login: LOGIN,
  networks: NETWORKS,
  nodes: NODES,
  overview: OVERVIEW,
  services: SERVICES,
  settings: SETTINGS,
} as const;
