import type { ResourceText } from '../base/parse.ts';

/** Resources of MAAS's API about controllers: names and parameters are those of MAAS. `parse.ts` describes the form of a line. */
export const CONTROLLERS: readonly ResourceText[] = [
  {
    name: 'RackController',
    path: 'rackcontrollers/{system_id}/',
    about: 'Racks.',
    operations: [
      'GET read |  | Show a rack.',
      'PUT update | description power_type power_parameters_skip_check:boolean zone domain power_parameters_{param} | Change a rack.',
      'DELETE delete | force:boolean | Delete a rack.',
      'POST abort | comment | End the current action of a rack.',
      'GET details |  | Show the details of a rack, as BSON.',
      'POST import_boot_images =202 |  | Let racks fetch images now.',
      'GET list_boot_images |  | List the images that a rack has.',
      'POST override_failed_testing | comment | Let a rack be used though a test failed.',
      'POST power_off | stop_mode comment | Switch a rack off.',
      'POST power_on 409 | user_data comment install_kvm:boolean register_vmhost:boolean bridge_type bridge_stp:boolean bridge_fd:int | Switch a rack on.',
      'GET power_parameters |  | Show by which parameters a rack is switched.',
      'GET query_power_state |  | Ask for the power of a rack.',
      'POST test | enable_ssh:boolean testing_scripts parameters | Test a rack.',
    ],
  },
  {
    name: 'RackControllers',
    path: 'rackcontrollers/',
    anonymous: 'AnonNodesHandler',
    about: 'Racks.',
    operations: [
      'GET read constraints | @filters | List racks.',
      'GET describe_power_types |  | List the types of power control.',
      'POST import_boot_images =202 |  | Let racks fetch images now.',
      'GET is_action_in_progress anonymous | mac_address! | Show whether the machine of a network card has an action in progress.',
      'GET is_registered anonymous | mac_address! | Show whether a network card is known.',
      'GET power_parameters | id | Show by which parameters a rack is switched.',
      'POST set_zone | zone! nodes! system_id | Put machines into a zone.',
    ],
  },
  {
    name: 'RegionController',
    path: 'regioncontrollers/{system_id}/',
    about: 'Region nodes.',
    operations: [
      'GET read |  | Show a region node.',
      'PUT update | description power_type power_parameters_skip_check:boolean zone domain power_parameters_{param} | Change a region node.',
      'DELETE delete | force:boolean | Delete a region node.',
      'GET details |  | Show the details of a region node, as BSON.',
      'GET power_parameters |  | Show by which parameters a region node is switched.',
    ],
  },
  {
    name: 'RegionControllers',
    path: 'regioncontrollers/',
    anonymous: 'AnonNodesHandler',
    about: 'Region nodes.',
    operations: [
      'GET read constraints | @filters | List region nodes.',
      'GET is_action_in_progress anonymous | mac_address! | Show whether the machine of a network card has an action in progress.',
      'GET is_registered anonymous | mac_address! | Show whether a network card is known.',
      'POST set_zone | zone! nodes! system_id | Put machines into a zone.',
    ],
  },
];
