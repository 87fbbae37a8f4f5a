import type { RouteInput } from '../../../../contract/routes.ts';
import settings from '../../catalog/base/config.json' with { type: 'json' };
import { json, text } from '../../answer.ts';
import type { Args } from '../../args.ts';
import type { Handlers } from '../../handler.ts';
import { badValue } from '../base/refusals.ts';
import { imageOf } from '../images/images.ts';
import { flagOf, isStored, storeValue, readStoredValue, wholeOf } from '../base/stored-config.ts';
import { isDefault, urlOfDefault } from '../images/repositories.ts';

type SiteSettingValue = RouteInput<'setting.set'>['body']['value'];

/**
 * Settings of MAAS that Regent has: its own name, and the form that MAAS gives the value: `text`, `number`, `flag`; `joined`: one text with blanks between; `optional`, and `list`, which
 * is also such a text: null when empty.
 */
const KNOWN: Readonly<Record<string, { readonly setting: string; readonly kind: string }>> = settings.known;

/** Settings of MAAS that have no effect here, with the values that hold in Regent. Those of `stored-config.ts` are stored as given; the others cannot be changed. */
const FIXED: Readonly<Record<string, string | number | boolean | null>> = settings.fixed;

/** Why what somebody would rely on is not changed, and what to do instead. */
const WHY: Readonly<Record<string, string>> = settings.why;

/** Settings of the site by the names that MAAS has. */
export const CONFIG_HANDLERS: Handlers = {
  'Maas.get_config': async ({ site, lists, args }) => {
    const name = nameOf(args);
    // What was a setting once and is a package repository now, by its name.
    if (isDefault(name)) return json(await urlOfDefault(site, name));
    const known = Object.hasOwn(KNOWN, name) ? KNOWN[name] : undefined;
    if (!known) return json((isStored(name) ? await readStoredValue(lists, name) : undefined) ?? fixedOf(name));
    const { value } = await site.call('setting.show', { params: { setting: known.setting } });
    const shown = Array.isArray(value) ? value.map(plain).join(' ') : value;
    return json(['optional', 'list'].includes(known.kind) && shown === '' ? null : shown);
  },
  'Maas.set_config': async ({ site, args }) => {
    // An empty one clears.
    if (!args.has('value')) badValue('value', 'it is missing', 'the new value; an empty one clears');
    const name = nameOf(args);
    const known = Object.hasOwn(KNOWN, name) ? KNOWN[name] : undefined;
    if (!known) {
      const fixed = fixedOf(name);
      if (isStored(name)) {
        const given = args.text('value') ?? '';
        if (name === 'default_distro_series' && given !== '') await imageOf(site, given);
        await storeValue(site, name, given, fixed);
        return text('OK');
      }
      // A tool that says again what stands anyway is not refused.
      if (isSame(fixed, args.text('value') ?? '')) return text('OK');
      const why = WHY[name] === undefined ? 'it has no meaning here' : `it cannot be changed here: ${WHY[name]}`;
      return badValue('name', `${name}: ${why}`, `one of ${Object.keys(KNOWN).join(', ')}`);
    }
    const given = valueOf(args.text('value') ?? '', known.kind);
    const value = name === 'dns_trusted_acl' && Array.isArray(given) ? given.map(asNetwork) : given;
    await site.call('setting.set', { params: { setting: known.setting }, body: { value } });
    return text('OK');
  },
};

/** Names that settings had in releases of MAAS that clients know. */
const EARLIER: Readonly<Record<string, string>> = { ntp_server: 'ntp_servers' };

function nameOf(args: Args): string {
  const name = args.text('name') ?? '';
  return Object.hasOwn(EARLIER, name) ? (EARLIER[name] ?? name) : name;
}

/** MAAS takes addresses in place of networks, and shows them as they were given. */
function asNetwork(address: string): string {
  if (/^[\d.]+$/.test(address)) return `${address}/32`;
  return address.includes(':') && !address.includes('/') ? `${address}/128` : address;
}

const plain = (network: string | number) => String(network).replace(/^([\d.]+)\/32$|^([\da-f:]+)\/128$/i, '$1$2');

function fixedOf(name: string): string | number | boolean | null {
  if (Object.hasOwn(FIXED, name)) return FIXED[name] ?? null;
  return badValue(
    'name',
    `${name} is no setting`,
    `one of ${[...Object.keys(KNOWN), ...Object.keys(FIXED)].sort().join(', ')}`,
  );
}

function isSame(fixed: string | number | boolean | null, given: string): boolean {
  if (typeof fixed !== 'boolean') return String(fixed ?? '') === given;
  return (fixed ? ['true', '1', 'yes', 'on'] : ['false', '0', 'no', 'off', '']).includes(given.toLowerCase());
}

function valueOf(given: string, kind: string): SiteSettingValue {
  if (kind === 'number') return wholeOf(given);
  if (kind === 'flag') return flagOf(given);
  if (kind === 'text' || kind === 'optional') return given;
  return given.split(/[\s,]+/).filter((item) => item !== '');
}
