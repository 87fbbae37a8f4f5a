import type { ResourceText } from '../base/parse.ts';

/** Resources of MAAS's API about images: names and parameters are those of MAAS. `parse.ts` describes the form of a line. */
export const IMAGES: readonly ResourceText[] = [
  {
    name: 'BootResources',
    path: 'boot-resources/',
    about: 'Images.',
    operations: [
      'GET read | type | List images.',
      'POST create =201 | name! architecture! sha256 size:int title filetype base_image content:file keep_old:boolean | Create an image.',
      'POST import |  | Import from all sources.',
      'GET is_importing |  | Show whether images are being fetched.',
      'POST stop_import |  | End the fetching of images.',
    ],
  },
  {
    name: 'BootResource',
    path: 'boot-resources/{id}/',
    about: 'Images.',
    operations: ['GET read |  | Show an image.', 'DELETE delete |  | Delete an image.'],
  },
  {
    name: 'BootResourceFileUpload',
    path: 'boot-resources/{resource_id}/upload/{id}/',
    isHidden: true,
    about: 'A file of an image.',
    operations: ['PUT update |  | Change a file of an image.'],
  },
  {
    name: 'BootSources',
    path: 'boot-sources/',
    about: 'Boot sources.',
    operations: [
      'GET read |  | List boot sources.',
      'POST create =201 | url! keyring_filename keyring_data:file name priority:int enabled:boolean skip_keyring_verification:boolean | Create a boot source.',
    ],
  },
  {
    name: 'BootSource',
    path: 'boot-sources/{id}/',
    about: 'Boot sources.',
    operations: [
      'GET read |  | Show a boot source.',
      'PUT update | url keyring_filename keyring_data:file name priority:int enabled:boolean skip_keyring_verification:boolean | Change a boot source.',
      'DELETE delete |  | Delete a boot source.',
    ],
  },
  {
    name: 'BootSourceSelections',
    path: 'boot-sources/{boot_source_id}/selections/',
    about: 'The selections of a boot source.',
    operations: [
      'GET read |  | List the selections of a boot source.',
      'POST create | os release arches subarches labels | Create a selection.',
    ],
  },
  {
    name: 'BootSourceSelection',
    path: 'boot-sources/{boot_source_id}/selections/{id}/',
    about: 'The selections of a boot source.',
    operations: [
      'GET read |  | Show a selection.',
      'PUT update | os release arches subarches labels | Change a selection.',
      'DELETE delete |  | Delete a selection.',
    ],
  },
];
