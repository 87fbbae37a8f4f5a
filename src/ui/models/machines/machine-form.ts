import { listOf, pairsOf, quoted } from '../base/command-text.ts';
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

/** What was typed of a machine, as the body of a call. */
export function machineBody(values: Values): object {
  const { tags, rack, bmc, powerParameters, dhcpOptions, interfaces, ...rest } = values;
  return {
    ...rest,
    ...(interfaces === undefined ? {} : { interfaces: listOf(interfaces).map((mac) => ({ mac })) }),
    ...(tags === undefined ? {} : { tags: listOf(tags) }),
    ...(rack === undefined ? {} : { rack: rack === '' ? null : rack }),
    ...(bmc === undefined ? {} : { bmc: bmc === '' ? null : bmc }),
    ...(dhcpOptions === undefined ? {} : { dhcpOptions: linesOf(dhcpOptions) }),
    ...(powerParameters === undefined ? {} : { powerParameters: pairsOf(powerParameters) }),
  };
}

/** The same as options of the command line. A secret is in no line that one copies. */
export function machineOptions({ tags, dhcpOptions, interfaces, powerParameters, ...rest }: Values): string {
  const [first, ...more] = listOf(interfaces ?? '');
  const dhcpOptionLines = linesOf(dhcpOptions ?? '');
  return [
    ...(first === undefined ? [] : [`--mac ${quoted(first)}`]),
    ...more.map((mac) => `--nic ${quoted(`mac=${mac}`)}`),
    ...plainOptions(rest, PLAIN),
    ...(tags === undefined ? [] : [`--tags ${quoted(listOf(tags).join(',') || 'none')}`]),
    ...(dhcpOptions !== undefined && dhcpOptionLines.length === 0 ? ['--dhcp-option none'] : []),
    ...dhcpOptionLines.map((option) => `--dhcp-option ${quoted(option)}`),
    ...Object.keys(pairsOf(powerParameters ?? '')).map((name) => `--power-parameter ${name}=VALUE`),
  ]
    .map((option) => ` ${option}`)
    .join('');
}
