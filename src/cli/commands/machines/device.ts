import { DEVICE as ENTRY, type Device } from '../../../contract/machines/device.ts';
import type { NounSpec, Call } from '../../command-spec.ts';
import type { Shape } from '../../format/output.ts';
import * as carried from '../base/carried.ts';
import { shapeOf, usualCommands } from '../base/usual.ts';
import { interfaceLine } from './interface.ts';
import { HARDWARE_OPTIONS, hardwareOf } from './machine-cards.ts';
import { NOTE_OPTIONS, noteDetails, notesOf } from './machine-place.ts';

const USUAL = shapeOf<Device>(ENTRY);
const SHAPE: Shape<Device> = {
  ...USUAL,
  columns: [...USUAL.columns, ...carried.carriedColumns('machine')],
  details: (device) => [
    ['Name', device.fqdn],
    ['Id', device.id],
    ['Owner', device.owner ?? 'nobody'],
    ['Part of', device.parent ?? 'no machine'],
    ['Zone', device.zone],
    ...noteDetails({ description: device.description }),
    ...carried.carriedDetails('machine', device),
    ...noteDetails({ annotations: device.annotations }),
    ...(device.dhcpOptions.length === 0 ? [] : [['DHCP options', device.dhcpOptions] as const]),
    ['Interfaces', device.interfaces.map(interfaceLine)],
  ],
};

const MORE = {
  options: [...NOTE_OPTIONS, ...carried.carriedOptions('machine'), ...HARDWARE_OPTIONS],
  members: async (call: Call) => ({
    ...notesOf(call),
    ...carried.carriedMembers(call, 'machine'),
    ...(await hardwareOf(call)),
  }),
};

/** `regent device`. */
export const DEVICE: NounSpec = usualCommands<Device>(ENTRY, {
  shape: SHAPE,
  list: carried.CARRIED_BY_MACHINES,
  create: MORE,
  set: MORE,
});
