import type { AnnotatedKind } from '../../../../contract/site/annotation.ts';
import type { Args } from '../../args.ts';
import { type SiteStep, step } from '../../site.ts';
import { badValue } from './refusals.ts';

/** Fields of MAAS that have no effect in Regent: they are stored as they were given. */
const ANNOTATED_FIELDS: Readonly<Record<AnnotatedKind, readonly string[]>> = {
  fabric: ['description', 'class_type'],
  vlan: ['description'],
  subnet: ['description', 'rdns_mode', 'active_discovery', 'disabled_boot_architectures'],
  space: ['description'],
  // What MAAS says of it, Regent does.
  domain: [],
  // Its settings (`operations/site/config.ts`).
  site: [],
};
const FLAGS = ['active_discovery'];
const LISTS = ['disabled_boot_architectures'];
const RDNS_MODES = ['0', '1', '2'];

/** The steps that store what a call says of an object, which API v1 names by `object`; none if it says nothing. */
export function annotateSteps(kind: AnnotatedKind, object: string, args: Args): SiteStep[] {
  const names = ANNOTATED_FIELDS[kind].filter((name) => args.has(name));
  if (names.length === 0) return [];
  const texts = Object.fromEntries(names.map((name): [string, string] => [name, textOf(name, args)]));
  return [step('annotation.set', { params: { kind, object }, body: { texts } })];
}

/** A value as it is stored; an empty one removes it. */
function textOf(name: string, args: Args): string {
  const text = args.text(name) ?? '';
  if (text === '') return '';
  if (FLAGS.includes(name)) return String(args.flag(name));
  if (LISTS.includes(name)) return args.list(name).join(',');
  if (name === 'rdns_mode' && !RDNS_MODES.includes(text)) badValue(name, `${text} is not known`, RDNS_MODES.join(', '));
  return text;
}
