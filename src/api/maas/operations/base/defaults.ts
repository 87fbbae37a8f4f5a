import type { SiteLists } from '../../site-lists.ts';

/** MAAS's number of the fabric, the domain and the resource pool that are there from the beginning. Clients and recipes name them by it; here numbers begin with 1. */
export const FIRST = '0';

/** A reference without the prefix that MAAS takes before a colon: `id:3`, `name:lab`. */
export const bareRef = (text: string): string => text.replace(/^(?:id|name):/, '');

/** What API v1 calls the domain of a path or a parameter, by id or name. */
export async function domainRef(lists: SiteLists, given = ''): Promise<string> {
  const text = bareRef(given);
  if (text !== FIRST) return text;
  return String((await lists.domains()).find(({ isDefault }) => isDefault)?.id ?? FIRST);
}

/** What API v1 calls the resource pool of a path. */
export async function poolRef(lists: SiteLists, given = ''): Promise<string> {
  const text = bareRef(given);
  return text === FIRST ? lowest(await lists.pools()) : text;
}

function lowest(items: readonly { readonly id: number }[]): string {
  const ids = items.map(({ id }) => id);
  return ids.length === 0 ? FIRST : String(Math.min(...ids));
}
