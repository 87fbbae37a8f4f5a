import type { Reservation } from '../../../contract/networks/reservation.ts';
import { printerOf, runChange } from '../../change.ts';
import type { NounSpec } from '../../command-spec.ts';
import { printList, printOne, type Shape } from '../../format/output.ts';
import { DHCP_OPTION, dhcpOptionsOf } from './dhcp-settings.ts';
import { collect, need, nothingToSet, text, textOrNone } from '../../values.ts';

const SHAPE: Shape<Reservation> = {
  kind: 'reservation',
  name: (reservation) => reservation.address,
  columns: [
    { header: 'address', value: (reservation) => reservation.address },
    { header: 'mac', value: (reservation) => reservation.mac ?? '' },
    { header: 'name', value: (reservation) => reservation.machine ?? reservation.hostname ?? '' },
    { header: 'subnet', value: (reservation) => reservation.subnet },
    { header: 'comment', value: (reservation) => reservation.comment },
    { header: 'machine', wide: true, value: (reservation) => reservation.machine ?? '' },
    { header: 'hostname', wide: true, value: (reservation) => reservation.hostname ?? '' },
    { header: 'id', wide: true, value: (reservation) => String(reservation.id) },
  ],
  details: (reservation) => [
    ['Address', reservation.address],
    ['Subnet', reservation.subnet],
    ['MAC', reservation.mac ?? 'none: Regent leaves the address alone'],
    ['Machine', reservation.machine ?? ''],
    ['Host name', reservation.hostname ?? ''],
    ...(reservation.dhcpOptions?.length ? [['DHCP options', reservation.dhcpOptions] as const] : []),
    ['Comment', reservation.comment],
    ['Id', String(reservation.id)],
  ],
};

const WHICH = { name: '<reservation>', help: 'address or id', complete: 'reservation' } as const;
const COMMENT = { flags: '--comment <text>', help: 'a note for people' };

/** `regent reservation`. */
export const RESERVATION: NounSpec = {
  noun: 'reservation',
  summary: 'reserved addresses; with a MAC, static leases for devices that are no machines',
  commands: [
    {
      verb: 'list',
      summary: 'list reserved addresses',
      options: [
        { flags: '--subnet <subnet>', help: 'only those of this subnet' },
        { flags: '--mac <mac>', help: 'only those of this MAC address' },
        { flags: '--address <ip>', help: 'only the one of this address' },
      ],
      examples: ['regent reservation list --subnet 10.10.20.0/24'],
      run: async (call) => {
        const { client } = await call.region();
        const query = { ...text(call, 'subnet'), ...text(call, 'mac'), ...text(call, 'address') };
        await printList(printerOf(call), SHAPE, await collect(client.all('reservation.list', { query })));
      },
    },
    {
      verb: 'show',
      summary: 'show a reserved address',
      args: [WHICH],
      examples: ['regent reservation show 10.10.20.30'],
      run: async (call) => {
        const { client } = await call.region();
        const { body } = await client.call('reservation.show', { params: { reservation: need(call, 0) } });
        await printOne(printerOf(call), SHAPE, body);
      },
    },
    {
      verb: 'create',
      summary: 'reserve an address; for a machine rather use: regent machine create --mac MAC --address IP',
      args: [{ name: '<address|auto>', help: 'an address; auto: the lowest free one of --subnet', values: ['auto'] }],
      options: [
        { flags: '--subnet <subnet>', help: 'its subnet; needed with auto' },
        { flags: '--mac <mac>', help: 'DHCP gives the address to this interface alone; without it nobody gets it' },
        { flags: '--hostname <name>', help: "name in DNS and DHCP, for an interface that is no machine's" },
        DHCP_OPTION,
        COMMENT,
      ],
      isChange: true,
      examples: [
        'regent reservation create 10.10.20.30 --mac 52:54:00:00:00:30 --hostname printer',
        "regent reservation create auto --subnet 10.10.20.0/24 --comment 'for the new switch'",
      ],
      run: (call) =>
        runChange(call, {
          route: 'reservation.create',
          input: {
            body: {
              address: need(call, 0),
              ...text(call, 'subnet'),
              ...text(call, 'mac'),
              ...text(call, 'hostname'),
              ...dhcpOptionsOf(call),
              ...text(call, 'comment'),
            },
          },
          shape: SHAPE,
          done: 'created',
          describe: (reservation) => describeReservation(reservation, 'created'),
        }),
    },
    {
      verb: 'set',
      summary: 'change the owner of a reserved address',
      args: [WHICH],
      options: [
        { flags: '--mac <mac|none>', help: 'another interface; "none": nobody gets the address' },
        { flags: '--hostname <name|none>', help: 'another name; "none" removes it' },
        DHCP_OPTION,
        COMMENT,
      ],
      isChange: true,
      examples: [
        'regent reservation set 10.10.20.30 --mac 52:54:00:00:00:31',
        'regent reservation set 10.10.20.30 --mac none',
      ],
      run: (call) => {
        const body = {
          ...textOrNone(call, 'mac'),
          ...textOrNone(call, 'hostname'),
          ...dhcpOptionsOf(call),
          ...text(call, 'comment'),
        };
        nothingToSet(body, '--mac, --hostname, --dhcp-option or --comment');
        return runChange(call, {
          route: 'reservation.set',
          input: { params: { reservation: need(call, 0) }, body },
          shape: SHAPE,
          done: 'changed',
          describe: (reservation) => describeReservation(reservation, 'changed'),
        });
      },
    },
    {
      verb: 'delete',
      summary: 'release a reserved address',
      args: [WHICH],
      isChange: true,
      examples: ['regent reservation delete 10.10.20.30'],
      run: (call) =>
        runChange(call, {
          route: 'reservation.delete',
          input: { params: { reservation: need(call, 0) } },
          shape: SHAPE,
          done: 'deleted',
        }),
    },
  ],
};

function describeReservation(reservation: Reservation, done: string): string {
  const whom = reservation.mac === null ? 'nobody gets it' : `for ${reservation.mac}`;
  return `reservation ${reservation.address} ${done} (${whom})`;
}
