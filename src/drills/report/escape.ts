/** Controls, line separators, bidirectional controls and invisible joiners: they could forge a line or reorder text (Unicode TR 36 §2.10). */
const UNSAFE =
  /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2064\u2066-\u206f\ufeff\ufffe\uffff]/gu;
/** Half of a surrogate pair: no XML or UTF-8 may carry it. */
const LONE = /[\ud800-\udfff]/gu;

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Text of others on one line: what is unsafe becomes a blank. */
export const plain = (text: string): string => text.replace(UNSAFE, ' ').replace(LONE, '\ufffd');

/** Text inside an element or a quoted attribute of HTML, SVG or XML 1.0. */
export const markup = (text: string): string => plain(text).replace(/[&<>"']/g, (char) => ENTITIES[char] ?? char);

/** Text in a cell of a Markdown table: no cell, tag, link or code begins or ends in it. */
export function markdownCell(text: string): string {
  return plain(text).replace(/[\\|<>`*_[\]]/g, (char) => `\\${char}`);
}

/** At most so many characters; what was longer ends in `…`. */
export function clip(text: string, most: number): string {
  const chars = Array.from(text);
  return chars.length <= most
    ? text
    : `${chars
        .slice(0, Math.max(0, most - 1))
        .join('')
        .trimEnd()}…`;
}

/** Characters of a text, those outside of the basic plane as one. */
export const lengthOf = (text: string): number => Array.from(text).length;
