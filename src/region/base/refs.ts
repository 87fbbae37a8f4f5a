import { type Rejected, rejected, show, isRejected } from '../../core/errors.ts';
import { formatNetwork, parseNetwork } from '../../core/ip.ts';
import { parseRecordData, parseRecordType, type RecordType } from '../../model/names/record.ts';

/** How an operator names an object: by its number or by a text that the noun explains. */
export type Ref = { readonly id: number } | { readonly text: string };

/** A text of digits is an id: no name has only digits. */
export function parseRef(text: string): Ref {
  const id = /^\d{1,10}$/.test(text) ? Number(text) : 0;
  return id >= 1 && id <= 2_147_483_647 ? { id } : { text };
}

/** The name of a domain as its row has it: lower-case, without final dot. */
export const domainText = (text: string): string => text.toLowerCase().replace(/\.$/, '');

/** A network's canonical text when the text is one, else null. */
export function networkText(text: string): string | null {
  const network = text.includes('/') ? parseNetwork(text) : null;
  return network === null || isRejected(network) ? null : formatNetwork(network);
}

/** A record's name: its id, or FQDN,TYPE[,DATA]. `data` canonical. */
export type RecordRef =
  | { readonly id: number }
  | { readonly fqdn: string; readonly type: RecordType; readonly data: string | null };

/** Parses a record's name. */
export function parseRecordRef(text: string): RecordRef | Rejected {
  const ref = parseRef(text);
  if ('id' in ref) return ref;
  const [fqdn, typeText, ...rest] = text.split(',');
  if (!fqdn || !typeText)
    return rejected(
      'not_found',
      `There is no record ${show(text)}. A record is named by its id, or as FQDN,TYPE or FQDN,TYPE,DATA.`,
    );
  const type = parseRecordType(typeText);
  if (isRejected(type)) return type;
  const data = rest.length > 0 ? parseRecordData(type, rest.join(',')) : null;
  if (data !== null && typeof data !== 'string') return data;
  return { fqdn: domainText(fqdn), type, data };
}

/** The refusal of a name that nothing has; `known`: some that exist, so that the next try is right. */
export function noSuch(noun: string, text: string, known: readonly string[] = []): Rejected {
  const hint =
    known.length === 0
      ? ''
      : ` There ${known.length === 1 ? 'is' : 'are'} ${known.slice(0, 10).join(', ')}${known.length > 10 ? ', …' : ''}.`;
  return rejected('not_found', `There is no ${noun} ${show(text)}.${hint}`);
}

/** The first five of a list, and that there are more. */
export function some(names: readonly string[]): string {
  return `${names.slice(0, 5).join(', ')}${names.length > 5 ? ', …' : ''}`;
}
