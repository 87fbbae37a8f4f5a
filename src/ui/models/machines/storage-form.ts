import { quoted } from '../base/command-text.ts';
import type { Values } from '../base/typed.ts';

/** Layouts as the site has them (model/machines/deployment/stored/layouts.ts). */
export const LAYOUTS = ['flat', 'lvm', 'raid1', 'blank'] as const;

const MIB = 1024 * 1024;
/** Members of a layout as the site names them in the first change of a list, with their options of the command line. */
const MEMBERS = [
  ['layout', '--layout'],
  ['root', '--root'],
  ['bootBytes', '--boot'],
  ['group', '--group'],
  ['volume', '--volume'],
  ['volumeBytes', '--volume-size'],
] as const;
type Member = (typeof MEMBERS)[number][0];

/** The name of a field of a layout: as the site names it. */
export const fieldOf = (member: Member): string => `changes/0/${member}`;

/** Does a layout have this, with what is typed so far? */
export function isLaid(member: Member, values: Values): boolean {
  const layout = values[fieldOf('layout')];
  return !['group', 'volume', 'volumeBytes'].includes(member) || layout === 'lvm';
}

const givenOf = (values: Values) =>
  MEMBERS.flatMap(([member, option]) => {
    const value = values[fieldOf(member)];
    return value && isLaid(member, values) ? [{ member, option, value }] : [];
  });

/**
 * The change that lays the disks out again. Sizes are typed in MiB; a text that is no number is sent unchanged, and the
 * site refuses it.
 */
export function layOutOf(values: Values): object {
  const members = givenOf(values).map(({ member, value }) => {
    const isSize = member.endsWith('Bytes') && /^\d{1,9}$/.test(value);
    return [member, isSize ? Number(value) * MIB : value];
  });
  return { do: 'lay-out', ...Object.fromEntries(members) };
}

/** The same as options of the command line. */
export const layOutOptions = (values: Values): string =>
  givenOf({ ...values, [fieldOf('layout')]: values[fieldOf('layout')] || 'LAYOUT' })
    .map(({ option, value }) => ` ${option} ${quoted(value)}`)
    .join('');
