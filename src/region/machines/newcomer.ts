import { isRejected } from '../../core/errors.ts';
import { formatAddress, parseAddress } from '../../core/ip.ts';
import type { MachineCreate } from '../../contract/machines/machine.ts';
import { interfaceLabel, parseMac } from '../../model/machines/machine.ts';
import { absoluteName } from '../../model/names/names.ts';
import { isAlone } from '../../store/queries/machines/newcomers.ts';
import type { Tx } from '../../store/tx.ts';

/** What nobody else has of what a new machine asks for: rules about others have nothing to find there. */
export interface Unrivalled {
  readonly names: ReadonlySet<string>;
  readonly macs: ReadonlySet<string>;
  readonly addresses: ReadonlySet<string>;
}

type Wanted = { readonly id: string; readonly hostname: string; readonly domain: string; readonly body: MachineCreate };

/** Null: somebody has some of it, or the body does not say all of it as it should. Each rule finds out for itself then. */
export async function readUnrivalled(tx: Tx, { id, hostname, domain, body }: Wanted): Promise<Unrivalled | null> {
  const interfaces = body.interfaces ?? [];
  const macs = interfaces.flatMap((card) => (card.mac === undefined ? [] : [parseMac(card.mac)]));
  const fixed = interfaces.flatMap((card) => (card.addresses ?? []).map(({ address }) => address));
  const parsed = fixed.filter((text) => !['auto', 'dhcp', 'link'].includes(text)).map((text) => parseAddress(text));
  const labels = interfaces.flatMap(({ name }) => (name === undefined ? [] : [`${interfaceLabel(name)}.${hostname}`]));
  const names = [hostname, ...labels];
  const known = { macs: new Set<string>(), addresses: new Set<string>(), names: new Set(names) };
  for (const mac of macs) {
    if (isRejected(mac)) return null;
    known.macs.add(mac);
  }
  for (const address of parsed) {
    if (isRejected(address)) return null;
    known.addresses.add(formatAddress(address));
  }
  const fqdns = names.map((name) => absoluteName(name, domain));
  const newcomer = { id, names: fqdns, hostnames: names, macs: [...known.macs], addresses: [...known.addresses] };
  return (await isAlone(tx, newcomer)) ? known : null;
}
