import { CHANGE } from './change.ts';
import { COMMON } from './common.ts';
import { DOCTOR } from './doctor.ts';
import { DRILLS } from './drills.ts';
import { FORM } from './form.ts';
import { IMAGES } from './images.ts';
import { LOGIN } from './login.ts';
import { MACHINE_ACTIONS } from './machine-actions.ts';
import { MACHINES } from './machines.ts';
import { NETWORKS } from './networks.ts';
import { NODES } from './nodes.ts';
import { OVERVIEW } from './overview.ts';
import { SERVICES } from './services.ts';

/** Every sentence of the user interface, by key. */
export const EN = {
  ...COMMON,
  change: CHANGE,
  doctor: DOCTOR,
  drills: DRILLS,
  form: FORM,
  images: IMAGES,
  login: LOGIN,
  machineActions: MACHINE_ACTIONS,
  machines: MACHINES,
  networks: NETWORKS,
  nodes: NODES,
  overview: OVERVIEW,
  services: SERVICES,
} as const;
