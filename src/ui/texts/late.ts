import { ACCESS } from './people/access.ts';
import { CATALOG } from './base/catalog.ts';
import { DNS } from './names/dns.ts';
import { DRILLS } from './cluster/drills.ts';
import { IMAGES } from './images/images.ts';
import { MACHINE_ACTIONS } from './machines/machine-actions.ts';
import { MACHINES } from './machines/machines.ts';
import { NETWORKS } from './networks/networks.ts';
import { HISTORY } from './site/history.ts';
import { SETTINGS } from './site/settings.ts';
import { EN } from './en.ts';

/** Every sentence of the user interface, by key: for pages whose program comes after the first one. */
export const LATE = {
  ...EN,
  access: ACCESS,
  catalog: CATALOG,
  dns: DNS,
  drills: DRILLS,
  images: IMAGES,
  machineActions: MACHINE_ACTIONS,
  machines: MACHINES,
  networks: NETWORKS,
  history: HISTORY,
  settings: SETTINGS,
} as const;
