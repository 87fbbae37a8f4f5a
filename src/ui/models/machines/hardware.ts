import type { RouteOutput } from '../../../contract/routes.ts';

type Inventory = RouteOutput<'machine.inventory'>['inventory'];
type Disk = NonNullable<Inventory['disks']>[number];
type Card = NonNullable<Inventory['interfaces']>[number];

/** Bytes as disks and memories are sold and told: `512 GB`, `1.8 TB`; of memory in units of 1024: `64 GiB`. */
export function sizeText(bytes: number | undefined, base: 1000 | 1024 = 1000): string {
  if (bytes === undefined) return '';
  const units = base === 1000 ? ['B', 'kB', 'MB', 'GB', 'TB', 'PB'] : ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];
  const power = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log(Math.max(1, bytes)) / Math.log(base))));
  const value = bytes / base ** power;
  return `${value >= 100 || Number.isInteger(value) ? Math.round(value) : value.toFixed(1)} ${units[power]}`;
}

/** A speed as it stands on the card: `10 Gbit/s`. */
export const speedText = (mbps: number | undefined): string =>
  mbps === undefined || mbps === 0 ? '' : mbps >= 1000 ? `${mbps / 1000} Gbit/s` : `${mbps} Mbit/s`;

/** What a machine is, in a line: vendor, product, version. */
export const wordsOf = (...parts: readonly (string | undefined)[]): string =>
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

export const cardRow = (card: Card): CardRow => ({
  name: card.name,
  mac: card.mac,
  isUp: card.link ?? null,
  speed: speedText(card.speedMbps),
  product: wordsOf(card.vendor, card.product, card.driver),
  neighbours: (card.lldp ?? [])
    .map((one) => wordsOf(one.system ?? one.chassis, one.portDescription ?? one.port))
    .join(', '),
});
