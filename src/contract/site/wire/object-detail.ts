import type { HistoryObject } from '../../base/history.ts';

/** The object of an event, as sentences name it: a key by its label, an image by its name. `data`: what the API shows of it. */
export function objectIn(
  kind: string,
  subject: string,
  data: Readonly<Record<string, unknown>>,
): Omit<HistoryObject, 'verb'> {
  const noun = kind.split('.')[0] ?? '';
  const own = OWN_NAMES[noun]?.map((member) => textOf(data[member])).find((text) => text !== '');
  if (own === undefined) return { noun, name: subject, detail: detailOf(noun, data) };
  return { noun, name: own, detail: noun === 'image' ? '' : `of ${subject}` };
}

/** What distinguishes an object beside its name, by what the API shows of it: `A 192.0.2.1` of a record. */
function detailOf(noun: string, data: Readonly<Record<string, unknown>>): string {
  if (noun === 'setting' && 'value' in data)
    return `to ${data['value'] === '' ? 'nothing' : JSON.stringify(data['value'])}`;
  return (MEMBERS[noun] ?? [])
    .map((name) => textOf(data[name]))
    .filter((text) => text !== '')
    .join(' ')
    .slice(0, DETAIL_MAX);
}

/** Characters of a detail: the data of a record may be a whole key. */
const DETAIL_MAX = 120;

const MEMBERS: Readonly<Record<string, readonly string[]>> = {
  record: ['type', 'data'],
  reservation: ['mac'],
  range: ['kind'],
  user: ['role'],
  token: ['place'],
};

/** Members that name an object whose events are about its owner, or about its digest. */
const OWN_NAMES: Readonly<Record<string, readonly string[]>> = {
  'api-key': ['label', 'token'],
  'ssh-key': ['fingerprint'],
  notification: ['title', 'text'],
  image: ['name'],
};

/** A value as text; '' if it is neither a text nor a number. */
export const textOf = (value: unknown): string =>
  typeof value === 'string' ? value : typeof value === 'number' ? String(value) : '';
