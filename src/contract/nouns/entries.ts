import { MACHINE } from '../machine.ts';
import { DEVICE } from '../network/device.ts';
import { DOMAIN } from '../network/domain.ts';
import { RANGE } from '../network/range.ts';
import { RESERVATION } from '../network/reservation.ts';
import { SUBNET } from '../network/subnet.ts';
import { VLAN } from '../network/vlan.ts';
import { RECORD } from '../record.ts';
import { SCRIPT } from '../network/script.ts';

/** Nouns with the five usual calls and with laws too much their own for a declaration. */
export const ENTRIES = [DOMAIN, RECORD, MACHINE, DEVICE, VLAN, SUBNET, RANGE, RESERVATION, SCRIPT] as const;

export type EntryNoun = (typeof ENTRIES)[number]['noun'];
