import { DHCP_OPTION } from '../../../contract/base/dhcp-option.ts';
import type { InterfaceInput } from '../../../contract/machines/machine-interface.ts';
import type { Call, OptionSpec } from '../../command-spec.ts';
import { usageError } from '../../exit.ts';
import { option, options } from '../../values.ts';
import { optionSpecs, readOptions } from '../base/options.ts';

const DHCP = { dhcpOptions: DHCP_OPTION };

/** The interfaces of a machine or a device and their DHCP options, as options. */
export const HARDWARE_OPTIONS: readonly OptionSpec[] = [
  ...optionSpecs(DHCP),
  { flags: '--mac <mac>', help: 'MAC address of the first interface' },
  { flags: '--interface <name>', help: 'name of the first interface (eth0 when left out)' },
  {
    flags: '--address <ip|auto|dhcp|link>',
    help: 'its address; auto: the lowest free one of the subnet; dhcp: by DHCP; link: up without one. With DHCP on it is a static lease: DHCP gives this MAC this address',
  },
  { flags: '--subnet <subnet>', help: 'the subnet of "auto": CIDR, name or id' },
  { flags: '--vlan <vlan>', help: 'its VLAN, if no address determines it' },
  {
    flags: '--nic <fields>',
    help: 'a further interface: mac=MAC[,name=eth1][,address=IP|auto][,subnet=S][,vlan=V]; may be repeated',
    repeat: true,
  },
];

/** Members of a body, from these options. */
export async function hardwareOf(call: Call): Promise<object> {
  const interfaces = interfacesOf(call);
  return { ...(await readOptions(call, DHCP)), ...(interfaces.length === 0 ? {} : { interfaces }) };
}

function interfacesOf(call: Call): InterfaceInput[] {
  const fields = new Map<string, string>();
  for (const [name, key] of [
    ['mac', 'mac'],
    ['interface', 'name'],
    ['address', 'address'],
    ['subnet', 'subnet'],
    ['vlan', 'vlan'],
  ] as const) {
    const value = option(call, name);
    if (value !== undefined) fields.set(key, value);
  }
  if (fields.size > 0 && !fields.has('mac'))
    throw usageError('--interface, --address, --subnet and --vlan describe the interface of --mac, which is missing.');
  const first = fields.size > 0 ? [toInterface(fields, '--address')] : [];
  return [...first, ...options(call, 'nic').map(parseNic)];
}

function parseNic(textOfNic: string): InterfaceInput {
  const fields = new Map<string, string>();
  for (const part of textOfNic.split(',')) {
    const [, key, value] = /^(mac|name|address|subnet|vlan)=(.+)$/.exec(part.trim()) ?? [];
    if (key === undefined || value === undefined)
      throw usageError(`--nic: "${part}" is not usable. Rule: mac=MAC[,name=…][,address=…][,subnet=…][,vlan=…].`);
    if (fields.has(key)) throw usageError(`--nic: "${key}" is given twice in "${textOfNic}".`);
    fields.set(key, value);
  }
  return toInterface(fields, '--nic');
}

function toInterface(fields: ReadonlyMap<string, string>, where: string): InterfaceInput {
  const mac = fields.get('mac');
  const name = fields.get('name');
  const vlan = fields.get('vlan');
  const address = fields.get('address');
  const subnet = fields.get('subnet');
  if (mac === undefined) throw usageError(`${where}: "mac" is missing.`);
  if (subnet !== undefined && address === undefined)
    throw usageError(`${where}: a subnet needs an address in it; for the lowest free one: auto.`);
  return {
    mac,
    ...(name === undefined ? {} : { name }),
    ...(vlan === undefined ? {} : { vlan }),
    ...(address === undefined ? {} : { addresses: [{ address, ...(subnet === undefined ? {} : { subnet }) }] }),
  };
}
