import { AppError } from '../../core/errors.ts';

/** What a machine can be built of. QEMU has each of them; Linux has a driver of its own for each. */
const CARDS = ['virtio', 'e1000e', 'igb', 'vmxnet3'] as const;
const CONTROLLERS = ['virtio', 'ahci', 'nvme', 'megasas'] as const;
type CardKind = (typeof CARDS)[number];
type Controller = (typeof CONTROLLERS)[number];

/** Parts of a machine. `memory` in MB; `disks` and `cards`: how many, all alike; `cpus`: how many processors. */
export interface LabParts {
  readonly card: CardKind;
  readonly cards: number;
  readonly controller: Controller;
  readonly disks: number;
  readonly memory: number;
  readonly cpus: number;
}

/** Parts as a command line gives them. */
export type PartArguments = Readonly<Partial<Record<keyof LabParts, string>>>;

/**
 * Enough for a root image in memory and the files of it that are in use: with 768 MB they are unpacked again and again, and a deployment takes 211 s in place of
 * 160 s (169 s with 2048 MB). By emulation a machine takes some 200 MB more. Two processors: on a host whose other programs take a part of each core, an
 * installation takes two thirds of the time that it takes with one (110 to 130 s in place of 173 to 183 s).
 */
export const USUAL_PARTS: LabParts = {
  card: 'virtio',
  cards: 1,
  controller: 'virtio',
  disks: 1,
  memory: 1280,
  cpus: 2,
};

const MOST = { cards: 4, disks: 4, memory: 4096, cpus: 4 } as const;

/** Other parts, as a command line names them; those that are not named stay. Throws AppError `usage`. */
export function changeParts(before: LabParts, changes: PartArguments): LabParts {
  return {
    card: changes.card === undefined ? before.card : oneOf('card', CARDS, changes.card),
    cards: changes.cards === undefined ? before.cards : within('cards', changes.cards, 1, MOST.cards),
    controller:
      changes.controller === undefined ? before.controller : oneOf('controller', CONTROLLERS, changes.controller),
    disks: changes.disks === undefined ? before.disks : within('disks', changes.disks, 1, MOST.disks),
    memory: changes.memory === undefined ? before.memory : within('memory', changes.memory, 256, MOST.memory),
    cpus: changes.cpus === undefined ? before.cpus : within('cpus', changes.cpus, 1, MOST.cpus),
  };
}

function oneOf<T extends string>(option: string, known: readonly T[], text: string): T {
  const found = known.find((one) => one === text);
  if (found !== undefined) return found;
  throw new AppError('usage', `--${option} ${text} is none of ${known.join(', ')}.`);
}

function within(option: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw new AppError('usage', `--${option} ${text} is not a whole number from ${least} to ${most}.`);
}

/** The file of a disk in the machine's folder. */
export function diskFile(index: number): string {
  return index === 0 ? 'disk.raw' : `disk${index}.raw`;
}

/** Arguments of QEMU for the disks of a machine: `disk0` is the one that it boots from. */
export function diskArgs(name: string, { controller, disks }: LabParts): string[] {
  const bus = { virtio: [], ahci: ['ich9-ahci,id=bus0'], nvme: [], megasas: ['megasas-gen2,id=bus0'] }[controller];
  const all = Array.from({ length: disks }, (_, index) => {
    const drive = `drive=drive${index},serial=${name}-disk${index}`;
    const device = {
      virtio: 'virtio-blk-pci',
      ahci: `ide-hd,bus=bus0.${index}`,
      nvme: 'nvme',
      megasas: `scsi-hd,bus=bus0.0,scsi-id=${index}`,
    }[controller];
    const file = `if=none,id=drive${index},file=${diskFile(index)},format=raw,cache=unsafe,discard=unmap,detect-zeroes=unmap`;
    return ['-drive', file, '-device', `${device},id=disk${index},${drive}`];
  });
  return [...bus.flatMap((device) => ['-device', device]), ...all.flat()];
}

/** Where the cable of a card ends in the host; `tap` is the first one's. */
const tapOfCard = (tap: string, index: number): string => (index === 0 ? tap : `${tap}-${index}`);

/** The MAC of a card; `mac` is the first one's. */
const macOfCard = (mac: string, index: number): string =>
  index === 0 ? mac : mac.replace(/^(..:..):../, (_, vendor: string) => `${vendor}:0${index}`);

/**
 * The cards, all on the network of the first one, which the machine boots by. OVMF has a driver only for virtio, so it
 * takes the ROM of the others; BIOS takes the ROM of each, which is iPXE. igb has none.
 */
export function cardArgs(mac: string, tap: string, isUefi: boolean, { card, cards }: LabParts): string[] {
  const device = { virtio: 'virtio-net-pci', e1000e: 'e1000e', igb: 'igb', vmxnet3: 'vmxnet3' }[card];
  const rom = { virtio: isUefi ? ',romfile=' : '', e1000e: '', igb: ',romfile=efi-e1000e.rom', vmxnet3: '' }[card];
  return Array.from({ length: cards }, (_, index) => [
    '-netdev',
    `tap,id=cable${index},ifname=${tapOfCard(tap, index)},script=no,downscript=no`,
    '-device',
    `${device},id=net${index},netdev=cable${index},mac=${macOfCard(mac, index)}${rom}`,
  ]).flat();
}
