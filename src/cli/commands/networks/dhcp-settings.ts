import type { Subnet, SubnetSet } from '../../../contract/networks/subnet.ts';
import type { Call, OptionSpec } from '../../command-spec.ts';
import { usageError } from '../../exit.ts';
import { flag, integer, option, options, textOrNone } from '../../values.ts';

/** `--dhcp-option`, of whatever may have some. */
export const DHCP_OPTION: OptionSpec = {
  flags: '--dhcp-option <option|none>',
  help: 'further DHCP options: NAME=VALUE, CODE:TYPE=VALUE (224 to 254), 43.CODE:TYPE=VALUE; replaces all earlier ones; may be repeated',
  repeat: true,
};

/** Other settings that DHCP sends to hosts of a subnet. */
export const DHCP_SETTING_OPTIONS: readonly OptionSpec[] = [
  DHCP_OPTION,
  {
    flags: '--lease-time <seconds|default>',
    help: 'how long a lease lasts; "default": as the setting dhcp_lease_time says',
  },
  { flags: '--boot-server <ip|none>', help: 'where its hosts load their boot file from; "none": from Regent' },
  {
    flags: '--boot-file <file|none>',
    help: 'the boot file of all its hosts, a path or URL; "none": the one that Regent has for them',
  },
  {
    flags: '--ignore-unknown <on|off>',
    help: 'only hosts with a static lease get an address by DHCP',
    values: ['on', 'off'],
  },
];

/** The names of these options, for a sentence. */
export const DHCP_SETTING_FLAGS = '--dhcp-option, --lease-time, --boot-server, --boot-file, --ignore-unknown';

/** The options of DHCP that were given, as a member of a body. */
export function dhcpOptionsOf(call: Call): { dhcpOptions?: string[] } {
  const texts = options(call, 'dhcpOption');
  if (texts.length === 0) return {};
  if (texts.includes('none') && texts.length > 1) {
    throw usageError('--dhcp-option none and an option exclude each other.');
  }
  return { dhcpOptions: texts.filter((text) => text !== 'none') };
}

/** The same with all other settings of a subnet. */
export function dhcpSettingsOf(
  call: Call,
): Pick<SubnetSet, 'dhcpOptions' | 'leaseTime' | 'bootServer' | 'bootFile' | 'ignoreUnknown'> {
  return {
    ...dhcpOptionsOf(call),
    ...leaseTimeOf(call),
    ...textOrNone(call, 'bootServer'),
    ...textOrNone(call, 'bootFile'),
    ...flag(call, 'ignoreUnknown', 'ignoreUnknown'),
  };
}

function leaseTimeOf(call: Call): { leaseTime?: number | null } {
  const value = option(call, 'leaseTime');
  if (value === undefined) return {};
  return {
    leaseTime: value === 'default' ? null : integer(value, '--lease-time', 'a whole number of seconds, or "default"'),
  };
}

/** Lines of a subnet's screen: only values that are set. */
export function dhcpSettingLines(subnet: Subnet): (readonly [string, string | readonly string[]])[] {
  const { dhcpOptions = [], leaseTime = null, bootServer = null, bootFile = null, ignoreUnknown = false } = subnet;
  const boot = [bootFile, bootServer === null ? null : `from ${bootServer}`].filter((part) => part !== null);
  return [
    ...(dhcpOptions.length === 0 ? [] : [['DHCP options', dhcpOptions] as const]),
    ...(leaseTime === null ? [] : [['DHCP lease', `${leaseTime} s`] as const]),
    ...(boot.length === 0 ? [] : [['Boots', boot.join(' ')] as const]),
    ...(ignoreUnknown ? [['Unknown hosts', 'get no address'] as const] : []),
  ];
}
