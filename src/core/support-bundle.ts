import { createHash } from 'node:crypto';
import { HIDDEN, maskText, maskValue } from './masked.ts';
import { tarOf } from './tar.ts';

/** Bytes of a whole bundle before it is packed. */
export const BUNDLE_MAX = 100 * 1024 * 1024;
/** Bytes of one part: some 20,000 lines of a log. */
export const PART_MAX = 2 * 1024 * 1024;
/** Bytes of a value as JSON: lists of a large site. */
const VALUE_MAX = 8 * PART_MAX;
/** What the table of contents may take, bytes. */
const CONTENTS_MAX = 4 * 1024 * 1024;
const CONTENTS = 'contents.json';

/** A part of a bundle: a text, or a value that is written as JSON. `cut`: a sentence on what was left out before it came here. */
export type SupportPart = { readonly path: string; readonly cut?: string | null } & (
  | { readonly text: string }
  | { readonly value: unknown }
);

/** What is not in a bundle. `path`: a part, or a folder for all of its parts. */
export type MissingPart = { readonly path: string; readonly why: string };

/** What a bundle is about. `madeAt`: ISO 8601; `since`: the start of logs and lists. */
export interface BundleSubject {
  readonly madeAt: string;
  readonly since: string;
  readonly version: string;
  /** The region's address, or the name of the host. */
  readonly source: string;
  /** Every node that is known; `why`: what is wrong with it, null: it answered. */
  readonly nodes: readonly { readonly name: string; readonly why: string | null }[];
  readonly notes: readonly string[];
}

/** The table of contents, which is the first file of the archive. */
export interface BundleContents extends BundleSubject {
  readonly files: readonly {
    readonly path: string;
    readonly bytes: number;
    readonly sha256: string;
    readonly masked: number;
    readonly cut: string | null;
  }[];
  readonly missing: readonly MissingPart[];
}

/** A bundle as an archive (tar), and its table of contents. */
export type SupportBundle = { readonly contents: BundleContents; readonly archive: Uint8Array };

/**
 * Makes the archive of a bundle: every part masked by the one list (`masked.ts`), each at most `PART_MAX`, all at most `BUNDLE_MAX`; of a text that is longer
 * the end stays, which is the newest. `known`: secrets that must not be in it in any form. Pure.
 */
export function supportBundle(
  subject: BundleSubject,
  parts: readonly SupportPart[],
  { missing, known = [] }: { readonly missing: readonly MissingPart[]; readonly known?: readonly string[] },
): SupportBundle {
  const files: { readonly entry: BundleContents['files'][number]; readonly content: Buffer }[] = [];
  const left: MissingPart[] = [];
  let room = BUNDLE_MAX - CONTENTS_MAX;
  for (const part of parts) {
    const { content, cut, masked } = contentOf(part, known);
    if (content.length > room) {
      left.push({ path: part.path, why: `the bundle has its ${BUNDLE_MAX / 1024 ** 2} MiB` });
      continue;
    }
    room -= content.length + 1024;
    const sha256 = createHash('sha256').update(content).digest('hex');
    files.push({ entry: { path: part.path, bytes: content.length, sha256, masked, cut }, content });
  }
  const contents: BundleContents = {
    ...(maskValue(subject, known) as BundleSubject),
    files: files.map(({ entry }) => entry),
    missing: maskValue([...missing, ...left], known) as MissingPart[],
  };
  const table = { path: CONTENTS, mode: 0o600, content: Buffer.from(`${JSON.stringify(contents, null, 2)}\n`) };
  return {
    contents,
    archive: tarOf([table, ...files.map(({ entry, content }) => ({ path: entry.path, mode: 0o600, content }))]),
  };
}

function contentOf(part: SupportPart, known: readonly string[]) {
  const text =
    'text' in part ? maskText(part.text, known) : `${JSON.stringify(maskValue(part.value, known), null, 1)}\n`;
  const masked = text.split(HIDDEN).length - 1;
  const content = Buffer.from(text);
  if (content.length <= ('text' in part ? PART_MAX : VALUE_MAX)) return { content, masked, cut: part.cut ?? null };
  if ('value' in part) {
    // Lists begin with the newest.
    const cut = `the end is left out: ${content.length - VALUE_MAX} of ${content.length} bytes`;
    return { content: content.subarray(0, content.lastIndexOf(10, VALUE_MAX) + 1), masked, cut };
  }
  // From the start of a line on: half a line could be half a secret.
  const from = content.indexOf(10, content.length - PART_MAX) + 1;
  const cut = `the first ${from} of ${content.length} bytes are left out`;
  return { content: content.subarray(from), masked, cut: part.cut ? `${part.cut}; ${cut}` : cut };
}
