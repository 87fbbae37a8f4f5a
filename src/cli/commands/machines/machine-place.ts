import type { Machine, MachineSet } from '../../../contract/machines/machine.ts';
import { BOOT_MEDIA } from '../../../model/images/boot-media.ts';
import type { Call, OptionSpec } from '../../command-spec.ts';
import { usageError } from '../../exit.ts';
import type { Column } from '../../format/output.ts';
import { option, options, text } from '../../values.ts';

/** What people and tools say of a machine or a device. */
export const NOTE_OPTIONS: readonly OptionSpec[] = [
  { flags: '--description <text>', help: 'what people say of it' },
  {
    flags: '--annotation <name=text>',
    help: 'a text of a tool; may be repeated, and replaces all; none: it has none',
    repeat: true,
  },
];

/** Options for a machine's place and for what it boots. */
export const PLACE_OPTIONS: readonly OptionSpec[] = [
  { flags: '--zone <zone>', help: 'the zone that it is in' },
  { flags: '--pool <pool>', help: 'the resource pool that it is in' },
  ...NOTE_OPTIONS,
  {
    flags: '--boot-media <http|iscsi>',
    help: 'by what it gets the root of the image that it boots: http, into its memory; iscsi, as a disk of its rack',
  },
];

/** Members of a body, from these options. */
export function placeOf(call: Call): Pick<MachineSet, 'zone' | 'pool' | 'description' | 'annotations' | 'bootMedia'> {
  const media = option(call, 'bootMedia');
  const bootMedia = BOOT_MEDIA.find((one) => one === media);
  if (media !== undefined && bootMedia === undefined)
    throw usageError(`--boot-media: "${media}" is not usable. Rule: ${BOOT_MEDIA.join(' or ')}.`);
  return {
    ...text(call, 'zone'),
    ...text(call, 'pool'),
    ...notesOf(call),
    ...(bootMedia === undefined ? {} : { bootMedia }),
  };
}

/** What people and tools say of it, of a body. */
export function notesOf(call: Call): Pick<MachineSet, 'description' | 'annotations'> {
  return { ...text(call, 'description'), ...annotationsOf(call) };
}

/** Texts of tools, of a body. */
export function annotationsOf(call: Call): Pick<MachineSet, 'annotations'> {
  const texts = options(call, 'annotation');
  const entries = texts
    .filter((item) => item !== 'none')
    .map((item): [string, string] => {
      const [, name, value] = /^([^=]+)=(.*)$/s.exec(item) ?? [];
      if (name === undefined || value === undefined)
        throw usageError(`--annotation: "${item}" is not usable. Rule: NAME=TEXT, or none.`);
      return [name, value];
    });
  return texts.length === 0 ? {} : { annotations: Object.fromEntries(entries) };
}

/** Filters of a list. */
export const PLACE_FILTERS: readonly OptionSpec[] = [
  { flags: '--zone <zone>', help: 'only those of this zone' },
  { flags: '--pool <pool>', help: 'only those of this resource pool' },
];

export const PLACE_COLUMNS: readonly Column<Machine>[] = [
  { header: 'zone', wide: true, value: ({ zone }) => zone ?? '' },
  { header: 'pool', wide: true, value: ({ pool }) => pool ?? '' },
];

/** Lines of `show`; a region of an older release reports none of these. */
export function placeDetails({
  zone,
  pool,
  description,
  annotations,
  bootMedia,
}: Machine): [label: string, value: string | string[]][] {
  return [
    ...(zone === undefined ? [] : [['Zone', zone] as [string, string]]),
    ...(pool === undefined ? [] : [['Resource pool', pool] as [string, string]]),
    ...noteDetails({ description, annotations }),
    ...(bootMedia === undefined || bootMedia === 'http' ? [] : [['Boots by', 'iSCSI'] as [string, string]]),
  ];
}

/** Lines of `show` with the descriptions and annotations of a machine or a device; empty values have no line. */
export function noteDetails({
  description = '',
  annotations = {},
}: {
  readonly description?: string | undefined;
  readonly annotations?: Readonly<Record<string, string>> | undefined;
}): [label: string, value: string | string[]][] {
  const texts = Object.entries(annotations).map(([name, value]) => `${name}=${value}`);
  return [
    ...(description === '' ? [] : [['Description', description] as [string, string]]),
    ...(texts.length === 0 ? [] : [['Annotations', texts] as [string, string[]]]),
  ];
}
