import type { Machine } from '../../../contract/machines/machine.ts';
import type { BondSettings } from '../../../model/machines/interfaces/settings.ts';
import { listOf, quoted } from '../base/command-text.ts';
import { linesOf, otherThan, type PlainOption, plainOptions, type Values } from '../base/typed.ts';
import { addressLines } from '../base/nouns/cards.ts';

/** An interface as the API returns it. */
export type Nic = Machine['interfaces'][number];

/** As the site has them (model/machines/machine.ts, model/machines/interfaces/settings.ts): a form offers no others. */
export const KINDS = ['physical', 'bond', 'bridge', 'vlan'] as const;
export const BOND_MODES = [
  'active-backup',
  '802.3ad',
  'balance-rr',
  'balance-xor',
  'broadcast',
  'balance-tlb',
  'balance-alb',
] as const satisfies readonly BondSettings['mode'][];
export const LACP_RATES = ['slow', 'fast'] as const;
export const HASH_POLICIES = ['layer2', 'layer2+3', 'layer3+4', 'encap2+3', 'encap3+4'] as const;
const HASHING: readonly string[] = ['balance-xor', '802.3ad', 'balance-tlb'];

/** Settings of a bond and of a bridge, as the site names them, with their options of the command line. */
const SETTINGS: Readonly<Record<string, string>> = {
  'bond/mode': '--bond-mode',
  'bond/lacpRate': '--lacp-rate',
  'bond/hashPolicy': '--hash-policy',
  'bond/miimon': '--miimon',
  'bond/downDelay': '--down-delay',
  'bond/upDelay': '--up-delay',
  'bond/gratuitousArps': '--gratuitous-arps',
  'bridge/stp': '--stp',
  'bridge/forwardDelay': '--forward-delay',
};
const TEXTS = ['bond/mode', 'bond/lacpRate', 'bond/hashPolicy'];
const OPTIONS: readonly PlainOption[] = [
  ['name', '--name', ''],
  ['mac', '--mac', ''],
  ['vlan', '--vlan', 'none'],
  ['parents', '--parents', ''],
  ['mtu', '--mtu', 'default'],
  ['tags', '--tags', 'none'],
];

/** What the form of an interface begins with; null: of a new one. */
export function valuesOf(nic: Nic | null): Values {
  const settings = Object.keys(SETTINGS).map((name) => {
    const [part, member] = partsOf(name);
    return [name, textOf((nic?.[part] as Readonly<Record<string, unknown>> | undefined)?.[member])];
  });
  return {
    ...Object.fromEntries(settings),
    kind: nic?.kind ?? 'physical',
    name: nic?.name ?? '',
    mac: nic?.mac ?? '',
    vlan: nic?.vlan ?? '',
    parents: (nic?.parents ?? []).join(', '),
    mtu: nic?.mtu === undefined ? '' : String(nic.mtu),
    tags: (nic?.tags ?? []).join(', '),
    addresses: nic === null ? '' : addressLines(nic).join('\n'),
  };
}

const partsOf = (name: string) => name.split('/') as ['bond' | 'bridge', string];

const textOf = (value: unknown): string =>
  value === undefined ? '' : typeof value === 'boolean' ? (value ? 'on' : 'off') : String(value as string | number);

/** Does the form show this member, with what is typed so far? */
export function isApplicable(name: string, values: Values): boolean {
  if (!Object.hasOwn(SETTINGS, name)) return true;
  const mode = values['bond/mode'] ?? '';
  if (partsOf(name)[0] !== values['kind']) return false;
  if (name === 'bond/lacpRate') return mode === '802.3ad';
  return name !== 'bond/hashPolicy' || HASHING.includes(mode);
}

/** The changed members of an interface, without those that the form does not show any more. */
export function changedOf(values: Values, before: Values): Values {
  return Object.fromEntries(
    Object.entries(otherThan(values, before)).filter(([name]) => name !== 'kind' && isApplicable(name, values)),
  );
}

/** What was changed, as calls take it. A number that is none is sent as it is: the site says what is wrong with it. */
export function interfaceBody({ parents, tags, addresses, mtu, vlan, ...rest }: Values): object {
  const plain = Object.entries(rest).filter(([name]) => !Object.hasOwn(SETTINGS, name));
  return {
    ...Object.fromEntries(plain),
    ...(vlan === undefined ? {} : { vlan: vlan === '' ? null : vlan }),
    ...(mtu === undefined ? {} : { mtu: mtu === '' ? null : numberOf(mtu) }),
    ...(parents === undefined ? {} : { parents: listOf(parents) }),
    ...(tags === undefined ? {} : { tags: listOf(tags) }),
    ...(addresses === undefined ? {} : { addresses: linesOf(addresses).map(addressOf) }),
    ...settingsOf('bond', rest),
    ...settingsOf('bridge', rest),
  };
}

function settingsOf(part: 'bond' | 'bridge', values: Values): object {
  const found = Object.entries(values).filter(([name]) => Object.hasOwn(SETTINGS, name) && partsOf(name)[0] === part);
  if (found.length === 0) return {};
  return { [part]: Object.fromEntries(found.map(([name, value]) => [partsOf(name)[1], settingOf(name, value)])) };
}

function settingOf(name: string, value: string): unknown {
  if (name === 'bridge/stp') return value === 'on';
  return TEXTS.includes(name) ? value : numberOf(value);
}

const numberOf = (text: string): number | string => (/^\d{1,9}$/.test(text) ? Number(text) : text);

/** An address of a line such as `10.0.0.5,gateway` or `auto,subnet=10.0.0.0/24`. */
export function addressOf(line: string): object {
  const [address = '', ...more] = listOf(line);
  const subnet = more.find((part) => part.startsWith('subnet='))?.slice('subnet='.length);
  const isUnknown = more.some((part) => part !== 'gateway' && !part.startsWith('subnet='));
  // What cannot be read is sent as it is: the site says what an address is.
  if (isUnknown) return { address: line };
  return {
    address,
    ...(subnet === undefined ? {} : { subnet }),
    ...(more.includes('gateway') ? { gateway: true } : {}),
  };
}

/** What was changed, as options of the command line. */
export function interfaceOptions(changed: Values): string {
  const optionValues = Object.fromEntries(
    Object.entries(changed).map(([name, value]) => [name, value.replaceAll(/,\s+/g, ',')]),
  );
  const addresses = changed['addresses'];
  const lines = addresses === undefined ? [] : linesOf(addresses);
  const settings = Object.entries(SETTINGS).flatMap(([name, option]) => {
    const value = changed[name];
    return value ? [`${option} ${quoted(value)}`] : [];
  });
  return [
    ...plainOptions(optionValues, OPTIONS),
    ...(addresses !== undefined && lines.length === 0 ? ['--address none'] : []),
    ...lines.map((line) => `--address ${quoted(listOf(line).join(','))}`),
    ...settings,
  ]
    .map((option) => ` ${option}`)
    .join('');
}
