import { MACHINE as ENTRY, type Machine } from '../../../contract/machines/machine.ts';
import type { Call, NounSpec } from '../../command-spec.ts';
import * as carried from '../base/carried.ts';
import { usualCommands } from '../base/usual.ts';
import { lifecycleCommands, STATE_COLUMNS, STATE_FILTERS, stateDetails, stateFilter } from './machine-lifecycle.ts';
import { ENLISTMENT, suggestedBmcLines } from './machine-enlistment.ts';
import { PLACE_COLUMNS, PLACE_FILTERS, PLACE_OPTIONS, placeDetails, placeOf } from './machine-place.ts';
import { bmcLines, POWER, POWER_OPTIONS, powerLines, powerOf } from './machine-power.ts';
import { TIMELINE } from './machine-timeline.ts';
import { interfaceLine } from './interface.ts';
import { HARDWARE_OPTIONS, hardwareOf } from './machine-cards.ts';
import { RESULT, RESULTS, showMachine } from './machine-hardware.ts';
import type { Shape } from '../../format/output.ts';
import { text } from '../../values.ts';

const SHAPE: Shape<Machine> = {
  kind: 'machine',
  name: (machine) => machine.fqdn,
  columns: [
    { header: 'name', value: (machine) => machine.fqdn },
    { header: 'id', value: (machine) => machine.id },
    ...STATE_COLUMNS,
    { header: 'addresses', value: (machine) => addressesOf(machine).join(', ') },
    { header: 'power', value: (machine) => machine.powerState ?? '' },
    // A bond and its VLAN interfaces have the MAC address of a card.
    { header: 'macs', value: (machine) => [...new Set(machine.interfaces.map((nic) => nic.mac))].join(', ') },
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

const MORE = {
  options: [...carried.carriedOptions('machine'), ...PLACE_OPTIONS, ...POWER_OPTIONS, ...HARDWARE_OPTIONS],
  members: async (call: Call) => ({
    ...carried.carriedMembers(call, 'machine'),
    ...placeOf(call),
    ...powerOf(call),
    ...(await hardwareOf(call)),
  }),
};

/** `regent machine`. */
export const MACHINE: NounSpec = usualCommands<Machine>(ENTRY, {
  shape: SHAPE,
  list: {
    options: [...STATE_FILTERS, ...PLACE_FILTERS, ...carried.CARRIED_BY_MACHINES.options],
    members: (call) => ({
      ...stateFilter(call),
      ...text(call, 'zone'),
      ...text(call, 'pool'),
      ...carried.CARRIED_BY_MACHINES.members(call),
    }),
  },
  show: { run: (call) => showMachine(call, SHAPE) },
  create: { ...MORE, describe: (machine) => describeMachine(machine, 'created') },
  set: { ...MORE, describe: (machine) => describeMachine(machine, 'changed') },
  delete: { describe: ({ fqdn, held = [] }) => [`machine ${fqdn} deleted`, ...heldLines(fqdn, held)].join('\n') },
  more: [POWER, ...lifecycleCommands(SHAPE), ...ENLISTMENT, TIMELINE, RESULTS, RESULT],
});

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
