import { json } from '../answer.ts';
import version from '../catalog/site/version.json' with { type: 'json' };
import type { Handler } from '../handler.ts';
import { ABSENT_HANDLERS } from './base/absent.ts';
import { ADDRESS_HANDLERS } from './networks/addresses.ts';
import { RESERVED_ADDRESS_HANDLERS } from './networks/reserved-addresses.ts';
import { CONFIG_HANDLERS } from './site/config.ts';
import { CONTROLLER_VERB_HANDLERS } from './machines/controller-verbs.ts';
import { COPY_HANDLERS } from './machines/copies.ts';
import { DISCOVERY_HANDLERS } from './networks/discoveries.ts';
import { NODE_DEVICE_HANDLERS } from './machines/node-devices.ts';
import { NODE_RESULT_HANDLERS } from './machines/node-results.ts';
import { CONTROLLER_HANDLERS } from './machines/controllers.ts';
import { DEVICE_HANDLERS } from './machines/devices.ts';
import { EVENT_HANDLERS } from './site/events.ts';
import { FILE_HANDLERS } from './people/files.ts';
import { IMAGE_HANDLERS } from './images/images.ts';
import { INTERFACE_HANDLERS } from './machines/interfaces.ts';
import { LIFECYCLE_HANDLERS } from './machines/lifecycle.ts';
import { MACHINE_HANDLERS } from './machines/machines.ts';
import { readNetworks } from '../objects/networks/networks.ts';
import { resourceHandlers } from './names/dns-resources.ts';
import { NAME_HANDLERS } from './names/names.ts';
import { NETWORK_HANDLERS } from './networks/networks.ts';
import { NOTIFICATION_HANDLERS } from './people/notifications.ts';
import { PEOPLE_HANDLERS } from './people/people.ts';
import { POWER_TYPE_HANDLERS } from './machines/power-types.ts';
import { REPOSITORY_HANDLERS } from './images/repositories.ts';
import { RESULT_HANDLERS } from './machines/scripts.ts';
import { ROUTE_HANDLERS } from './networks/routes.ts';
import { SCRIPT_HANDLERS } from './machines/site-scripts.ts';
import { SNIPPET_HANDLERS } from './networks/snippets.ts';
import { SOURCE_HANDLERS } from './images/sources.ts';
import { STORAGE_HANDLERS } from './machines/storage.ts';
import { SUBNET_HANDLERS } from './networks/subnets.ts';
import { TAG_HANDLERS } from './machines/tags.ts';
import { UPLOAD_HANDLERS } from './images/uploads.ts';
import { ZONE_HANDLERS } from './machines/zones.ts';

/** What is done for an operation, by its key. An operation without an entry is answered with 501. */
export const HANDLERS: Readonly<Record<string, Handler>> = {
  ...ABSENT_HANDLERS,
  'Version.read': async () => json(version),
  ...MACHINE_HANDLERS,
  ...DEVICE_HANDLERS,
  ...LIFECYCLE_HANDLERS,
  ...INTERFACE_HANDLERS,
  ...STORAGE_HANDLERS,
  ...CONTROLLER_HANDLERS,
  ...CONTROLLER_VERB_HANDLERS,
  ...COPY_HANDLERS,
  ...POWER_TYPE_HANDLERS,
  ...NODE_DEVICE_HANDLERS,
  ...NODE_RESULT_HANDLERS,
  ...DISCOVERY_HANDLERS,
  ...TAG_HANDLERS,
  ...ZONE_HANDLERS,
  ...NETWORK_HANDLERS,
  ...SUBNET_HANDLERS,
  ...ROUTE_HANDLERS,
  ...ADDRESS_HANDLERS,
  ...RESERVED_ADDRESS_HANDLERS,
  ...NAME_HANDLERS,
  ...resourceHandlers(readNetworks),
  ...SNIPPET_HANDLERS,
  ...IMAGE_HANDLERS,
  ...SOURCE_HANDLERS,
  ...UPLOAD_HANDLERS,
  ...SCRIPT_HANDLERS,
  ...RESULT_HANDLERS,
  ...EVENT_HANDLERS,
  ...FILE_HANDLERS,
  ...NOTIFICATION_HANDLERS,
  ...PEOPLE_HANDLERS,
  ...CONFIG_HANDLERS,
  ...REPOSITORY_HANDLERS,
};
