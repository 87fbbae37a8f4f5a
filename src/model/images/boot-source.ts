import { invalid, isRejected, type Rejected, show } from '../../core/errors.ts';
import { IMAGE_ARCHITECTURES, type ImageArchitecture } from './image.ts';

/** What a source speaks: simplestreams as MAAS uses it, or a folder of ours (`scripts/build-image --output`) with an index. */
export const SOURCE_TYPES = ['simplestreams', 'regent'] as const;

/** Characters of a source's address, keyring and selections. */
export const SOURCE_BOUNDS = { url: 500, keyring: 65_536, selections: 2000 } as const;

/** Images that are wanted of a source. `name`: with `*` for any characters; `architecture` null: any. */
export type Selection = { readonly name: string; readonly architecture: ImageArchitecture | null };

const SELECTION_RULE =
  'names such as debian-13 or ubuntu/*, each with :amd64 or :arm64 if only that is wanted, with commas between';

/** Parses where a source is; an empty text: nowhere yet. The result has no `/` at its end. */
export function parseSourceUrl(text: string, field: string): string | Rejected {
  if (text === '') return '';
  const rule = 'http:// or https://, without user, password, query and fragment';
  const url = URL.parse(text);
  if (
    url === null ||
    !['http:', 'https:'].includes(url.protocol) ||
    url.username ||
    url.password ||
    url.search ||
    url.hash
  )
    return invalid(field, `${show(text)} is not usable`, rule);
  return url.href.replace(/\/+$/, '');
}

/** Parses which images are wanted; an empty text: all of them. */
export function parseSelections(text: string, field: string): readonly Selection[] | Rejected {
  const wanted: Selection[] = [];
  for (const part of text
    .split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '')) {
    const [, name, architecture = ''] = /^([a-z0-9*][a-z0-9._/*-]{0,60})(?::([a-z0-9]+))?$/.exec(part) ?? [];
    const known = IMAGE_ARCHITECTURES.find((one) => one === architecture) ?? null;
    if (name === undefined || (architecture !== '' && known === null))
      return invalid(field, `${show(part)} is not usable`, SELECTION_RULE);
    wanted.push({ name, architecture: known });
  }
  return wanted;
}

/** Parses selections and gives their canonical form. */
export function canonicalSelections(text: string, field: string): string | Rejected {
  const wanted = parseSelections(text, field);
  if (isRejected(wanted)) return wanted;
  return wanted.map(({ name, architecture }) => (architecture ? `${name}:${architecture}` : name)).join(',');
}

/** Is an image among those that are wanted? */
export function isSelected(
  image: { readonly name: string; readonly architecture: string },
  selections: readonly Selection[],
): boolean {
  if (selections.length === 0) return true;
  return selections.some(
    ({ name, architecture }) =>
      (architecture === null || architecture === image.architecture) && fits(name.split('*'), image.name),
  );
}

/** Without a regular expression: many stars would make one slow. */
function fits([first = '', ...rest]: readonly string[], name: string): boolean {
  if (rest.length === 0) return name === first;
  if (!name.startsWith(first)) return false;
  const last = rest.at(-1) ?? '';
  let at = first.length;
  for (const part of rest.slice(0, -1)) {
    const found = name.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return name.length - last.length >= at && name.endsWith(last);
}

/** Parses a public key: OpenPGP packets in base64, of which the first one is a public key (RFC 9580, 4.2 and 5). */
export function parseKeyring(text: string, field: string): string | Rejected {
  if (text === '') return '';
  const rule = 'a public key in base64, on one line: gpg --export KEY | base64 -w0';
  if (!/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(text))
    return invalid(field, 'it is not base64', rule);
  const first = atob(text.slice(0, 4)).charCodeAt(0);
  const type = (first & 0x40) === 0 ? (first >> 2) & 0x0f : first & 0x3f;
  return (first & 0x80) !== 0 && type === 6 ? text : invalid(field, 'it is not a public key', rule);
}
