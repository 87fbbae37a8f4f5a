/** Patterns of values that stand in daemons' files. None has a blank, a quote, a brace or a path. */
const LABEL = '_?[a-z0-9][a-z0-9-]{0,62}';
export const HOST = '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?';
/** A domain name, also of a record (`_sip._udp`, `*`). */
export const NAME = `(?:\\*\\.)?${LABEL}(?:\\.${LABEL})*`;
export const ADDRESS = '[0-9a-f.:]{2,45}';
export const NETWORK = `${ADDRESS}/[0-9]{1,3}`;
/** An address before a port: IPv6 in brackets. */
const REACHED = '(?:[0-9.]{7,15}|\\[[0-9a-f.:]{2,45}\\])';
export const PLACE = `${REACHED}:[0-9]{1,5}`;
export const NUMBER = '[0-9]{1,15}';
/** Names a configuration. */
export const MARK = '[0-9a-f]{16}';
export const INTERFACE = '[A-Za-z0-9_][A-Za-z0-9_.:@-]{0,14}';
export const EPOCH = '[0-9]{1,3}(?:/[0-9a-f]{8}@[0-9]{1,15})*';
export const SIGNATURE = '(?:[A-Za-z0-9+/]{20,200}={0,2})?';

/** A value in double quotes. */
export function quoted(pattern: string): string {
  return `"(?:${pattern})"`;
}

/** A text, literally. */
export const literal = (text: string): string => text.replaceAll(/[\\^$.*+?()[\]{}|/]/g, '\\$&');

/** One of these texts, literally. */
export function oneOf(...texts: readonly string[]): string {
  return `(?:${texts.map(literal).join('|')})`;
}
