import type { Machine } from '../../../contract/machines/machine.ts';
import { printerOf, runChange } from '../../change.ts';
import type { NounSpec } from '../../command-spec.ts';
import * as carried from '../base/carried.ts';
import { lifecycleCommands, STATE_COLUMNS, STATE_FILTERS, stateDetails, stateFilter } from './machine-lifecycle.ts';
import { ENLISTMENT, suggestedBmcLines } from './machine-enlistment.ts';
import { PLACE_COLUMNS, PLACE_FILTERS, PLACE_OPTIONS, placeDetails, placeOf } from './machine-place.ts';
import { bmcLines, POWER, POWER_OPTIONS, powerLines, powerOf } from './machine-power.ts';
import { TIMELINE } from './machine-timeline.ts';
import { interfaceLine } from './interface.ts';
import { INTERFACE_OPTIONS, interfacesOf } from './machine-cards.ts';
import { RESULT, RESULTS, showMachine } from './machine-hardware.ts';
import { DHCP_OPTION, dhcpOptionsOf } from '../networks/dhcp-settings.ts';
import { printList, type Shape } from '../../format/output.ts';
import { collect, forceOf, need, nothingToSet, text } from '../../values.ts';

const SHAPE: Shape<Machine> = {
  kind: 'machine',
  name: (machine) => machine.fqdn,
  columns: [
    { header: 'name', value: (machine) => machine.fqdn },
    { header: 'id', value: (machine) => machine.id },
    ...STATE_COLUMNS,
    { header: 'addresses', value: (machine) => addressesOf(machine).join(', ') },
    { header: 'macs', value: (machine) => machine.interfaces.map((nic) => nic.mac).join(', ') },
    { header: 'power', value: (machine) => machine.powerState ?? '' },
    { header: 'bmc', wide: true, value: (machine) => machine.bmc ?? '' },
    { header: 'rack', wide: true, value: (machine) => machine.rack ?? 'master' },
    { header: 'interfaces', wide: true, value: (machine) => machine.interfaces.map((nic) => nic.name).join(', ') },
    {
      header: 'vlans',
      wide: true,
      value: (machine) => [...new Set(machine.interfaces.map((nic) => nic.vlan ?? '-'))].join(', '),
    },
    ...PLACE_COLUMNS,
    ...carried.carriedColumns('machine'),
  ],
  details: (machine) => [
    ['Name', machine.fqdn],
    ['Id', machine.id],
    ...stateDetails(machine),
    ['Domain', machine.domain],
    ['Rack', machine.rack ?? 'the master'],
    ...placeDetails(machine),
    ...carried.carriedDetails('machine', machine),
    ...(machine.bmc === undefined
      ? []
      : [['BMC', bmcLines(machine)] as const, ['Power', powerLines(machine)] as const]),
    ...suggestedBmcLines(machine),
    ...(machine.dhcpOptions?.length ? [['DHCP options', machine.dhcpOptions] as const] : []),
    ['Interfaces', machine.interfaces.map(interfaceLine)],
  ],
};

