/** Sentences about lists of subnets; the overview has one. */
export const SUBNETS = {
  title: 'Subnets',
  empty: 'There is no subnet.',
  emptyNext: 'Make one: regent subnet create CIDR --vlan FABRIC/VLAN.',
  columns: {
    cidr: 'Subnet',
    name: 'Name',
    vlan: 'VLAN',
    gateway: 'Gateway',
    used: 'Machines and reservations',
    dynamic: 'Dynamic',
    share: 'Used',
    dns: 'DNS',
  },
  share: (share: number) => `${Math.round(share * 100)} %`,
} as const;
