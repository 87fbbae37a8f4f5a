import type { Device } from '../../../contract/machines/device.ts';
import { printerOf, runChange } from '../../change.ts';
import type { Call, NounSpec, OptionSpec } from '../../command-spec.ts';
import { printList, printOne, type Shape } from '../../format/output.ts';
import { collect, need, nothingToSet, text, textOrNone } from '../../values.ts';
import * as carried from '../base/carried.ts';
import { DHCP_OPTION, dhcpOptionsOf } from '../networks/dhcp-settings.ts';
import { interfaceLine } from './interface.ts';
import { INTERFACE_OPTIONS, interfacesOf } from './machine-cards.ts';
import { NOTE_OPTIONS, noteDetails, notesOf } from './machine-place.ts';

const addresses = ({ interfaces }: Device) =>
  interfaces.flatMap((card) => card.addresses.map(({ address }) => address)).join(', ');

const SHAPE: Shape<Device> = {
  kind: 'device',
  name: (device) => device.fqdn,
  columns: [
    { header: 'name', value: (device) => device.fqdn },
    { header: 'id', value: (device) => device.id },
    { header: 'addresses', value: addresses },
    { header: 'macs', value: ({ interfaces }) => interfaces.map(({ mac }) => mac).join(', ') },
    { header: 'owner', value: ({ owner }) => owner ?? '' },
    { header: 'parent', wide: true, value: ({ parent }) => parent ?? '' },
    { header: 'zone', wide: true, value: ({ zone }) => zone },
    ...carried.carriedColumns('machine'),
  ],
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

const WHICH = { name: '<device>', help: 'host name, full name or id', complete: 'device' } as const;
const OPTIONS: readonly OptionSpec[] = [
  { flags: '--domain <domain>', help: 'its domain; the default one when left out' },
  {
    flags: '--parent <machine|none>',
    help: 'the machine that it is a part of: it goes when that is released or deleted',
  },
  { flags: '--zone <zone>', help: 'the zone that it is in' },
  ...NOTE_OPTIONS,
  ...carried.carriedOptions('machine'),
  DHCP_OPTION,
  ...INTERFACE_OPTIONS,
];

/** `regent device`. */
export const DEVICE: NounSpec = {
  noun: 'device',
  summary: 'hosts with names and addresses that nobody commissions: printers, switches, containers',
  commands: [
    {
      verb: 'list',
      summary: 'list devices',
      options: [
        { flags: '--hostname <text>', help: 'only those whose host name holds this' },
        { flags: '--domain <domain>', help: 'only those of this domain' },
        { flags: '--mac <mac>', help: 'only the one with this MAC address' },
        { flags: '--parent <machine>', help: 'only the parts of this machine' },
        { flags: '--owner <user>', help: 'only those of this user' },
        { flags: '--zone <zone>', help: 'only those of this zone' },
        ...carried.carriedFilterOptions('machine'),
      ],
      run: async (call) => {
        const { client } = await call.region();
        const query = {
          ...text(call, 'hostname'),
          ...text(call, 'domain'),
          ...text(call, 'mac'),
          ...text(call, 'parent'),
          ...text(call, 'owner'),
          ...text(call, 'zone'),
          ...carried.carriedFilter(call, 'machine'),
        };
        await printList(printerOf(call), SHAPE, await collect(client.all('device.list', { query })));
      },
    },
    {
      verb: 'show',
      summary: 'show a device',
      args: [WHICH],
      run: async (call) => {
        const { client } = await call.region();
        const { body } = await client.call('device.show', { params: { device: need(call, 0) } });
        await printOne(printerOf(call), SHAPE, body);
      },
    },
    {
      verb: 'create',
      summary: 'create a device; its name and addresses are in DNS, and by its MAC in DHCP, from then on',
      args: [{ name: '<hostname>', help: 'host name without domain, such as printer1' }],
      options: OPTIONS,
      isChange: true,
      examples: ['regent device create printer1 --mac 52:54:00:00:00:09 --address 10.10.10.9'],
      run: (call) =>
        runChange(call, {
          route: 'device.create',
          input: { body: { hostname: need(call, 0), ...bodyOf(call) } },
          shape: SHAPE,
          done: 'created',
        }),
    },
    {
      verb: 'set',
      summary: 'change a device; --mac and --nic replace all its interfaces',
      args: [WHICH],
      options: [{ flags: '--hostname <name>', help: 'new host name' }, ...OPTIONS],
      isChange: true,
      run: (call) => {
        const body = { ...text(call, 'hostname'), ...bodyOf(call) };
        nothingToSet(
          body,
          ['--hostname, --domain, --parent, --zone, --description, --annotation', '--dhcp-option, --mac or --nic'].join(
            ', ',
          ),
        );
        return runChange(call, {
          route: 'device.set',
          input: { params: { device: need(call, 0) }, body },
          shape: SHAPE,
          done: 'changed',
        });
      },
    },
    {
      verb: 'delete',
      summary: 'delete a device',
      args: [WHICH],
      isChange: true,
      run: (call) =>
        runChange(call, {
          route: 'device.delete',
          input: { params: { device: need(call, 0) } },
          shape: SHAPE,
          done: 'deleted',
        }),
    },
  ],
};

function bodyOf(call: Call) {
  const interfaces = interfacesOf(call);
  return {
    ...text(call, 'domain'),
    ...textOrNone(call, 'parent'),
    ...text(call, 'zone'),
    ...notesOf(call),
    ...carried.carriedMembers(call, 'machine'),
    ...dhcpOptionsOf(call),
    ...(interfaces.length === 0 ? {} : { interfaces }),
  };
}
