import type { Lease } from '../../../contract/networks/lease.ts';
import type { Range } from '../../../contract/networks/range.ts';
import type { Subnet, SubnetSet } from '../../../contract/networks/subnet.ts';
import type { Vlan } from '../../../contract/networks/vlan.ts';
import { printerOf, runChange } from '../../change.ts';
import type { Call, NounSpec, OptionSpec } from '../../command-spec.ts';
import { usageError } from '../../exit.ts';
import { printList, printOne, type Shape } from '../../format/output.ts';
import { collect, flag, need, nothingToSet, options, text, textOrNone } from '../../values.ts';
import { DHCP_SETTING_FLAGS, DHCP_SETTING_OPTIONS, dhcpSettingLines, dhcpSettingsOf } from './dhcp-settings.ts';
import { rangeLine } from './range.ts';
import type { Pool, PoolUse } from '../../../contract/networks/pool.ts';
import { ahead } from '../../format/when.ts';

const SHAPE: Shape<Subnet> = {
  kind: 'subnet',
  name: (subnet) => subnet.cidr,
  columns: [
    { header: 'cidr', value: (subnet) => subnet.cidr },
    { header: 'name', value: (subnet) => subnet.name },
    { header: 'vlan', value: (subnet) => subnet.vlan },
    { header: 'gateway', value: (subnet) => subnet.gateway ?? '' },
    { header: 'dns', value: (subnet) => (subnet.dnsOn ? 'on' : 'off') },
    { header: 'proxy', value: (subnet) => (subnet.proxyOn ? 'on' : 'off') },
    { header: 'dynamic', value: (subnet) => String(subnet.dynamic) },
    { header: 'used', value: (subnet) => String(subnet.used) },
    { header: 'resolvers', wide: true, value: (subnet) => subnet.resolvers.join(', ') },
    { header: 'managed', wide: true, value: (subnet) => (subnet.managed ? 'yes' : 'no') },
    { header: 'reverse', wide: true, value: (subnet) => subnet.reverse ?? '' },
    { header: 'id', wide: true, value: (subnet) => String(subnet.id) },
  ],
};

const WHICH = { name: '<subnet>', help: 'CIDR, name or id', complete: 'subnet' } as const;
const ON_OFF = ['on', 'off'] as const;
const SHARED: readonly OptionSpec[] = [
  { flags: '--name <name>', help: 'a free name' },
  { flags: '--vlan <vlan>', help: 'its VLAN: FABRIC/NAME or FABRIC/VID; name, VID or id' },
  { flags: '--managed <on|off>', help: 'Regent gives its free addresses to machines ("auto")', values: ON_OFF },
  { flags: '--dns <on|off>', help: 'its hosts may use our resolvers (where the VLAN allows it too)', values: ON_OFF },
  { flags: '--proxy <on|off>', help: 'its hosts may use our proxy', values: ON_OFF },
  ...DHCP_SETTING_OPTIONS,
];
/** The largest number of leases that a subnet's screen counts. */
const LEASES_MAX = 1000;
const RESOLVER = 'resolvers that DHCP names instead of our own; may be repeated';

