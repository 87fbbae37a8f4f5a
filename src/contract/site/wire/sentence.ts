/** An object of the site in a sentence; `noun` says what it is. `isGone`: it was deleted then. */
export type NamedObject = { readonly noun: string; readonly name: string; readonly isGone?: boolean };

/** A part of a sentence: text, or an object that a page links to. */
export type SentencePart = string | NamedObject;

/** The parts of a sentence about the past, in their order. */
export type Sentence = readonly SentencePart[];

/** IdNames of identifiers. */
export type IdNames = Readonly<Record<string, string>>;

/** A sentence of a template: its texts, and between them objects, texts or other sentences. */
export function sentence(texts: TemplateStringsArray, ...values: readonly (SentencePart | Sentence)[]): Sentence {
  const pieces: SentencePart[] = texts.flatMap((text, index) => {
    const value = values[index];
    return [text, ...(value === undefined ? [] : Array.isArray(value) ? (value as Sentence) : [value as SentencePart])];
  });
  return pieces.filter((piece) => piece !== '');
}

/** The sentence as plain text. */
export function plainSentence(pieces: Sentence): string {
  return pieces.map((piece) => (typeof piece === 'string' ? piece : piece.name)).join('');
}

/** The name of an identifier; the identifier itself if it has none. */
export const nameIn = (names: IdNames | undefined, id: string): string => names?.[id] ?? id;

/** Who did it: a user, a node or a machine by name, or Regent itself. */
export function actorOf(who: string, names: IdNames | undefined): SentencePart {
  const at = who.indexOf(':');
  if (at < 0) return who === '' ? 'Somebody' : { noun: 'user', name: who };
  const [kind, id] = [who.slice(0, at), who.slice(at + 1)];
  if (kind === 'system') return 'Regent';
  if (kind === 'join') return 'A joining host';
  return ['node', 'machine', 'rack'].includes(kind) ? { noun: kind, name: nameIn(names, id) } : who;
}

/** Did a user do it, not Regent, a node or a machine? */
export const isPerson = (who: string): boolean => who !== '' && !who.includes(':');

/** A noun as people write it: `api-key` → `API key`. */
export function nounText(noun: string): string {
  return NOUNS[noun] ?? noun.replaceAll(/[-_]/g, ' ');
}

const NOUNS: Readonly<Record<string, string>> = {
  'api-key': 'API key',
  'ssh-key': 'SSH key',
  'tsig-key': 'TSIG key',
  'dhcp-snippet': 'DHCP snippet',
  bmc: 'BMC',
  vlan: 'VLAN',
  notification: 'note',
};
