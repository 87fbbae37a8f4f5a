import type { ResourceText } from '../base/parse.ts';

/** Resources of MAAS's API about site: names and parameters are those of MAAS. `parse.ts` describes the form of a line. */
export const SITE: readonly ResourceText[] = [
  {
    name: 'Version',
    path: 'version/',
    about: 'The version of this API.',
    operations: ['GET read anonymous |  | Show the version and what this API can do.'],
  },
  {
    name: 'Maas',
    path: 'maas/',
    about: 'Settings.',
    operations: ['GET get_config | name! | Read a setting.', 'POST set_config | value name! | Change a setting.'],
  },
  {
    name: 'Events',
    path: 'events/',
    about: 'Events.',
    operations: [
      'GET query | hostname mac_address id zone agent_name level limit:int before:int after:int owner domain pool | List events, newest first.',
    ],
  },
  {
    name: 'Files',
    path: 'files/',
    anonymous: 'AnonFilesHandler',
    about: 'Files of the caller.',
    operations: [
      'GET read | prefix | List files of the caller.',
      'POST create =201 | filename! file:file! | Create a file.',
      'DELETE delete | filename | Delete a file.',
      'GET get_by_key anonymous | key! | Read a file by its key.',
      'GET get | filename! | Read a file.',
    ],
  },
  {
    name: 'File',
    path: 'files/{filename}/',
    about: 'Files of the caller.',
    operations: ['GET read |  | Show a file.', 'DELETE delete |  | Delete a file.'],
  },
  {
    name: 'Zone',
    path: 'zones/{name}/',
    about: 'Zones.',
    operations: [
      'GET read |  | Show a zone.',
      'PUT update | description name | Change a zone.',
      'DELETE delete |  | Delete a zone.',
    ],
  },
  {
    name: 'Zones',
    path: 'zones/',
    about: 'Zones.',
    operations: ['GET read |  | List zones.', 'POST create | name! description | Create a zone.'],
  },
  {
    name: 'PackageRepositories',
    path: 'package-repositories/',
    about: 'Package repositories.',
    operations: [
      'GET read |  | List package repositories.',
      'POST create | name! url! distributions disabled_pockets components arches key disable_sources:boolean enabled:boolean disabled_components | Create a package repository.',
    ],
  },
  {
    name: 'PackageRepository',
    path: 'package-repositories/{id}/',
    about: 'Package repositories.',
    operations: [
      'GET read |  | Show a package repository.',
      'PUT update | name url distributions disabled_pockets disabled_components components arches key disable_sources:boolean enabled:boolean | Change a package repository.',
      'DELETE delete |  | Delete a package repository.',
    ],
  },
  {
    name: 'Notifications',
    path: 'notifications/',
    about: 'Notifications.',
    operations: [
      'GET read |  | List notifications.',
      'POST create | message! context category ident user users:boolean admins:boolean dismissable:boolean | Create a notification.',
    ],
  },
  {
    name: 'Notification',
    path: 'notifications/{id}/',
    about: 'Notifications.',
    operations: [
      'GET read |  | Show a notification.',
      'PUT update | message context category ident user users:boolean admins:boolean dismissable:boolean | Change a notification.',
      'DELETE delete |  | Delete a notification.',
      'POST dismiss |  | Dismiss a notification.',
    ],
  },
  {
    name: 'ResourcePool',
    path: 'resourcepool/{id}/',
    about: 'Resource pools.',
    operations: [
      'GET read |  | Show a resource pool.',
      'PUT update | description name | Change a resource pool.',
      'DELETE delete |  | Delete a resource pool.',
    ],
  },
  {
    name: 'ResourcePools',
    path: 'resourcepools/',
    // As gomaasapi asks for it.
    aliases: ['pools/'],
    about: 'Resource pools.',
    operations: ['GET read |  | List resource pools.', 'POST create | name! description | Create a resource pool.'],
  },
  {
    name: 'LicenseKeys',
    path: 'license-keys/',
    about: 'Licence keys.',
    operations: [
      'GET read |  | List licence keys.',
      'POST create | osystem! distro_series! license_key! | Create a licence key.',
    ],
  },
  {
    name: 'LicenseKey',
    path: 'license-key/{osystem}/{distro_series}',
    about: 'Licence keys.',
    operations: [
      'GET read |  | Show a licence key.',
      'PUT update | license_key osystem distro_series | Change a licence key.',
      'DELETE delete |  | Delete a licence key.',
    ],
  },
];