/** `regent subnet`. */
export const SUBNET: NounSpec = {
  noun: 'subnet',
  summary: 'subnets, DHCP settings of their hosts, and their reverse zones',
  commands: [
    {
      verb: 'list',
      summary: 'list subnets',
      options: [
        { flags: '--name <text>', help: 'only those whose name holds this' },
        { flags: '--vlan <vlan>', help: 'only those of this VLAN' },
      ],
      examples: ['regent subnet list --vlan web', 'regent subnet list -o wide'],
      run: async (call) => {
        const { client } = await call.region();
        const query = { ...text(call, 'name'), ...text(call, 'vlan') };
        await printList(printerOf(call), SHAPE, await collect(client.all('subnet.list', { query })));
      },
    },
    {
      verb: 'show',
      summary: 'show a subnet, its ranges and whether DHCP serves it',
      args: [WHICH],
      examples: ['regent subnet show 10.10.20.0/24'],
      run: showSubnet,
    },
    {
      verb: 'create',
      summary: 'create a subnet; its reverse zones are served from then on',
      args: [{ name: '<cidr>', help: 'such as 10.10.20.0/24' }],
      options: [
        { flags: '--gateway <ip>', help: 'the router that DHCP names' },
        { flags: '--resolver <ip>', help: RESOLVER, repeat: true },
        ...SHARED,
      ],
      isChange: true,
      examples: [
        'regent subnet create 10.10.20.0/24 --vlan web --gateway 10.10.20.254',
        'regent subnet create 10.10.20.0/24 --vlan 20 --resolver 192.0.2.53 --resolver 192.0.2.54 --proxy off',
      ],
      run: (call) => {
        const { gateway, ...rest } = bodyOf(call);
        return runChange(call, {
          route: 'subnet.create',
          input: { body: { cidr: need(call, 0), ...rest, ...(typeof gateway === 'string' ? { gateway } : {}) } },
          shape: SHAPE,
          done: 'created',
          describe: (subnet) =>
            `subnet ${subnet.cidr} created${subnet.reverse === undefined ? '' : `\nReverse names: ${subnet.reverse}.`}`,
        });
      },
    },
    {
      verb: 'set',
      summary: 'change a subnet',
      args: [WHICH],
      options: [
        { flags: '--cidr <cidr>', help: 'another size, which holds all that the subnet holds' },
        { flags: '--gateway <ip|none>', help: 'the router that DHCP names; "none" removes it' },
        { flags: '--resolver <ip|none>', help: `${RESOLVER}; "none": our own again`, repeat: true },
        ...SHARED,
      ],
      isChange: true,
      examples: [
        'regent subnet set 10.10.20.0/24 --gateway 10.10.20.1 --dry-run',
        'regent subnet set 10.10.20.0/24 --resolver none --proxy on',
        'regent subnet set 10.10.20.0/24 --cidr 10.10.20.0/23',
        "regent subnet set 10.10.20.0/24 --dhcp-option log-servers=192.0.2.14 --dhcp-option '224:string=hall 2' --lease-time 3600",
      ],
      run: (call) => {
        const body = bodyOf(call);
        nothingToSet(
          body,
          `--cidr, --gateway, --resolver, --name, --vlan, --managed, ${DHCP_SETTING_FLAGS}, --dns or --proxy`,
        );
        return runChange(call, {
          route: 'subnet.set',
          input: { params: { subnet: need(call, 0) }, body },
          shape: SHAPE,
          done: 'changed',
        });
      },
    },
    {
      verb: 'delete',
      summary: 'delete a subnet that nothing uses',
      args: [WHICH],
      isChange: true,
      examples: ['regent subnet delete 10.10.20.0/24'],
      run: (call) => {
        const subnet = need(call, 0);
        return runChange(call, {
          route: 'subnet.delete',
          input: { params: { subnet } },
          shape: SHAPE,
          done: 'deleted',
          next: {
            in_use: [
              `Its machines: regent machine list --subnet ${subnet}`,
              `Its ranges and reservations: regent range list --subnet ${subnet}; regent reservation list --subnet ${subnet}`,
              `Its leases, which end by themselves: regent lease list --subnet ${subnet}`,
            ],
          },
        });
      },
    },
  ],
};

async function showSubnet(call: Call): Promise<void> {
  const { client } = await call.region();
  const { body } = await client.call('subnet.show', { params: { subnet: need(call, 0) } });
  const printer = printerOf(call);
  if (printer.format !== 'table' && printer.format !== 'wide') {
    await printOne(printer, SHAPE, body);
    return;
  }
  // A number in a path means a VID before an id, and a name may exist in several fabrics. So this uses the list.
  const [vlans, ranges, leases] = await Promise.all([
    collect(client.all('vlan.list', { query: { name: body.vlan } })),
    collect(client.all('range.list', { query: { subnet: String(body.id), sort: 'first' } })),
    client.call('lease.list', { query: { subnet: body.cidr, limit: LEASES_MAX } }),
  ]);
  const vlan = vlans.find((known) => known.id === body.vlanId);
  const rest = { vlan, ranges, leases: leases.body, now: call.io.now() };
  await printOne(printer, { ...SHAPE, details: (subnet) => detailsOf(subnet, rest) }, body);
}

function bodyOf(call: Call): SubnetSet {
  const resolvers = options(call, 'resolver');
  if (resolvers.includes('none') && resolvers.length > 1) {
    throw usageError('--resolver none and an address exclude each other.');
  }
  return {
    ...text(call, 'cidr'),
    ...text(call, 'name'),
    ...text(call, 'vlan'),
    ...textOrNone(call, 'gateway'),
    ...(resolvers.length === 0 ? {} : { resolvers: resolvers.filter((resolver) => resolver !== 'none') }),
    ...flag(call, 'managed', 'managed'),
    ...flag(call, 'dns', 'dnsOn'),
    ...flag(call, 'proxy', 'proxyOn'),
    ...dhcpSettingsOf(call),
  };
}

