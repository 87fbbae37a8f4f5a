import { isRejected } from '../../../core/errors.ts';
import { optionData } from '../../../model/networks/dhcp/dhcp-option.ts';
import type { Subnet } from '../../../model/networks/subnet.ts';
import type { DhcpSubnet } from '../desired.ts';
import type { CustomOption } from './desired.ts';

/** An entry of Kea's `option-data`. */
type KeaOption =
  | { readonly name: string; readonly data: string }
  | { readonly code: number; readonly 'csv-format': false; readonly data: string };

/** A member `options` with what operators set; none where that is nothing. A text that is no option any more is one that does not fit. */
export function optionsOf(texts: readonly string[]): { options?: CustomOption[] } {
  if (texts.length === 0) return {};
  const data = optionData(texts);
  if (!isRejected(data)) return { options: data.map((option) => ({ ...option })) };
  const alone = texts.map((text) => ({ text, read: optionData([text]) }));
  return {
    options: alone.flatMap(({ text, read }) => (isRejected(read) ? [{ code: 0, data: text }] : [...read])),
  };
}

/** The options of a host: those of a reservation stand before those of its machine. */
export function hostOptions(
  machine: readonly CustomOption[],
  own: readonly CustomOption[],
): { options?: CustomOption[] } {
  const all = [...machine.filter((option) => own.every(({ code }) => code !== option.code)), ...own];
  return all.length === 0 ? {} : { options: all };
}

/** What an operator set of a subnet, as the desired state has it. */
export function subnetCustoms(
  subnet: Subnet,
): Pick<DhcpSubnet, 'options' | 'leaseTime' | 'bootFile' | 'ignoreUnknown'> {
  const { dhcpOptions, leaseTime, bootFile, ignoreUnknown } = subnet;
  return {
    ...optionsOf(dhcpOptions),
    ...(leaseTime === null ? {} : { leaseTime }),
    ...(bootFile === null ? {} : { bootFile }),
    ...(ignoreUnknown ? { ignoreUnknown } : {}),
  };
}

/** Regent's own options and an operator's: where both have one, the operator's stands. */
export function withOptions(
  own: readonly { readonly name: string; readonly data: string }[],
  custom: readonly CustomOption[] = [],
): KeaOption[] {
  const names = new Set(custom.map(({ name }) => name));
  return [...own.filter(({ name }) => !names.has(name)), ...custom.map(keaOption)];
}

/** As Kea's `option-data` has it. */
function keaOption({ code, name, data }: CustomOption): KeaOption {
  return name === undefined ? { code, 'csv-format': false, data } : { name, data };
}

/** Has the operator set this option here or for the whole site? Then Regent's own is left out. */
export function hasOption(name: string, ...lists: readonly (readonly CustomOption[] | undefined)[]): boolean {
  return lists.some((list) => list?.some((option) => option.name === name) === true);
}
