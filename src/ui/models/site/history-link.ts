import type { NamedObject } from '../../../contract/site/wire/sentence.ts';
import { linkTo } from '../base/address.ts';
import { NOUN_PAGES } from '../base/nouns/noun-pages.ts';

/** The page of an object in a sentence; of a deleted one what happened to it. Null: it has none. */
export function objectLink({ noun, name, isGone }: NamedObject): string | null {
  if (isGone === true) return linkTo(['events'], { object: name });
  const path = Object.hasOwn(PATHS, noun) ? PATHS[noun]?.(name) : undefined;
  if (path !== undefined) return linkTo(path);
  const list = Object.hasOwn(LISTS, noun)
    ? LISTS[noun]
    : Object.hasOwn(NOUN_PAGES, noun)
      ? ['catalog', noun]
      : undefined;
  return list === undefined ? null : linkTo(list, { filter: name });
}

/** Objects with a page of their own. */
const PATHS: Readonly<Record<string, (name: string) => readonly string[]>> = {
  change: (name) => ['changes', name],
  domain: (name) => ['dns', 'domains', name],
  finding: () => ['doctor'],
  job: (name) => ['jobs', name.replace('Job ', '')],
  machine: (name) => ['machines', name],
  node: (name) => ['nodes', name],
  service: (name) => {
    const [service = '', node = ''] = name.split(' on ');
    return ['services', node, service];
  },
  setting: () => ['settings'],
  subnet: (name) => ['subnets', name],
  vlan: (name) => ['vlans', ...name.split('/')],
};

/** Objects that stand in a list. */
const LISTS: Readonly<Record<string, readonly string[]>> = {
  'api-key': ['access', 'keys'],
  image: ['images'],
  lease: ['leases'],
  notification: ['notes'],
  rack: ['racks'],
  record: ['dns', 'records'],
  reservation: ['leases', 'reservations'],
  'ssh-key': ['access', 'ssh-keys'],
  token: ['access', 'tokens'],
  user: ['access', 'users'],
};
