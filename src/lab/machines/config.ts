import { type LabHost, type LabMachine, type LabNic, bareAddress } from '../topology.ts';
import { SOURCE_INSIDE } from './places.ts';
import { tapOf } from './qemu.ts';

/** How a machine's BMC lets somebody in: MAAS's names, as `regent bmc create --parameters` takes them. */
export type BmcLogin = { readonly power_address: string; readonly power_user: string; readonly power_pass: string };

/** Files by their names. */
export type Files = Readonly<Record<string, string>>;

/** Files of systemd-networkd for the machines' host: its own address, those of the BMCs, and per network a bridge with the taps of its machines. */
export function networkFiles(host: LabHost): Files {
  const machines = host.machines ?? [];
  const bridged = host.nics.filter((nic) => nic.address === undefined);
  return {
    ...Object.fromEntries(host.nics.map((nic) => [`10-${nic.device}.network`, nicFile(nic, machines)])),
    ...Object.assign({}, ...bridged.map(({ network }) => bridgeFiles(network))),
    ...Object.assign({}, ...machines.map(tapFiles)),
  };
}

/** Every BMC is on the one NIC that has an address; the others are ports of a bridge. */
function nicFile(nic: LabNic, machines: readonly LabMachine[]): string {
  if (nic.address === undefined) return portFile(nic.device, nic.network);
  const addresses = [nic.address, ...machines.map(({ bmc }) => bmc.address)].map((address) => `Address=${address}`);
  return text('[Match]', `Name=${nic.device}`, '', '[Network]', ...addresses, 'IPv6AcceptRA=no');
}

function portFile(device: string, network: string): string {
  const port = [`Bridge=br-${network}`, 'LinkLocalAddressing=no'];
  return text('[Match]', `Name=${device}`, '', '[Link]', 'RequiredForOnline=no', '', '[Network]', ...port);
}

/** The host itself has no part in the network: no address, not even a link-local one. */
function bridgeFiles(network: string): Files {
  const bridge = ['[Bridge]', 'STP=no', 'ForwardDelaySec=0'];
  const match = ['[Match]', `Name=br-${network}`, '', '[Link]', 'RequiredForOnline=no', ''];
  return {
    [`10-br-${network}.netdev`]: text('[NetDev]', `Name=br-${network}`, 'Kind=bridge', '', ...bridge),
    [`10-br-${network}.network`]: text(
      ...match,
      '[Network]',
      'LinkLocalAddressing=no',
      'IPv6AcceptRA=no',
      'ConfigureWithoutCarrier=yes',
    ),
  };
}

/** QEMU makes the taps, one of each card: systemd-networkd, which is not root, may not, and plugs them in as soon as they are there. */
function tapFiles(machine: LabMachine): Files {
  const tap = tapOf(machine);
  return { [`10-${tap}.network`]: portFile(`${tap} ${tap}-*`, machine.network) };
}

/** Files of a BMC that speaks IPMI, for `ipmi_sim` (ipmi_lan(5), ipmi_sim_cmd(5)). */
export function ipmiFiles(machine: LabMachine, access: BmcLogin): Files {
  const kinds = 'none md2 md5 straight';
  const privileges = ['callback', 'user', 'operator', 'admin'].map((name) => `    allowed_auths_${name} ${kinds}`);
  return {
    'lan.conf': text(
      `name "${machine.name}"`,
      'set_working_mc 0x20',
      '  startlan 1',
      `    addr ${bareAddress(machine.bmc.address)} 623`,
      '    priv_limit admin',
      ...privileges,
      `    guid ${machine.uuid.replaceAll('-', '')}`,
      '  endlan',
      `  chassis_control "${SOURCE_INSIDE}/lab/machines/inside/chassis.sh ${machine.name} 0x20"`,
      `  user 1 true "" "" user 10 ${kinds}`,
      `  user 2 true "${access.power_user}" "${access.power_pass}" admin 10 ${kinds}`,
    ),
    emulation: text(
      'mc_setbmc 0x20',
      'mc_add 0x20 0 no-device-sdrs 0x23 9 8 0x9f 0x1291 0xf02 persist_sdr',
      'sel_enable 0x20 1000 0x0a',
      'mc_enable 0x20',
    ),
  };
}

function text(...lines: readonly string[]): string {
  return `${lines.join('\n')}\n`;
}
