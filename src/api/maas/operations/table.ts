import type { Handler } from '../handler.ts';
import { ADDRESS_HANDLERS } from './network/addresses.ts';
import { KEPT_ADDRESS_HANDLERS } from './network/kept-addresses.ts';
import { CONFIG_HANDLERS } from './site/config.ts';
import { CONTROLLER_VERB_HANDLERS } from './machine/controller-verbs.ts';
import { COPY_HANDLERS } from './machine/copies.ts';
import { DISCOVERY_HANDLERS } from './network/discoveries.ts';
import { NODE_DEVICE_HANDLERS } from './machine/node-devices.ts';
import { NODE_RESULT_HANDLERS } from './machine/node-results.ts';
import { CONTROLLER_HANDLERS } from './machine/controllers.ts';
import { DEVICE_HANDLERS } from './machine/devices.ts';
import { EVENT_HANDLERS } from './site/events.ts';
import { FILE_HANDLERS } from './site/files.ts';
import { IMAGE_HANDLERS } from './site/images.ts';
import { INTERFACE_HANDLERS } from './machine/interfaces.ts';
import { LIFECYCLE_HANDLERS } from './machine/lifecycle.ts';
import { MACHINE_HANDLERS } from './machine/machines.ts';
import { RESOURCE_HANDLERS } from './network/dns-resources.ts';
import { NAME_HANDLERS } from './network/names.ts';
import { NETWORK_HANDLERS } from './network/networks.ts';
import { NOTHING_HANDLERS } from './site/nothing.ts';
import { NOTIFICATION_HANDLERS } from './site/notifications.ts';
import { PEOPLE_HANDLERS } from './site/people.ts';
import { POWER_TYPE_HANDLERS } from './power-types.ts';
import { REFUSED_HANDLERS } from './site/refused.ts';
import { REPOSITORY_HANDLERS } from './site/repositories.ts';
import { RESULT_HANDLERS } from './machine/scripts.ts';
import { ROUTE_HANDLERS } from './network/routes.ts';
import { SCRIPT_HANDLERS } from './machine/site-scripts.ts';
import { SNIPPET_HANDLERS } from './network/snippets.ts';
import { SOURCE_HANDLERS } from './site/sources.ts';
import { STORAGE_GROUP_HANDLERS } from './machine/storage-groups.ts';
import { STORAGE_HANDLERS } from './machine/storage.ts';
import { SUBNET_HANDLERS } from './network/subnets.ts';
import { TAG_HANDLERS } from './machine/tags.ts';
import { UPLOAD_HANDLERS } from './site/uploads.ts';
import { VERSION_HANDLERS } from './site/version.ts';
import { ZONE_HANDLERS } from './site/zones.ts';

/** What is done for an operation, by its key. An operation without an entry is answered with 501. */
export const HANDLERS: Readonly<Record<string, Handler>> = {
  ...VERSION_HANDLERS,
  ...MACHINE_HANDLERS,
  ...DEVICE_HANDLERS,
  ...LIFECYCLE_HANDLERS,
  ...INTERFACE_HANDLERS,
  ...STORAGE_HANDLERS,
  ...STORAGE_GROUP_HANDLERS,
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
  ...KEPT_ADDRESS_HANDLERS,
  ...NAME_HANDLERS,
  ...RESOURCE_HANDLERS,
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
  ...NOTHING_HANDLERS,
  ...REPOSITORY_HANDLERS,
  ...REFUSED_HANDLERS,
};
