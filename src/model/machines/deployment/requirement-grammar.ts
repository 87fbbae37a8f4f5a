import { invalid, isRejected, type Rejected, show } from '../../../core/errors.ts';

/** A required disk. */
export type DiskRequirement = { readonly label: string; readonly minBytes: number; readonly tags: readonly string[] };

/** Members of an interface that a requirement may name (MAAS's names). */
export const CARD_KEYS = ['name', 'mac', 'vlan', 'vid', 'fabric', 'space', 'subnet', 'subnet_cidr'] as const;
export type CardKey = (typeof CARD_KEYS)[number];

/** A required interface. */
export type InterfaceRequirement = { readonly label: string; readonly wants: readonly (readonly [CardKey, string])[] };

/** Requirements of one text. */
const REQUIREMENTS_MAX = 16;
const GIGA = 1_000_000_000;
const LABEL = '[A-Za-z0-9][A-Za-z0-9_-]{0,31}';
const DISK = new RegExp(
  `^(?:(${LABEL}):)?([0-9]{1,7}(?:\\.[0-9]{1,3})?)(?:\\(([A-Za-z0-9_.-]{1,64}(?:,[A-Za-z0-9_.-]{1,64})*)\\))?$`,
);

/** Parses required disks: `root:8(ssd),data:100`, sizes in GB (10^9 bytes). A missing label is the requirement's number. Pure. */
export function parseDiskRequirements(text: string, field = 'storage'): DiskRequirement[] | Rejected {
  const parts = text.split(/,(?![^(]*\))/);
  if (parts.length > REQUIREMENTS_MAX)
    return invalid(field, `${parts.length} are too many`, `at most ${REQUIREMENTS_MAX}`);
  const requirements: DiskRequirement[] = [];
  for (const [index, part] of parts.entries()) {
    const [whole, label = `${index}`, size = '', tags] = DISK.exec(part.trim()) ?? [];
    if (whole === undefined)
      return invalid(field, `${show(part)} is not usable`, 'LABEL:GB(TAG,TAG), joined by ",", such as root:8(ssd)');
    requirements.push({
      label,
      minBytes: Math.round(Number(size) * GIGA),
      tags: tags === undefined ? [] : tags.split(','),
    });
  }
  return onceEach(requirements, field);
}

/** Parses required interfaces: `eth0:fabric=fabric-0,space=storage;eth1:vid=20`. Pure. */
export function parseInterfaceRequirements(text: string, field = 'interfaces'): InterfaceRequirement[] | Rejected {
  const parts = text.split(';').filter((part) => part.trim() !== '');
  if (parts.length > REQUIREMENTS_MAX)
    return invalid(field, `${parts.length} are too many`, `at most ${REQUIREMENTS_MAX}`);
  const requirements: InterfaceRequirement[] = [];
  for (const part of parts) {
    const [, label = '', members = ''] = new RegExp(`^\\s*(${LABEL}):(.*)$`).exec(part) ?? [];
    if (label === '') return invalid(field, `${show(part)} has no label`, 'LABEL:KEY=VALUE,KEY=VALUE, joined by ";"');
    const wants = parseMembers(members, field);
    if (isRejected(wants)) return wants;
    requirements.push({ label, wants });
  }
  return onceEach(requirements, field);
}

function parseMembers(text: string, field: string): (readonly [CardKey, string])[] | Rejected {
  const wants: (readonly [CardKey, string])[] = [];
  for (const member of text.split(',')) {
    const [, name = '', value = ''] = /^\s*([a-z_]+)=(.{1,254})$/.exec(member) ?? [];
    const key = CARD_KEYS.find((one) => one === name);
    if (key === undefined)
      return invalid(field, `${show(member)} is not usable`, `KEY=VALUE, a key of ${CARD_KEYS.join(', ')}`);
    wants.push([key, value.trim()]);
  }
  return wants;
}

function onceEach<W extends { readonly label: string }>(requirements: W[], field: string): W[] | Rejected {
  const twice = requirements.find(
    ({ label }, index) => requirements.findIndex((other) => other.label === label) !== index,
  );
  return twice === undefined ? requirements : invalid(field, `${twice.label} is there twice`, 'each label once');
}
