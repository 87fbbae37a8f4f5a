import type { Subnet } from '../../../contract/networks/subnet.ts';
import type { Vlan } from '../../../contract/networks/vlan.ts';
import { printerOf, runChange } from '../../change.ts';
import type { Call, NounSpec, OptionSpec } from '../../command-spec.ts';
import { type ExitCode, usageError } from '../../exit.ts';
import { printList, printOne, type Shape } from '../../format/output.ts';
import { waitForServers } from '../../waiting/serving.ts';
import { poolText } from './subnet.ts';
import { collect, flag, integer, need, nothingToSet, option, text, textOrNone } from '../../values.ts';

const SHAPE: Shape<Vlan> = {
  kind: 'VLAN',
  name: (vlan) => `${vlan.fabric}/${vlan.name}`,
  columns: [
    { header: 'name', value: (vlan) => vlan.name },
    { header: 'vid', value: vidOf },
    { header: 'fabric', value: (vlan) => vlan.fabric },
    { header: 'space', value: (vlan) => vlan.space ?? '' },
    { header: 'dhcp', value: (vlan) => (vlan.dhcpOn ? 'on' : 'off') },
    { header: 'dns', value: (vlan) => (vlan.dnsOn ? 'on' : 'off') },
    { header: 'served by', value: (vlan) => vlan.server?.servedBy ?? '' },
    { header: 'racks', wide: true, value: (vlan) => [...new Set(vlan.racks.map((rack) => rack.node))].join(', ') },
    {
      header: 'interfaces',
      wide: true,
      value: (vlan) => vlan.racks.map((rack) => `${rack.node} ${rack.interface}`).join(', '),
    },
    { header: 'id', wide: true, value: (vlan) => String(vlan.id) },
  ],
};

const WHICH = { name: '<vlan>', help: 'FABRIC/NAME or FABRIC/VID; name, VID or id', complete: 'vlan' } as const;
const VID = { flags: '--vid <number>', help: 'VLAN number, 1 to 4094; 0 is untagged' };
const SPACE_FILTER = { flags: '--space <space>', help: 'only those in this space' };
const DNS = {
  flags: '--dns <on|off>',
  help: 'hosts of its subnets may ask our resolvers, and DHCP names these',
  values: ['on', 'off'],
};
const MTU = { flags: '--mtu <octets>', help: 'the largest packet, of interfaces on it that have no MTU of their own' };
const ENLIST = {
  flags: '--enlist <on|off>',
  help: 'machines that nobody knows are enlisted when they boot on it',
  values: ['on', 'off'],
};
const DHCP: OptionSpec = {
  flags: '--dhcp <on|off>',
  help: 'racks on it serve DHCP; needs a dynamic range (regent range create)',
  values: ['on', 'off'],
};

const PRIMARY: OptionSpec = {
  flags: '--primary-rack <rack|none>',
  help: 'the rack that serves DHCP; "none" leaves the choice to Regent',
};
const SECONDARY: OptionSpec = {
  flags: '--secondary-rack <rack|none>',
  help: 'the rack that takes over when the primary one is gone',
};

const RELAY: OptionSpec = {
  flags: '--relay-vlan <vlan|none>',
  help: 'no rack stands on it: its router hands requests (DHCP relay) to the racks of that VLAN',
};

const NEEDS_RANGE = [
  'A subnet on it: regent subnet create CIDR --vlan VLAN',
  'A dynamic range: regent range create FIRST-LAST --kind dynamic',
];

