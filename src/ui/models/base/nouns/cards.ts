import type { MachineInterface } from '../../../../contract/machines/machine-interface.ts';
import { listOf } from '../command-text.ts';
import { linesOf } from '../typed.ts';

/** A network card in the body of a request. */
type CardRequest = { readonly addresses?: readonly { address: string; subnet?: string }[] } & {
  readonly [name in 'mac' | 'name' | 'vlan']?: string;
};

const MEMBERS = ['mac', 'name', 'address', 'subnet', 'vlan'];

/** Interfaces of a device, one a line, as `--nic` takes them. */
export function cardsText(value: unknown): string {
  const cards = Array.isArray(value) ? (value as readonly MachineInterface[]) : [];
  return cards.map(cardText).join('\n');
}

function cardText(card: MachineInterface): string {
  // Addresses of devices have no gateway option, because Regent does not configure their routes.
  const addresses = addressLines(card).map((line) => `address=${line.replace(/,gateway$/, '')}`);
  return [
    `mac=${card.mac}`,
    `name=${card.name}`,
    ...addresses,
    ...(card.vlan === null ? [] : [`vlan=${card.vlan}`]),
  ].join(',');
}

/** Interfaces as calls take them. A line that cannot be read is sent as it is: the site says what an interface is. */
export const cardsOf = (text: string): readonly unknown[] => linesOf(text).map((line) => cardOf(line) ?? line);

/** A line such as `mac=52:54:00:00:00:09,address=auto,subnet=10.0.0.0/24`; null: it is none. */
function cardOf(line: string): CardRequest | null {
  const parts = listOf(line).map((part): readonly [string, string] => {
    const [, name = '', value = ''] = /^(\w+)=(.+)$/.exec(part) ?? [];
    return [name, value];
  });
  if (parts.some(([name]) => !MEMBERS.includes(name))) return null;
  const addresses: { address: string; subnet?: string }[] = [];
  for (const [name, value] of parts) {
    const last = addresses.at(-1);
    if (name === 'address') addresses.push({ address: value });
    // The subnet of an address follows it.
    else if (name === 'subnet' && last === undefined) return null;
    else if (name === 'subnet' && last !== undefined) last.subnet = value;
  }
  const plain = parts.filter(([name]) => name !== 'address' && name !== 'subnet');
  return { ...Object.fromEntries(plain), ...(addresses.length === 0 ? {} : { addresses }) };
}

/** Cards of a body as `--nic` takes them; an unparsed line stays as it was typed. */
export function cardLines(value: unknown): readonly string[] {
  return (value as readonly (string | CardRequest)[]).map((card) => {
    if (typeof card === 'string') return card;
    const { addresses = [], ...plain } = card;
    const places = addresses.flatMap(({ address, subnet }) => [
      `address=${address}`,
      ...(subnet === undefined ? [] : [`subnet=${subnet}`]),
    ]);
    return [...Object.entries(plain).map(([name, text]) => `${name}=${text}`), ...places].join(',');
  });
}

/** How an interface gets its addresses, one on each line, as `--address` takes them. */
export function addressLines({ links, addresses }: MachineInterface): readonly string[] {
  if (links === undefined) return addresses.map(({ address }) => address);
  return links.map(({ mode, address, subnet, gateway }) => {
    const where = address === null && subnet !== null ? [`subnet=${subnet}`] : [];
    return [address ?? mode, ...where, ...(gateway ? ['gateway'] : [])].join(',');
  });
}
