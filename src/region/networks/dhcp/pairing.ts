import type { Pairing } from '../../../contract/networks/pairing.ts';
import { digestOf } from '../../../core/stable-json.ts';
import type { Rejected } from '../../../core/errors.ts';
import { type PairingPlan, planPairs } from '../../../services/dhcp/pairing/plan.ts';
import type { Pair, PairingSite } from '../../../services/dhcp/pairing/site.ts';
import { allRows } from '../../../store/page.ts';
import { countLeasesByVlan } from '../../../store/queries/networks/leases.ts';
import { listVlans, lockVlan, type VlanRow } from '../../../store/queries/networks/vlans.ts';
import { readServingSite } from '../../../store/snapshot.ts';
import type { Tx } from '../../../store/tx.ts';
import { readSeenNodes } from '../../base/seen.ts';
import type { CasePorts } from '../../base/use-case.ts';
import { vlanLabel } from '../network-refs.ts';
import { pairingSite } from './pairing-site.ts';

/** A plan, what it was made from, and the rows of all VLANs. */
export interface Proposal {
  readonly site: PairingSite;
  readonly plan: PairingPlan;
  readonly vlans: ReadonlyMap<number, VlanRow>;
}

/** Plans the pairs of the site as it is at this moment. */
export async function readProposal(tx: Tx, context: CasePorts): Promise<Proposal> {
  const serving = await readServingSite(tx);
  const known = await readSeenNodes(tx, context);
  const site = pairingSite(serving, { known, leases: await countLeasesByVlan(tx), now: context.clock.now() });
  const rows = await allRows((page) => listVlans(tx, page));
  return { site, plan: planPairs(site), vlans: new Map(rows.map((row) => [row.id, row])) };
}

/** A proposal as the wire shows it. */
export function viewProposal({ site, plan, vlans }: Proposal): Pairing {
  const names = new Map(site.racks.map(({ uuid, name }) => [uuid, name]));
  const labelOf = (id: number) => {
    const row = vlans.get(id);
    return row === undefined ? String(id) : vlanLabel(row);
  };
  // A rack that is not accepted any more has no name here: the VLAN's row has it.
  const before = (id: number): Pair => {
    const row = vlans.get(id);
    return { primary: row?.primaryRack ?? null, secondary: row?.secondaryRack ?? null };
  };
  const nameOf = (uuid: string | null) => (uuid === null ? null : (names.get(uuid) ?? uuid));
  const changes = plan.changes.map(({ vlan, after, reasons }) => ({
    vlan: labelOf(vlan),
    vlanId: vlan,
    before: before(vlan),
    after: { primary: nameOf(after.primary), secondary: nameOf(after.secondary) },
    why: reasons.join('; '),
  }));
  return {
    digest: digestOf(changes),
    changes,
    stays: plan.stays.map(labelOf),
    left: plan.left.map(({ vlan, why }) => ({ vlan: labelOf(vlan), why })),
    racks: loadsOf({ site, plan }),
    limit: plan.limit,
  };
}

function loadsOf({ site, plan }: Pick<Proposal, 'site' | 'plan'>): Pairing['racks'] {
  const after = new Map(plan.changes.map((line) => [line.vlan, line.after]));
  const before = site.vlans.map(({ pair }) => pair);
  const next = site.vlans.map(({ id, pair }) => after.get(id) ?? pair);
  const count = (pairs: readonly Pair[], role: keyof Pair, uuid: string) =>
    pairs.filter((pair) => pair[role] === uuid).length;
  return site.racks.map(({ uuid, name }) => ({
    name,
    primary: count(before, 'primary', uuid),
    secondary: count(before, 'secondary', uuid),
    primaryAfter: count(next, 'primary', uuid),
    secondaryAfter: count(next, 'secondary', uuid),
  }));
}

/** In the order of their ids: nobody gives a VLAN another rack while pairs are planned. */
export async function lockAll(tx: Tx): Promise<Rejected | null> {
  const ids = (await allRows((page) => listVlans(tx, page))).map(({ id }) => id).sort((a, b) => a - b);
  for (const id of ids) {
    const refusal = await lockVlan(tx, { key: id });
    if (refusal) return refusal;
  }
  return null;
}
