import type { RouteOutput } from '../../../contract/routes.ts';
import { sizeText } from '../base/size.ts';

type Inventory = RouteOutput<'machine.inventory'>['inventory'];
type Disk = NonNullable<Inventory['disks']>[number];
type HardwareCard = NonNullable<Inventory['interfaces']>[number];

/** A speed as it stands on the card: `10 Gbit/s`. */
export const speedText = (mbps: number | undefined): string =>
  mbps === undefined || mbps === 0 ? '' : mbps >= 1000 ? `${mbps / 1000} Gbit/s` : `${mbps} Mbit/s`;

/** What a machine is, in a line: vendor, product, version. */
export const joinParts = (...parts: readonly (string | undefined)[]): string =>
  parts.filter((part) => part !== undefined && part !== '').join(' ');

/** A disk as a row. */
export interface DiskRow {
  readonly name: string;
  readonly bytes: number | null;
  readonly size: string;
  readonly model: string;
  readonly serial: string;
  readonly isRotational: boolean | null;
  readonly bus: string;
}

export const diskRow = (disk: Disk): DiskRow => ({
  name: disk.name,
  bytes: disk.bytes ?? null,
  size: sizeText(disk.bytes),
  model: disk.model ?? '',
  serial: disk.serial ?? '',
  isRotational: disk.rotational ?? null,
  bus: disk.bus ?? '',
});

/** A network card as a row. `neighbours`: ports of switches at the other end of the cable. */
export interface CardRow {
  readonly name: string;
  readonly mac: string;
  readonly isUp: boolean | null;
  readonly speed: string;
  readonly product: string;
  readonly neighbours: string;
}

export const cardRow = (card: HardwareCard): CardRow => ({
  name: card.name,
  mac: card.mac,
  isUp: card.link ?? null,
  speed: speedText(card.speedMbps),
  product: joinParts(card.vendor, card.product, card.driver),
  neighbours: (card.lldp ?? [])
    .map((one) => joinParts(one.system ?? one.chassis, one.portDescription ?? one.port))
    .join(', '),
});
