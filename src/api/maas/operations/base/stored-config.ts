import settings from '../../catalog/base/config.json' with { type: 'json' };
import type { SiteLists } from '../../site-lists.ts';
import { type Site, step } from '../../site.ts';
import { badValue } from './refusals.ts';

type StoredValue = string | number | boolean | null;

/**
 * Settings of MAAS that have no effect here, and that tools read back after they wrote them: they are stored as annotations of the site. Two kinds have an effect:
 * a deployment without a series takes the default one, and a release takes the three for erasing.
 */
const STORED_SETTINGS: readonly string[] = settings.stored;

/** Their names among the annotations. */
const nameOf = (name: string) => `config.${name}`;

/** Is a setting stored as it is given? */
export const isStored = (name: string): boolean => STORED_SETTINGS.includes(name);

/** The stored value of a setting; undefined: nobody has set it. */
export async function readStoredValue(lists: SiteLists, name: string): Promise<StoredValue | undefined> {
  const texts = (await lists.annotations()).find(({ kind }) => kind === 'site')?.texts ?? {};
  const text = texts[nameOf(name)];
  return text === undefined ? undefined : (JSON.parse(text) as StoredValue);
}

/** Stores it, in the form that it has in MAAS: `usual` has that form. */
export async function storeValue(site: Site, name: string, given: string, usual: StoredValue): Promise<void> {
  // As JSON, an empty text is also stored.
  const texts = { [nameOf(name)]: JSON.stringify(read(given, usual)) };
  await site.together([step('annotation.set', { params: { kind: 'site', object: 'site' }, body: { texts } })]);
}

function read(given: string, usual: StoredValue): StoredValue {
  if (typeof usual === 'number') return wholeOf(given);
  if (typeof usual === 'boolean') return flagOf(given);
  return given.length <= 200 ? given : badValue('value', 'it is too long', 'at most 200 characters');
}

/** A whole number as clients write it. */
export function wholeOf(given: string): number {
  return /^\d{1,9}$/.test(given) ? Number(given) : badValue('value', 'it is not usable', 'a whole number');
}

/** True or false as clients write it. */
export function flagOf(given: string): boolean {
  const text = given.toLowerCase();
  if (['true', '1', 'yes', 'on'].includes(text)) return true;
  return ['false', '0', 'no', 'off', ''].includes(text)
    ? false
    : badValue('value', 'it is not usable', 'true or false');
}