const WHICH = { name: '<machine>', help: 'host name, full name or id', complete: 'machine' } as const;
/** `regent machine`. */
export const MACHINE: NounSpec = {
  noun: 'machine',
  summary: 'bare-metal machines and their interfaces',
  commands: [
    {
      verb: 'list',
      summary: 'list machines',
      options: [
        { flags: '--hostname <text>', help: 'only those whose host name holds this' },
        { flags: '--domain <domain>', help: 'only those of this domain' },
        { flags: '--mac <mac>', help: 'only the one with this MAC address' },
        { flags: '--address <ip>', help: 'only the one with this address' },
        { flags: '--subnet <subnet>', help: 'only those with an address of this subnet' },
        { flags: '--rack <rack>', help: 'only those of this rack; master: those that name none' },
        ...STATE_FILTERS,
        ...PLACE_FILTERS,
        ...carried.carriedFilterOptions('machine'),
      ],
      run: async (call) => {
        const { client } = await call.region();
        const query = {
          ...text(call, 'hostname'),
          ...text(call, 'domain'),
          ...text(call, 'mac'),
          ...text(call, 'address'),
          ...text(call, 'subnet'),
          ...text(call, 'rack'),
          ...stateFilter(call),
          ...text(call, 'zone'),
          ...text(call, 'pool'),
          ...carried.carriedFilter(call, 'machine'),
        };
        await printList(printerOf(call), SHAPE, await collect(client.all('machine.list', { query })));
      },
    },
    {
      verb: 'show',
      summary: 'show a machine',
      args: [WHICH],
      run: (call) => showMachine(call, SHAPE),
    },
    {
      verb: 'create',
      summary: 'create a machine; its name and addresses are in DNS, and by its MAC in DHCP, from then on',
      args: [{ name: '<hostname>', help: 'host name without domain, such as web1' }],
      options: [
        { flags: '--domain <domain>', help: 'its domain; the default one when left out' },
        { flags: '--rack <rack>', help: 'its rack; the present master when left out' },
        ...carried.carriedOptions('machine'),
        ...PLACE_OPTIONS,
        ...POWER_OPTIONS,
        DHCP_OPTION,
        ...INTERFACE_OPTIONS,
      ],
      isChange: true,
      examples: [
        'regent machine create web1 --mac 52:54:00:00:00:01 --address 10.10.10.20',
        'regent machine create web2 --mac 52:54:00:00:00:02 --address auto --subnet 10.10.10.0/24 --wait',
      ],
      run: (call) => {
        const interfaces = interfacesOf(call);
        return runChange(call, {
          route: 'machine.create',
          input: {
            body: {
              hostname: need(call, 0),
              ...text(call, 'domain'),
              ...text(call, 'rack'),
              ...carried.carriedMembers(call, 'machine'),
              ...placeOf(call),
              ...powerOf(call),
              ...dhcpOptionsOf(call),
              ...(interfaces.length === 0 ? {} : { interfaces }),
            },
          },
          shape: SHAPE,
          done: 'created',
          describe: (machine) => describeMachine(machine, 'created'),
        });
      },
    },
    {
      verb: 'set',
      summary: 'change a machine; --mac and --nic replace all its interfaces',
      args: [WHICH],
      options: [
        { flags: '--hostname <name>', help: 'new host name' },
        { flags: '--domain <domain>', help: 'new domain' },
        { flags: '--rack <rack>', help: 'another rack; master: the present master' },
        ...carried.carriedOptions('machine'),
        ...PLACE_OPTIONS,
        ...POWER_OPTIONS,
        DHCP_OPTION,
        ...INTERFACE_OPTIONS,
        { flags: '--force', help: 'other interfaces also while it is deployed; its system keeps its network' },
      ],
      isChange: true,
      run: (call) => {
        const interfaces = interfacesOf(call);
        const body = {
          ...text(call, 'hostname'),
          ...text(call, 'domain'),
          ...text(call, 'rack'),
          ...carried.carriedMembers(call, 'machine'),
          ...placeOf(call),
          ...powerOf(call),
          ...dhcpOptionsOf(call),
          ...(interfaces.length === 0 ? {} : { interfaces }),
        };
        nothingToSet(
          body,
          [
            '--hostname, --domain, --rack',
            ...carried.carriedFlags('machine'),
            '--zone, --pool, --description, --annotation',
            '--bmc, --power-parameter, --dhcp-option',
            '--mac or --nic',
          ].join(', '),
        );
        return runChange(call, {
          route: 'machine.set',
          input: { params: { machine: need(call, 0) }, body: { ...body, ...forceOf(call) } },
          shape: SHAPE,
          done: 'changed',
          describe: (machine) => describeMachine(machine, 'changed'),
        });
      },
    },
    POWER,
    ...lifecycleCommands(SHAPE),
    ...ENLISTMENT,
    TIMELINE,
    RESULTS,
    RESULT,
    {
      verb: 'delete',
      summary: 'delete a machine that is not deployed',
      args: [WHICH],
      options: [
        { flags: '--force', help: 'also one that is deployed: its system goes on, its addresses stay occupied' },
      ],
      isChange: true,
      run: (call) =>
        runChange(call, {
          route: 'machine.delete',
          input: { params: { machine: need(call, 0) }, query: forceOf(call) },
          shape: SHAPE,
          done: 'deleted',
          describe: ({ fqdn, held = [] }) => [`machine ${fqdn} deleted`, ...heldLines(fqdn, held)].join('\n'),
        }),
    },
  ],
};

function addressesOf(machine: Machine): string[] {
  return machine.interfaces.flatMap((nic) => nic.addresses.map((entry) => entry.address));
}

function describeMachine(machine: Machine, done: string): string {
  const addresses = addressesOf(machine);
  const line = `machine ${machine.fqdn} ${done}${addresses.length === 0 ? '' : ` (${addresses.join(', ')})`}`;
  return [line, ...heldLines(machine.fqdn, machine.held ?? [])].join('\n');
}

/** What a system still has that runs on although its record changed. */
function heldLines(fqdn: string, held: readonly string[]): string[] {
  if (held.length === 0) return [];
  return [
    `The system on ${fqdn} may still be on. Nobody else gets ${held.join(', ')} until it was released or seen off.`,
    `When it is off: ${held.map((address) => `regent lease release ${address}`).join('; ')}`,
  ];
}
