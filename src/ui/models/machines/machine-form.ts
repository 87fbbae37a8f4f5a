import { POWER_SECRET_NAMES } from '../../../model/machines/power-secrets.ts';
import { listOf, quoted } from '../base/command-text.ts';
import { linesOf, type PlainOption, plainOptions, type Values } from '../base/typed.ts';

/** As the site has them (model/images/boot-media.ts). */
export const BOOT_MEDIA = ['http', 'iscsi'] as const;

const PLAIN: readonly PlainOption[] = [
  ['hostname', '--hostname', ''],
  ['domain', '--domain', ''],
  ['rack', '--rack', 'master'],
  ['description', '--description', "''"],
  ['pool', '--pool', ''],
  ['zone', '--zone', ''],
  ['bootMedia', '--boot-media', ''],
  ['bmc', '--bmc', 'none'],
];

/** Before the name of a parameter that a machine has of its own at its BMC; a refusal names it likewise. */
export const OWN_PARAMETER = 'powerParameters/';

const isOwn = ([name]: readonly [string, string]): boolean => name.startsWith(OWN_PARAMETER);
const ownOf = (values: Values): readonly (readonly [string, string])[] =>
  Object.entries(values)
    .filter(isOwn)
    .map(([name, value]) => [name.slice(OWN_PARAMETER.length), value]);

/** What was typed of a machine, as the body of a call. `all`: with what did not change: own parameters go as a whole. */
export function machineBody(values: Values, all: Values = values): object {
  const { tags, rack, bmc, dhcpOptions, interfaces, ...more } = values;
  const rest = Object.fromEntries(Object.entries(more).filter((entry) => !isOwn(entry)));
  return {
    ...rest,
    ...(interfaces === undefined ? {} : { interfaces: listOf(interfaces).map((mac) => ({ mac })) }),
    ...(tags === undefined ? {} : { tags: listOf(tags) }),
    ...(rack === undefined ? {} : { rack: rack === '' ? null : rack }),
    ...(bmc === undefined ? {} : { bmc: bmc === '' ? null : bmc }),
    ...(dhcpOptions === undefined ? {} : { dhcpOptions: linesOf(dhcpOptions) }),
    ...(ownOf(values).length === 0
      ? {}
      : { powerParameters: Object.fromEntries(ownOf(all).filter(([, value]) => value !== '')) }),
  };
}

function ownOptions(all: Values): readonly string[] {
  const given = ownOf(all).filter(([, value]) => value !== '');
  if (given.length === 0) return ['--power-parameter none'];
  const text = (name: string, value: string) =>
    POWER_SECRET_NAMES.includes(name) ? `${name}=VALUE` : `${name}=${value}`;
  return given.map(([name, value]) => `--power-parameter ${quoted(text(name, value))}`);
}

/** The same as options of the command line. A secret is in no line that one copies. */
export function machineOptions(values: Values, all: Values = values): string {
  const { tags, dhcpOptions, interfaces, ...rest } = values;
  const [first, ...more] = listOf(interfaces ?? '');
  const dhcpOptionLines = linesOf(dhcpOptions ?? '');
  return [
    ...(first === undefined ? [] : [`--mac ${quoted(first)}`]),
    ...more.map((mac) => `--nic ${quoted(`mac=${mac}`)}`),
    ...plainOptions(rest, PLAIN),
    ...(tags === undefined ? [] : [`--tags ${quoted(listOf(tags).join(',') || 'none')}`]),
    ...(dhcpOptions !== undefined && dhcpOptionLines.length === 0 ? ['--dhcp-option none'] : []),
    ...dhcpOptionLines.map((option) => `--dhcp-option ${quoted(option)}`),
    ...(ownOf(values).length === 0 ? [] : ownOptions(all)),
  ]
    .map((option) => ` ${option}`)
    .join('');
}