/** `regent vlan`. */
export const VLAN: NounSpec = {
  noun: 'vlan',
  summary: 'VLANs of a fabric, and whether DHCP and DNS serve them',
  commands: [
    {
      verb: 'list',
      summary: 'list VLANs',
      options: [
        { flags: '--name <text>', help: 'only those whose name holds this' },
        { flags: '--fabric <fabric>', help: 'only those of this fabric' },
        SPACE_FILTER,
        { flags: '--dhcp <on|off>', help: 'only those with DHCP on, or off', values: ['on', 'off'] },
      ],
      examples: ['regent vlan list --dhcp on', 'regent vlan list -o wide'],
      run: async (call) => {
        const { client } = await call.region();
        const query = {
          ...text(call, 'name'),
          ...text(call, 'fabric'),
          ...text(call, 'space'),
          ...flag(call, 'dhcp', 'dhcp_on'),
        };
        await printList(printerOf(call), SHAPE, await collect(client.all('vlan.list', { query })));
      },
    },
    {
      verb: 'show',
      summary: 'show a VLAN, its subnets and the racks that stand on it',
      args: [WHICH],
      examples: ['regent vlan show web', 'regent vlan show fabric-1/10'],
      run: showVlan,
    },
    {
      verb: 'create',
      summary: 'create a VLAN',
      options: [
        VID,
        { flags: '--name <name>', help: 'a name; vlan-VID when left out' },
        { flags: '--fabric <fabric>', help: 'its fabric; the first one when left out' },
        { flags: '--space <space>', help: 'its space' },
        DNS,
        MTU,
      ],
      isChange: true,
      examples: ['regent vlan create --vid 10 --name web'],
      run: (call) =>
        runChange(call, {
          route: 'vlan.create',
          input: {
            body: {
              vid: vidOption(call),
              ...text(call, 'name'),
              ...text(call, 'fabric'),
              ...text(call, 'space'),
              ...flag(call, 'dns', 'dnsOn'),
              ...mtuOf(call),
            },
          },
          shape: SHAPE,
          done: 'created',
          next: { conflict: ['The VLANs that there are: regent vlan list'] },
        }),
    },
    {
      verb: 'set',
      summary: 'change a VLAN; --dhcp on starts DHCP on the racks that stand on it',
      args: [WHICH],
      options: [
        DHCP,
        DNS,
        ENLIST,
        MTU,
        { flags: '--name <name>', help: 'new name' },
        VID,
        { flags: '--space <space|none>', help: 'its space; "none" removes it from its space' },
        PRIMARY,
        SECONDARY,
        RELAY,
      ],
      isChange: true,
      waitsFor: 'servers',
      examples: [
        'regent vlan set web --dhcp on --dry-run',
        'regent vlan set web --dhcp on --wait',
        'regent vlan set web --primary-rack k1 --secondary-rack k2 --wait',
        'regent vlan set branch --relay-vlan web --dhcp on --wait',
      ],
      run: setVlan,
    },
    {
      verb: 'delete',
      summary: 'delete a VLAN that has no subnet and no interface',
      args: [WHICH],
      isChange: true,
      examples: ['regent vlan delete web'],
      run: (call) =>
        runChange(call, {
          route: 'vlan.delete',
          input: { params: { vlan: need(call, 0) } },
          shape: SHAPE,
          done: 'deleted',
          next: { in_use: [`What is on it: regent vlan show ${need(call, 0)}`] },
        }),
    },
  ],
};

async function showVlan(call: Call): Promise<void> {
  const { client } = await call.region();
  const { body } = await client.call('vlan.show', { params: { vlan: need(call, 0) } });
  const printer = printerOf(call);
  const isForPeople = printer.format === 'table' || printer.format === 'wide';
  const vlan = keyOf(body);
  const subnets = isForPeople ? await collect(client.all('subnet.list', { query: { vlan } })) : [];
  await printOne(printer, { ...SHAPE, details: (vlan) => detailsOf(vlan, subnets, call.io.now()) }, body);
}

function mtuOf(call: Call): { readonly mtu?: number } {
  const mtu = option(call, 'mtu');
  return mtu === undefined ? {} : { mtu: integer(mtu, '--mtu', '576 to 65535 octets') };
}

function setVlan(call: Call): Promise<ExitCode> {
  const body = {
    ...flag(call, 'dhcp', 'dhcpOn'),
    ...flag(call, 'dns', 'dnsOn'),
    ...flag(call, 'enlist', 'enlistOn'),
    ...mtuOf(call),
    ...text(call, 'name'),
    ...(option(call, 'vid') === undefined ? {} : { vid: vidOption(call) }),
    ...textOrNone(call, 'space'),
    ...textOrNone(call, 'primaryRack'),
    ...textOrNone(call, 'secondaryRack'),
    ...textOrNone(call, 'relayVlan'),
  };
  nothingToSet(
    body,
    '--dhcp, --dns, --enlist, --mtu, --name, --vid, --space, --primary-rack, --secondary-rack or --relay-vlan',
  );
  const isSwitchedOn = body.dhcpOn === true;
  return runChange(call, {
    route: 'vlan.set',
    input: { params: { vlan: need(call, 0) }, body },
    shape: SHAPE,
    done: 'changed',
    describe: (vlan) => `VLAN ${SHAPE.name(vlan)} changed${isSwitchedOn ? `; DHCP is ${dhcpOf(vlan)}` : ''}`,
    next: isSwitchedOn ? { conflict: NEEDS_RANGE } : {},
    waitFor: (vlan) => waitForServers(call, [keyOf(vlan)]),
  });
}

