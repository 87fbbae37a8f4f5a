/** Texts of the catalog. `one`: the noun within a sentence; `text`: what the noun is for. */
export const CATALOG = {
  title: 'Catalog',
  setLabel: 'Change',
  removeLabel: 'Delete',
  create: (one: string) => `New ${one}`,
  set: (name: string) => `Change ${name}`,
  remove: (name: string) => `Delete ${name}`,
  removeText: (name: string) => `${name} is deleted, unless something uses it.`,
  empty: (one: string) => `There is no ${one}.`,
  on: 'on',
  off: 'off',
  byDefault: 'Default',
  hidden: '***',
  listHelp: 'One value a line',
  jsonHelp: 'As JSON',
  cardsHelp:
    'One a line, such as mac=52:54:00:00:00:09,address=10.10.10.9; also name, vlan, and auto, dhcp or link as the address, with its subnet. They replace all that it has',
  nouns: {
    tag: {
      title: 'Tags',
      one: 'tag',
      text: 'Tags label machines. A tag with a rule is set automatically from hardware; its kernel options apply to every tagged machine.',
    },
    'resource-pool': {
      title: 'Resource pools',
      one: 'resource pool',
      text: 'A resource pool has machines that are given out together.',
    },
    zone: { title: 'Zones', one: 'zone', text: 'A zone has machines that fail together, such as those of one hall.' },
    fabric: { title: 'Fabrics', one: 'fabric', text: 'A fabric is switches that share their VLAN numbers.' },
    space: { title: 'Spaces', one: 'space', text: 'A space has VLANs that reach each other.' },
    'static-route': {
      title: 'Static routes',
      one: 'static route',
      text: 'A static route is a way of deployed systems to another network.',
    },
    device: {
      title: 'Devices',
      one: 'device',
      text: 'A device has a name and addresses, and nobody commissions it: a printer, a switch.',
    },
    domain: {
      title: 'Domains',
      one: 'domain',
      text: 'Every node that runs DNS serves it as a zone.',
    },
    reservation: {
      title: 'Reservations',
      one: 'reservation',
      text: 'DHCP gives its address to the interface with its MAC; without one nobody gets it.',
    },
    script: {
      title: 'Scripts',
      one: 'script',
      text: 'Machines run a script while they are commissioned or tested.',
    },
    'package-repository': {
      title: 'Package repositories',
      one: 'package repository',
      text: 'Machines that are deployed from then on get packages from it.',
    },
    'tsig-key': {
      title: 'TSIG keys',
      one: 'TSIG key',
      text: 'It signs transfers of zones to other name servers. Without a secret the site makes one and shows it once.',
    },
    vlan: { title: 'VLANs', one: 'VLAN', text: 'A VLAN is a broadcast domain of a fabric; 0 is untagged.' },
    subnet: {
      title: 'Subnets',
      one: 'subnet',
      text: 'Its reverse zone is served from then on. DHCP needs a dynamic range of it.',
    },
  },
} as const;
