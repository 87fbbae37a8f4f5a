import type { SiteLists } from '../../site-lists.ts';
import { bareRef, FIRST } from '../base/defaults.ts';
import { badValue } from '../base/refusals.ts';

/** The domain of a full name; undefined: it is a host name without a domain. */
export function domainIn(hostname: string): string | undefined {
  const dot = hostname.indexOf('.');
  return dot === -1 ? undefined : hostname.slice(dot + 1);
}

/** A full name is cut: its domain is named beside it. */
export const nameOf = (hostname: string): string => hostname.split('.')[0] ?? hostname;

/** Name of the domain that is meant by id or name; the default one when none is. */
export async function domainName(lists: SiteLists, given: string | undefined): Promise<string> {
  const text = given && bareRef(given);
  const domains = await lists.domains();
  const found =
    text && text !== FIRST
      ? domains.find(({ id, name }) => name === text.toLowerCase() || String(id) === text)
      : domains.find(({ isDefault }) => isDefault);
  return found?.name ?? badValue('domain', `there is no domain ${text}`, 'name or id of a domain');
}
