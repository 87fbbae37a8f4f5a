import { NOUN_PAGES } from '../../models/base/nouns/noun-pages.ts';

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
  byDefault: 'Default',
  hidden: '***',
  listHelp: 'One value a line',
  jsonHelp: 'As JSON',
  cardsHelp:
    'One a line, such as mac=52:54:00:00:00:09,address=10.10.10.9; also name, vlan, and auto, dhcp or link as the address, with its subnet. They replace all that it has',
  nouns: {
    ...NOUN_PAGES,
    device: {
      title: 'Devices',
      one: 'device',
      text: 'A device has a name and addresses, and nobody commissions it: a printer, a switch.',
    },
    domain: { title: 'Domains', one: 'domain', text: 'Every node that runs DNS serves it as a zone.' },
    reservation: {
      title: 'Reservations',
      one: 'reservation',
      text: 'DHCP gives its address to the interface with its MAC; without one nobody gets it.',
    },
    script: { title: 'Scripts', one: 'script', text: 'Machines run a script while they are commissioned or tested.' },
    vlan: { title: 'VLANs', one: 'VLAN', text: 'A VLAN is a broadcast domain of a fabric; 0 is untagged.' },
    subnet: {
      title: 'Subnets',
      one: 'subnet',
      text: 'Its reverse zone is served from then on. DHCP needs a dynamic range of it.',
    },
  },
} as const;
