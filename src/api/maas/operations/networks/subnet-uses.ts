import type { Machine } from '../../../../contract/machines/machine.ts';
import type { Range } from '../../../../contract/networks/range.ts';
import type { Reservation } from '../../../../contract/networks/reservation.ts';
import type { Subnet } from '../../../../contract/networks/subnet.ts';
import { UNKNOWN_MOMENT } from '../../objects/base/uri.ts';
import type { Site } from '../../site.ts';
import { type Birth, momentOfBirth } from '../base/births.ts';

/** MAAS's numbers for how an address was given. */
export const ALLOCATION = { auto: 0, static: 1, reserved: 4, dhcp: 5 } as const;

/** An address of an interface of a machine. */
interface LinkUse {
  readonly address: string;
  /** Name of the interface. */
  readonly via: string;
  readonly mode: string;
  readonly machine: Machine;
}

/** What has addresses of a subnet. */
export interface SubnetUses {
  readonly subnet: Subnet;
  readonly ranges: readonly Range[];
  readonly reservations: readonly Reservation[];
  readonly links: readonly LinkUse[];
}

/** Reads the uses of a subnet from three lists, whatever their length. */
export async function readUses(site: Site, subnet: Subnet): Promise<SubnetUses> {
  const id = String(subnet.id);
  const machines = await site.all('machine.list', { subnet: id });
  const links = machines.flatMap((machine) =>
    machine.interfaces.flatMap(({ name: via, links: own = [] }) =>
      own.flatMap(({ address, subnetId, mode }) =>
        address !== null && subnetId === subnet.id ? [{ address, via, mode, machine }] : [],
      ),
    ),
  );
  return {
    subnet,
    ranges: await site.all('range.list', { subnet: id }),
    reservations: await site.all('reservation.list', { subnet: id }),
    links,
  };
}

/** `births`: when each reserved address was made, and by whom. */
interface AddressViewOptions {
  readonly births: ReadonlyMap<string, Birth>;
  readonly hasUser: boolean;
  readonly hasNode: boolean;
}

/** The single addresses of a subnet that are used, with who has them. Pure. */
export function viewAddresses({ reservations, links }: SubnetUses, { births, hasUser, hasNode }: AddressViewOptions) {
  const times = { created: UNKNOWN_MOMENT, updated: UNKNOWN_MOMENT };
  return [
    ...links.map(({ address, via, mode, machine }) => ({
      ip: address,
      alloc_type: mode === 'auto' ? ALLOCATION.auto : ALLOCATION.static,
      ...times,
      ...(hasUser ? { user: machine.owner ?? null } : {}),
      ...(hasNode
        ? {
            node_summary: {
              system_id: machine.id,
              node_type: 0,
              fqdn: machine.fqdn,
              hostname: machine.hostname,
              is_container: false,
              via,
            },
          }
        : {}),
    })),
    ...reservations.map(({ address }) => {
      const birth = births.get(address);
      const moment = momentOfBirth(birth);
      const user = hasUser ? { user: birth?.who || null } : {};
      return { ip: address, alloc_type: ALLOCATION.reserved, created: moment, updated: moment, ...user };
    }),
  ];
}
