import type { ResourceText } from '../base/parse.ts';

/** Resources of MAAS's API about results: names and parameters are those of MAAS. `parse.ts` describes the form of a line. */
export const RESULTS: readonly ResourceText[] = [
  {
    name: 'NodeScriptResults',
    path: 'nodes/{system_id}/results/',
    about: 'The results of scripts on a machine.',
    operations: [
      'GET read | type hardware_type include_output:boolean filters | List the results of scripts on a machine.',
    ],
  },
  {
    name: 'NodeScriptResult',
    path: 'nodes/{system_id}/results/{id}/',
    about: 'The results of scripts on a machine.',
    operations: [
      'GET read | hardware_type include_output:boolean filters | Show the results of a run.',
      'PUT update | hardware_type filters include_output:boolean suppressed:boolean | Change the results of a run.',
      'DELETE delete |  | Delete the results of a run.',
      'GET download | hardware_type filters output filetype | Read the text of the results of a run.',
    ],
  },
  {
    name: 'NodeDevices',
    path: 'nodes/{system_id}/devices/',
    about: 'The PCI and USB devices of a machine.',
    operations: [
      'GET read | bus hardware_type vendor_id product_id vendor_name product_name commissioning_driver | List the PCI and USB devices of a machine.',
    ],
  },
  {
    name: 'NodeDevice',
    path: 'nodes/{system_id}/devices/{id}/',
    about: 'The PCI and USB devices of a machine.',
    operations: ['GET read |  | Show a device of a machine.', 'DELETE delete |  | Delete a device of a machine.'],
  },
  {
    name: 'NodeResults',
    path: 'commissioning-results/',
    isHidden: true,
    about: 'The results of scripts.',
    operations: ['GET read | system_id name result_type:int | List the results of scripts.'],
  },
  {
    name: 'NodeResults',
    path: 'installation-results/',
    about: 'The results of scripts.',
    operations: ['GET read | system_id name result_type:int | List the results of scripts.'],
  },
  {
    name: 'NodeScripts',
    path: 'scripts/',
    about: 'Scripts.',
    operations: [
      'GET read | type hardware_type include_script:boolean filters | List scripts.',
      'POST create | name title description tags type hardware_type parallel timeout destructive:boolean script comment for_hardware may_reboot:boolean recommission:boolean script_type | Create a script.',
    ],
  },
  {
    name: 'NodeScript',
    path: 'scripts/{name}',
    about: 'Scripts.',
    operations: [
      'GET read | include_script:boolean | Show a script.',
      'PUT update | title description tags type hardware_type parallel timeout destructive:boolean script comment for_hardware may_reboot:boolean recommission:boolean apply_configured_networking:boolean name script_type | Change a script.',
      'DELETE delete |  | Delete a script.',
      'POST add_tag | tag! | Add a tag to a script.',
      'GET download | revision:int rev:int | Read the text of a script.',
      'POST remove_tag | tag! | Take a tag from a script.',
      'POST revert | to:int! | Go back to an earlier text of a script.',
    ],
  },
  {
    name: 'CommissioningScripts',
    path: 'commissioning-scripts/',
    about: 'The names of commissioning scripts.',
    operations: [
      'GET read |  | List the names of commissioning scripts.',
      'POST create | name content! | Create a commissioning script.',
    ],
  },
  {
    name: 'CommissioningScript',
    path: 'commissioning-scripts/{name}',
    about: 'The names of commissioning scripts.',
    operations: [
      'GET read |  | Show a commissioning script.',
      'PUT update | content | Change a commissioning script.',
      'DELETE delete |  | Delete a commissioning script.',
    ],
  },
];
