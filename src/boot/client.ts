import { isRejected, rejected, type Rejected, show } from '../core/errors.ts';
import { parseMac } from '../model/machines/machine.ts';
import { formsOfUuid } from '../model/machines/enlistment.ts';

/** Programs that read our scripts. */
export const LOADERS = ['ipxe', 'grub'] as const;
export type Loader = (typeof LOADERS)[number];
export type Architecture = 'amd64' | 'arm64';
export type Firmware = 'bios' | 'uefi';

/** A machine that asks for its script, as its firmware describes it: every value has passed its grammar. */
export interface BootClient {
  readonly loader: Loader;
  readonly mac: string;
  /** Null: missing, or one that many machines have (all digits alike). */
  readonly uuid: string | null;
  readonly serial: string | null;
  readonly architecture: Architecture;
  readonly firmware: Firmware;
}

/** A question as it came: nothing of it is known to be true. `query`: what stands after the question mark. */
export type BootQuestion = { readonly loader: Loader; readonly query: string };

const QUERY_MAX = 1024;
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
/** What vendors print on machines. Nothing that a log, a script or a page could read as something else. */
const SERIAL = /^[A-Za-z0-9 ._:/,()#+@=*-]{1,64}$/;
/** iPXE's `buildarch` and GRUB's `grub_cpu`. iPXE for BIOS is a program of 32 bits on machines of 64. */
const ARCHITECTURES: Readonly<Record<string, Architecture>> = { x86_64: 'amd64', i386: 'amd64', arm64: 'arm64' };
/** iPXE's `platform` and GRUB's `grub_platform`. */
const FIRMWARES: Readonly<Record<string, Firmware>> = { pcbios: 'bios', pc: 'bios', efi: 'uefi' };

/**
 * Reads what a machine reports about itself. Refuses with a sentence that a console can show: what, why, the rule. Other members are ignored.
 */
export function parseClient({ loader, query }: BootQuestion): BootClient | Rejected {
  if (query.length > QUERY_MAX)
    return refusal('The question', `has ${query.length} characters`, `at most ${QUERY_MAX}`);
  const values = new URLSearchParams(query);
  const twice = ['mac', 'uuid', 'serial', 'arch', 'platform'].find((name) => values.getAll(name).length > 1);
  if (twice !== undefined) return refusal('The question', `names ${twice} twice`, 'each value once');
  const value = (name: string) => values.get(name) ?? '';
  const mac = parseMac(value('mac'));
  if (isRejected(mac))
    return refusal('The MAC address', describeValue(value('mac')), 'six octets in hexadecimal of one interface');
  const uuid = parseUuid(value('uuid'));
  if (isRejected(uuid)) return uuid;
  const serial = value('serial').trim();
  if (serial !== '' && !SERIAL.test(serial))
    return refusal('The serial number', `is ${show(serial)}`, 'at most 64 printable characters without quotes');
  const kind = parseKind(value('arch'), value('platform'));
  if (isRejected(kind)) return kind;
  return { loader, mac, uuid, serial: serial === '' ? null : serial, ...kind };
}

/**
 * Are these the UUID of one machine? Firmware of before SMBIOS 2.6 and some loaders write the first three fields with their bytes turned
 * (SMBIOS 3.7 §7.2.1).
 */
export const isSameUuid = (one: string, other: string): boolean => formsOfUuid(one).includes(other);

function parseUuid(text: string): string | null | Rejected {
  const uuid = text.toLowerCase();
  if (uuid === '') return null;
  if (!UUID.test(uuid)) return refusal('The UUID', `is ${show(text)}`, '32 hexadecimal digits as 8-4-4-4-12');
  return new Set(uuid.replaceAll('-', '')).size === 1 ? null : uuid;
}

function parseKind(arch: string, platform: string): Pick<BootClient, 'architecture' | 'firmware'> | Rejected {
  const architecture = Object.hasOwn(ARCHITECTURES, arch) ? ARCHITECTURES[arch] : undefined;
  const firmware = Object.hasOwn(FIRMWARES, platform) ? FIRMWARES[platform] : undefined;
  if (architecture === undefined)
    return refusal('The architecture', describeValue(arch), 'one of x86_64, i386 and arm64');
  if (firmware === undefined) return refusal('The firmware', describeValue(platform), 'one of pcbios, pc and efi');
  if (arch === 'i386' && firmware === 'uefi')
    return refusal('The firmware', 'is UEFI of 32 bits', 'UEFI of 64 bits, or BIOS');
  if (architecture === 'arm64' && firmware === 'bios')
    return refusal('The firmware', `is ${show(platform)} on arm64`, 'machines of arm64 have UEFI');
  return { architecture, firmware };
}

function describeValue(value: string): string {
  return value === '' ? 'is missing' : `is ${show(value)}`;
}

function refusal(what: string, problem: string, rule: string): Rejected {
  return rejected('invalid_value', `${what} ${problem}. Rule: ${rule}.`);
}
