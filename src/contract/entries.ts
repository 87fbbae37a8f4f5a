import { MACHINE } from './machines/machine.ts';
import { DEVICE } from './machines/device.ts';
import { DOMAIN } from './names/domain.ts';
import { RANGE } from './networks/range.ts';
import { RESERVATION } from './networks/reservation.ts';
import { SUBNET } from './networks/subnet.ts';
import { VLAN } from './networks/vlan.ts';
import { RECORD } from './names/record.ts';
import { SCRIPT } from './machines/script.ts';

/** Nouns with the five usual calls and with laws too much their own for a declaration. */
export const ENTRIES = [DOMAIN, RECORD, MACHINE, DEVICE, VLAN, SUBNET, RANGE, RESERVATION, SCRIPT] as const;

export type EntryNoun = (typeof ENTRIES)[number]['noun'];
