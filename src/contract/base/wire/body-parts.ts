import Type, { type Static } from 'typebox';
import { stableJson, textDigest } from '../../../core/stable-json.ts';

/**
 * A node's body as parts by digest. A part is named by the digest of its stable JSON (`digestOf`), and names others by theirs: the digest of
 * the outermost one, the root, stands for the whole body. Equal content is one part, in whatever node and generation it stands.
 * How a body is cut says nothing of what it means: `joinParts` takes any cut, so a later release may cut otherwise.
 */

const Digest = Type.String({ pattern: '^[0-9a-f]{64}$' });

/**
 * `value`: as it stands. `base` and `parts`: an object, and what stands in it at these paths of member names; a later path may lead into an
 * earlier one. `items`: a list, one part for each element. `pages`: a list, one part for each run of it.
 */
export const BodyPart = Type.Union([
  Type.Object({ value: Type.Unknown() }),
  Type.Object({ base: Type.Unknown(), parts: Type.Array(Type.Tuple([Type.Array(Type.String()), Digest])) }),
  Type.Object({ items: Type.Array(Digest) }),
  Type.Object({ pages: Type.Array(Digest) }),
]);
export type BodyPart = Static<typeof BodyPart>;

/** A part as it is stored: its stable JSON, and the digests of the parts that it names. */
export type PartText = { readonly text: string; readonly names: readonly string[] };

/** Parts by digest. */
export type PartTexts = ReadonlyMap<string, PartText>;

/** Shorter texts stand in the part around them, characters: naming one takes 67. */
const SHORT = 512;
/**
 * Runs of a list end by content, not by place: an element that comes or goes changes only its own run. One in so many
 * elements ends a run; `most` bounds a run of elements that never do.
 */
const RUN = { named: 16, inline: 32, most: 128 } as const;

/** A part inside of an object: where, and which. */
type InnerPart = readonly [path: readonly string[], digest: string];

/** A value while it is cut: its text and the parts that stand in it, or the digest of the part that it became. */
type PackedValue = { readonly text: string; readonly inner: readonly InnerPart[] } | { readonly digest: string };

/** What was cut so far: parts by digest, and what became of each object. */
type SplitState = { readonly parts: Map<string, PartText>; readonly known: WeakMap<object, PackedValue> };

/** Cuts values into parts, which gather in `parts`; `split` gives the root. An object that several bodies share is cut once. Pure but for the map. */
export function createSplitter(): { readonly parts: PartTexts; readonly split: (body: unknown) => string } {
  const cut: SplitState = { parts: new Map(), known: new WeakMap() };
  return { parts: cut.parts, split: (body) => namedOf(cut, pack(cut, body)) };
}

function pack(cut: SplitState, value: unknown): PackedValue {
  if (typeof value !== 'object' || value === null) return { text: stableJson(value), inner: [] };
  const before = cut.known.get(value);
  if (before) return before;
  const packed = Array.isArray(value) ? packList(cut, value) : packObject(cut, value);
  cut.known.set(value, packed);
  return packed;
}

function packList(cut: SplitState, list: readonly unknown[]): PackedValue {
  const elements = list.map((element) => pack(cut, element ?? null));
  const texts = elements.flatMap((element) => ('text' in element && element.inner.length === 0 ? [element.text] : []));
  const isInline = texts.length === elements.length;
  const text = isInline ? `[${texts.join(',')}]` : '';
  if (isInline && text.length < SHORT) return { text, inner: [] };
  const pages = isInline
    ? runsOf(texts, RUN.inline).map((run) => add(cut, `{"value":[${run.join(',')}]}`))
    : runsOf(
        elements.map((element) => namedOf(cut, element)),
        RUN.named,
      ).map((run) => addList(cut, 'items', run));
  const digests = pages.map(({ digest }) => digest);
  return pages.length === 1 && pages[0] ? pages[0] : addList(cut, 'pages', digests);
}

