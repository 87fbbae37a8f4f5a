import { CHANGE } from './change.ts';
import { COMMON } from './common.ts';
import { DOCTOR } from './doctor.ts';
import { LOGIN } from './login.ts';
import { NETWORKS } from './networks.ts';
import { NODES } from './nodes.ts';
import { OVERVIEW } from './overview.ts';
import { SERVICES } from './services.ts';

/** Every sentence of the user interface, by key. */
export const EN = {
  ...COMMON,
  change: CHANGE,
  doctor: DOCTOR,
  login: LOGIN,
  networks: NETWORKS,
  nodes: NODES,
  overview: OVERVIEW,
  services: SERVICES,
} as const;