function vidOption(call: Call): number {
  const vid = option(call, 'vid');
  if (vid === undefined) throw usageError('--vid is missing: the number of the VLAN, 1 to 4094, or 0 for untagged.');
  return integer(vid, '--vid', '1 to 4094, or 0 for untagged');
}

function detailsOf(vlan: Vlan, subnets: readonly Subnet[], now: number) {
  const racks = vlan.racks.map(
    (rack) => `${rack.node}  ${rack.interface}  ${rack.addresses.join(', ') || 'no address'}`,
  );
  return [
    ['Name', vlan.name],
    ['VID', vidOf(vlan)],
    ['Fabric', vlan.fabric],
    ['Space', vlan.space ?? ''],
    ['DHCP', dhcpOf(vlan)],
    ...(vlan.relayVlan === null ? [] : ([['Relayed to', vlan.relayVlan]] as const)),
    ['Primary rack', primaryOf(vlan)],
    ['Secondary rack', vlan.server?.secondary ?? vlan.secondaryRack ?? ''],
    ['Served by', servedBy(vlan)],
    ['Pair', pairOf(vlan)],
    ['DNS', vlan.dnsOn ? 'on' : 'off'],
    ...(vlan.mtu === undefined || vlan.mtu === 1500 ? [] : ([['MTU', String(vlan.mtu)]] as const)),
    ...(vlan.enlistOn === undefined ? [] : ([['Enlistment', vlan.enlistOn ? 'on' : 'off']] as const)),
    ['Racks', racks],
    ['Subnets', subnets.map(subnetLine)],
    ...poolsOf(vlan, now),
    ['Id', String(vlan.id)],
  ] as const;
}

/** Dynamic addresses of each subnet, in use and free. */
function poolsOf({ pools = [] }: Vlan, now: number) {
  if (pools.length === 0) return [];
  return [['Pools', pools.map((use) => `${use.subnet}  ${poolText(use, now)}`)]] as const;
}

/** Who answers clients now, and since when. */
function servedBy({ dhcpOn, server }: Vlan): string {
  if (!dhcpOn || server === null) return '';
  if (server.servedBy === null) return 'nobody';
  return server.since === null ? server.servedBy : `${server.servedBy} since ${server.since}`;
}

function primaryOf({ primaryRack, server }: Vlan): string {
  if (primaryRack !== null || server === null) return primaryRack ?? '';
  return `${server.primary} (chosen of those that stand on it)`;
}

function pairOf({ dhcpOn, server }: Vlan): string {
  if (!dhcpOn || server === null) return '';
  if (server.secondary === null) return `none: ${server.why}`;
  return `${server.isWhole ? 'whole' : 'not whole'}: ${server.why}`;
}

/** What happens to DHCP: when it is switched on, it still needs a rack on the VLAN. */
function dhcpOf(vlan: Vlan): string {
  if (!vlan.dhcpOn) return 'off';
  if (vlan.relayVlan !== null && vlan.racks.length === 0) {
    return vlan.server === null
      ? `on, but no accepted rack stands on its relay VLAN ${vlan.relayVlan}: nobody answers (see: regent rack list)`
      : `on, by a relay to ${vlan.relayVlan}`;
  }
  return vlan.racks.length > 0
    ? 'on'
    : 'on, but no accepted rack stands on this VLAN: nobody answers (see: regent rack list)';
}

function subnetLine(subnet: Subnet): string {
  const name = subnet.name === subnet.cidr ? '' : `${subnet.name}, `;
  const gateway = subnet.gateway === null ? 'no gateway' : `gateway ${subnet.gateway}`;
  return `${subnet.cidr}  ${name}${gateway}, ${subnet.dynamic} dynamic, ${subnet.used} fixed`;
}

/** By fabric and VID: if another VLAN has this id as its VID, the id alone would mean that one. */
function keyOf({ fabricId, vid }: Vlan): string {
  return `${fabricId}/${vid}`;
}

function vidOf(vlan: Vlan): string {
  return vlan.vid === 0 ? 'untagged' : String(vlan.vid);
}