function packObject(cut: SplitState, value: object): PackedValue {
  const entries = Object.entries(value).filter(([, member]) => member !== undefined);
  entries.sort(([a], [b]) => (a < b ? -1 : 1));
  const members: string[] = [];
  const inner: InnerPart[] = [];
  for (const [key, member] of entries) {
    const packed = pack(cut, member);
    if ('digest' in packed) inner.push([[key], packed.digest]);
    else {
      members.push(`${JSON.stringify(key)}:${packed.text}`);
      inner.push(...packed.inner.map(([path, digest]) => [[key, ...path], digest] as const));
    }
  }
  const text = `{${members.join(',')}}`;
  if (text.length < SHORT) return { text, inner };
  const rest = add(cut, `{"value":${text}}`);
  return inner.length === 0 ? rest : { text: '{}', inner: [[[], rest.digest], ...inner] };
}

function add({ parts }: SplitState, text: string, names: readonly string[] = []): { readonly digest: string } {
  const digest = textDigest(text);
  if (!parts.has(digest)) parts.set(digest, { text, names: [...new Set(names)] });
  return { digest };
}

function addList(cut: SplitState, kind: 'items' | 'pages', digests: readonly string[]): { readonly digest: string } {
  return add(cut, `{"${kind}":${JSON.stringify(digests)}}`, digests);
}

function namedOf(cut: SplitState, packed: PackedValue): string {
  if ('digest' in packed) return packed.digest;
  const { text, inner } = packed;
  if (inner.length === 0) return add(cut, `{"value":${text}}`).digest;
  const names = inner.map(([, digest]) => digest);
  return add(cut, `{"base":${text},"parts":${JSON.stringify(inner)}}`, names).digest;
}

/** Digests of the parts that a part names; none for one that is not there. */
export function namesOf(part: BodyPart | undefined): readonly string[] {
  if (part === undefined || 'value' in part) return [];
  if ('items' in part) return part.items;
  return 'pages' in part ? part.pages : part.parts.map(([, digest]) => digest);
}

/** The body of a root, or digests that `find` does not know; behind a missing part there may be more of them. */
export type JoinedBody =
  | { readonly kind: 'whole'; readonly body: unknown }
  | { readonly kind: 'missing'; readonly digests: readonly string[] };

/** Puts bodies together. Parts that several name become one object: what comes out is not to be changed. */
export function createJoiner(find: (digest: string) => BodyPart | undefined): (root: string) => JoinedBody {
  const values = new Map<string, unknown>();
  const missing = new Set<string>();
  const valueOf = (digest: string): unknown => {
    if (values.has(digest)) return values.get(digest);
    const part = find(digest);
    if (part === undefined) missing.add(digest);
    const value = part === undefined ? null : contentOf(part);
    values.set(digest, value);
    return value;
  };
  const contentOf = (part: BodyPart): unknown => {
    if ('items' in part) return part.items.map(valueOf);
    if ('pages' in part) return part.pages.flatMap(valueOf);
    if ('value' in part) return part.value;
    return part.parts.reduce((value, [path, digest]) => withAt(value, path, valueOf(digest)), part.base);
  };
  return (root) => {
    const body = valueOf(root);
    return missing.size > 0 ? { kind: 'missing', digests: [...missing] } : { kind: 'whole', body };
  };
}

/** The value with another one at this path; the objects along the path are copied, because other values share them. */
function withAt(value: unknown, [key, ...path]: readonly string[], inner: unknown): unknown {
  if (key === undefined) return inner;
  const around = typeof value === 'object' && value !== null ? value : {};
  const before: unknown = Object.hasOwn(around, key) ? around[key as keyof typeof around] : {};
  return { ...around, [key]: withAt(before, path, inner) };
}

/** Cuts a list into runs. A hash of an element (FNV-1a) decides whether a run ends with it. */
function runsOf(units: readonly string[], oneIn: number): string[][] {
  const runs: string[][] = [[]];
  for (const unit of units) {
    const run = runs.at(-1) ?? [];
    run.push(unit);
    if (hashOf(unit) % oneIn === 0 || run.length >= RUN.most) runs.push([]);
  }
  return runs.filter((run) => run.length > 0);
}

function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return (hash ^ (hash >>> 15)) >>> 0;
}