/** A subnet's related objects: its VLAN unless that went away meanwhile, its ranges, the first of its leases. */
interface Belongings {
  readonly vlan: Vlan | undefined;
  readonly ranges: readonly Range[];
  readonly now: number;
  readonly leases: { readonly items: readonly Lease[]; readonly next: string | null };
}

function detailsOf(subnet: Subnet, { vlan, ranges, leases, now }: Belongings) {
  return [
    ['CIDR', subnet.cidr],
    ['Name', subnet.name],
    // If the VLAN went away between the two calls, the subnet's own value remains.
    ...(vlan === undefined ? ([['VLAN', subnet.vlan]] as const) : servedBy(subnet, vlan)),
    ['Gateway', subnet.gateway ?? 'none'],
    ...dhcpSettingLines(subnet),
    ['Proxy', onOffText(subnet.proxyOn)],
    ['Managed', subnet.managed ? 'yes' : 'no: "auto" takes no address of it'],
    ['Ranges', ranges.map(rangeLine)],
    ...(subnet.pools === undefined ? [] : ([['Pools', poolLines(subnet.pools, now)]] as const)),
    ['Leases', leasesOf(subnet, leases)],
    ['Used', `${subnet.used} by machines and reservations`],
    ...(subnet.reverse === undefined ? [] : ([['Reverse', subnet.reverse]] as const)),
    ['Id', String(subnet.id)],
  ] as const;
}

/** The joint effect of VLAN and subnet for its hosts. */
function servedBy(subnet: Subnet, vlan: Vlan) {
  const ours = subnet.dnsOn && vlan.dnsOn ? 'our own' : 'none';
  return [
    ['VLAN', `${vlan.fabric}/${vlan.name} (${vlan.vid === 0 ? 'untagged' : `VID ${vlan.vid}`})`],
    ['DHCP', dhcpOf(subnet, vlan)],
    ['DNS', subnet.dnsOn && !vlan.dnsOn ? 'on, but off for its VLAN' : onOffText(subnet.dnsOn)],
    ['Resolvers', subnet.resolvers.length > 0 ? subnet.resolvers.join(', ') : ours],
  ] as const;
}

/** How full the subnet is, counted by live leases. */
function leasesOf(subnet: Subnet, { items, next }: Belongings['leases']): string {
  const more = `regent lease list --subnet ${subnet.cidr}`;
  if (next !== null) return `more than ${items.length}: ${more}`;
  const dynamic = items.filter((lease) => lease.kind === 'dynamic').length;
  const declined = items.filter((lease) => lease.state === 'declined').length;
  const counts = `${dynamic} of ${subnet.dynamic} dynamic, ${items.length - dynamic} static`;
  return declined === 0 ? counts : `${counts}; ${declined} declined, somebody else was at the address: ${more}`;
}

function dhcpOf(subnet: Subnet, vlan: Vlan): string {
  if (!vlan.dhcpOn) return `off for its VLAN (regent vlan set ${vlan.fabric}/${vlan.name} --dhcp on)`;
  if (vlan.racks.length === 0) return 'on, but no accepted rack stands on its VLAN: nobody answers';
  const racks = [...new Set(vlan.racks.map((rack) => rack.node))].join(', ');
  return subnet.dynamic === 0 ? `on (${racks}); static leases alone: it has no dynamic range` : `on (${racks})`;
}

function onOffText(isOn: boolean): string {
  return isOn ? 'on' : 'off';
}

/** Lines of a subnet's pools; of several, all of them together first. `now` in ms. */
export function poolLines({ pools, ...all }: PoolUse, now: number): string[] {
  const lines = pools.map((pool) => `${pool.first}-${pool.last}  ${poolText(pool, now)}`);
  return pools.length < 2 ? lines : [`all  ${poolText(all, now)}`, ...lines];
}

/** `5 of 20 in use, 15 free (k1 5, k2 4); full in 3 h at the present rate`. */
export function poolText(pool: Omit<Pool, 'first' | 'last'>, now: number): string {
  const { size, used, free, sides } = pool;
  const known = sides.length < 2 ? '' : ` (${sides.map((side) => `${side.node} ${side.used}`).join(', ')})`;
  return `${used} of ${size} in use, ${free} free${known}; ${whenFull(pool, now)}`;
}

function whenFull({ free, perHour, fullAt }: Omit<Pool, 'first' | 'last'>, now: number): string {
  if (free === 0) return 'full';
  if (perHour === null) return 'less than 10 minutes of leases: no rate yet';
  if (fullAt === null) return 'never full at the present rate';
  return `full in ${ahead(fullAt, now)} at the present rate (${perHour} more an hour)`;
}
