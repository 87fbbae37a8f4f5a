import type { DnsRecord } from '../../../../contract/names/record.ts';
import { relativeName } from '../../../../model/names/names.ts';
import type { Args } from '../../args.ts';
import type { SiteLists } from '../../site-lists.ts';
import type { DnsResource } from '../../objects/names/names.ts';
import { FIRST } from '../base/defaults.ts';
import { notFound } from '../base/refusals.ts';

/** Zero, which clients in Go send for what they were not given, is the domain's own, as none is. */
export function ttlOf(args: Args, field = 'ttl'): number | null | undefined {
  return args.has(field) ? args.number(field) || null : undefined;
}

/** The full name that is meant; null: none. A domain is meant by its name or its number. `before`: the name that it has if the call gives neither. */
export async function nameOf(lists: SiteLists, args: Args, before?: DnsResource): Promise<string | null> {
  const fqdn = args.text('fqdn');
  if (fqdn) return fqdn.toLowerCase().replace(/\.$/, '');
  if (before && !args.text('name') && !args.text('domain')) return null;
  const name = args.text('name') || (before && relativeName(before.fqdn, before.domain));
  const domain = (await domainNamed(lists, args.text('domain'))) || before?.domain;
  if (!name || !domain) return null;
  return (name === '@' ? domain : `${name}.${domain}`).toLowerCase();
}

async function domainNamed(lists: SiteLists, text = ''): Promise<string> {
  if (!/^\d+$/.test(text)) return text.toLowerCase();
  const found = (await lists.domains()).find(({ id, isDefault }) => (text === FIRST ? isDefault : String(id) === text));
  return found?.name ?? notFound('domain', text);
}

/** The members of a record, or of a name without any (type ''), that filters compare. */
export type NamedRecord = Pick<DnsRecord, 'fqdn' | 'name' | 'domain'> & { readonly type: string };

/** Makes the test whether a record is among the requested ones. */
export async function filterOf(lists: SiteLists, args: Args): Promise<(record: NamedRecord) => boolean> {
  const wanted = await nameOf(lists, args);
  const domain = await domainNamed(lists, args.text('domain'));
  const name = args.text('name')?.toLowerCase();
  const type = args.text('rrtype')?.toUpperCase();
  return (one) =>
    (wanted === null || one.fqdn === wanted) &&
    (!domain || one.domain === domain) &&
    (!name || one.name === name) &&
    (!type || one.type === type);
}
