import type { ResourceText } from '../base/parse.ts';

/** MAAS has each operation on VM hosts twice: by their old name and by their new one. */
const OF_HOST: ResourceText['operations'] = [
  'GET read |  | Show a VM host.',
  'PUT update | name pool cpu_over_commit_ratio memory_over_commit_ratio default_storage_pool power_address power_pass zone default_macvlan_mode tags | Change a VM host.',
  'DELETE delete | decompose:boolean | Delete a VM host.',
  'POST add_tag | tag! | Add a tag to a VM host.',
  'POST compose | cores:int memory:int hugepages_backed:boolean pinned_cores:int cpu_speed architecture storage interfaces hostname domain zone pool | Make a virtual machine.',
  'GET parameters |  | Show how a VM host is reached.',
  'POST refresh |  | Read the state of a VM host again.',
  'POST remove_tag | tag! | Take a tag from a VM host.',
];
const OF_HOSTS: ResourceText['operations'] = [
  'GET read |  | List VM hosts.',
  'POST create | type! power_address! power_user! power_pass! name zone pool tags project certificate key cpu_over_commit_ratio:float memory_over_commit_ratio:float default_storage_pool default_macvlan_mode | Create a VM host.',
];

/** Resources of MAAS's API about pods: names and parameters are those of MAAS. `parse.ts` describes the form of a line. */
export const PODS: readonly ResourceText[] = [
  {
    name: 'Pod',
    path: 'pods/{id}/',
    about: 'VM hosts.',
    operations: OF_HOST,
  },
  {
    name: 'Pods',
    path: 'pods/',
    about: 'VM hosts.',
    operations: OF_HOSTS,
  },
  {
    name: 'VmHost',
    path: 'vm-hosts/{id}/',
    about: 'VM hosts.',
    operations: OF_HOST,
  },
  {
    name: 'VmHosts',
    path: 'vm-hosts/',
    about: 'VM hosts.',
    operations: OF_HOSTS,
  },
  {
    name: 'VirtualMachine',
    path: 'virtual-machines/{id}',
    isHidden: true,
    about: 'Virtual machines.',
    operations: ['GET read |  | Show a virtual machine.'],
  },
  {
    name: 'VirtualMachines',
    path: 'virtual-machines/',
    isHidden: true,
    about: 'Virtual machines.',
    operations: ['GET read |  | List virtual machines.', 'POST create |  | Create a virtual machine.'],
  },
  {
    name: 'VmCluster',
    path: 'vm-clusters/{id}',
    about: 'Clusters of VM hosts.',
    operations: [
      'GET read |  | Show a cluster of VM hosts.',
      'PUT update | name pool zone | Change a cluster of VM hosts.',
      'DELETE delete | decompose:boolean | Delete a cluster of VM hosts.',
    ],
  },
  {
    name: 'VmClusters',
    path: 'vm-clusters/',
    about: 'Clusters of VM hosts.',
    operations: ['GET read |  | List clusters of VM hosts.'],
  },
];
