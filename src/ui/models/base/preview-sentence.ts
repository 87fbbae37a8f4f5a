import type { Preview } from '../../../contract/base/common.ts';
import { diffLines } from './change.ts';

/** What a dry run would do, for one sentence. `name`: of the object, if its files have it; null: they do not. */
export interface PreviewSummary {
  readonly verb: 'adds' | 'removes' | 'changes';
  readonly name: string | null;
  readonly kind: 'zone' | 'dhcp' | 'other';
  readonly files: number;
  readonly nodes: number;
}

/** Sums a dry run up; null: it would change no file. */
export function previewSummary(preview: Preview): PreviewSummary | null {
  const touched = preview.nodes.filter(({ files }) => files.length > 0);
  const files = touched.flatMap((node) => node.files);
  if (files.length === 0) return null;
  const services = new Set(files.map(({ service }) => service.split('@')[0]));
  const [only] = services.size === 1 ? services : [];
  const lines = files.flatMap(({ diff }) => diffLines(diff));
  const name = namesOf(preview.object).find((one) => {
    const has = finderOf(one);
    return lines.some(({ kind, text }) => kind !== 'place' && has(text.slice(1)));
  });
  const has = name === undefined ? () => true : finderOf(name);
  const of = (kind: string) => lines.some((line) => line.kind === kind && has(line.text.slice(1)));
  const [isAdded, isRemoved] = [of('added'), of('removed')];
  return {
    verb: isAdded && !isRemoved ? 'adds' : isRemoved && !isAdded ? 'removes' : 'changes',
    name: name ?? null,
    kind: only === 'dns' ? 'zone' : only === 'dhcp' || only === 'dhcp6' ? 'dhcp' : 'other',
    files: files.length,
    nodes: touched.length,
  };
}

/** How files may call the object: by its whole name, its first label, or its address. */
function namesOf(object: unknown): string[] {
  if (typeof object !== 'object' || object === null) return [];
  const text = (name: string) => {
    const value = (object as Readonly<Record<string, unknown>>)[name];
    return typeof value === 'string' && value !== '' ? [value] : [];
  };
  return [
    ...text('fqdn').flatMap((fqdn) => [fqdn.split('.')[0] ?? fqdn, fqdn]),
    ...text('cidr'),
    ...text('address'),
    ...text('first'),
    ...text('name'),
  ];
}

/** Finds lines that have this name, and not as a part of a longer one. */
function finderOf(name: string): (line: string) => boolean {
  const escaped = name.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
  const pattern = new RegExp(`(?<![\\w.-])${escaped}(?![\\w-])`);
  return (line) => pattern.test(line);
}

/** A dry run of more lines is folded. */
const OPEN_LINES = 40;

/** Are the files few and short enough to be shown at once? */
export function isShort(preview: Preview): boolean {
  const files = preview.nodes.flatMap((node) => node.files);
  return files.length <= 3 && files.reduce((sum, { diff }) => sum + diffLines(diff).length, 0) <= OPEN_LINES;
}
