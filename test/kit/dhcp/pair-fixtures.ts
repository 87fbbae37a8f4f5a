import { firstRecord, type OwnerRecord, type PairStatus } from '../../../ha/dhcp/messages.ts';

/** The pair that tests of `ha/dhcp` are about. */
export const KEY = 'k1_k2';

/** A record of it that nobody has taken, with these changes. */
export function aRecord(owner: string, epoch: number, changes: Partial<OwnerRecord> = {}): OwnerRecord {
  return { ...firstRecord(KEY), owner, epoch, ...changes };
}

/** What a rack says that could serve and does not. */
export function aStatus(record: OwnerRecord, changes: Partial<PairStatus> = {}): PairStatus {
  return {
    key: KEY,
    record,
    isWanting: false,
    claim: null,
    isServing: false,
    isAble: true,
    burden: 0,
    isDetached: false,
    kea: 'hot-standby',
    syncId: '1',
    tag: null,
    namedBy: [],
    majority: 2,
    ...changes,
  };
}
