import { formatCount } from '../../../core/count-text.ts';
import { forecastOf, shortageOf } from '../../../model/networks/pool.ts';
import { GAPS_MAX, type LeaseGap } from '../../../store/queries/networks/lease-gaps.ts';
import type { PoolRow } from '../../../store/queries/networks/pool-use.ts';
import { listOf } from '../site.ts';
import { broken, type InvariantCheck, ok, unknown, warning } from './check.ts';

/**
 * A standby gets leases from its partner, and no packet shows them to its agent, which compares all of them every 60 s.
 * A younger difference may be a lease in transit.
 */
const SETTLED_S = 90;
const NAMED = 3;
const HOUR_MS = 3_600_000;

/** What must be true of leases. */
export const LEASE_CHECKS: readonly InvariantCheck[] = [
  {
    id: 'pair-leases',
    title: 'Both racks of a pair know the same leases',
    explanation:
      'The rack that takes over gives out what it believes to be free. A lease that it lacks, or has for another client, is an address that two machines may get.',
    concerns: ({ leases }) => (leases?.pairs.length ?? 0) > 0,
    judge({ leases }) {
      const { pairs, gaps } = leases ?? { pairs: [], gaps: [] };
      const found = gaps.filter((gap) => gap.seconds > SETTLED_S);
      const [first] = found;
      if (first) return judgeGaps(found, first);
      const halves = pairs.filter((pair) => !pair.isWhole);
      if (halves.length > 0)
        return unknown(
          `Not compared on ${listOf(halves.map((pair) => pair.vlan))}: ${halves.length === 1 ? 'its pair is' : 'their pairs are'} not whole.`,
          `regent vlan show ${halves[0]?.vlan} shows why.`,
        );
      return ok(`The same leases on both racks of ${formatCount(pairs.length, 'VLAN')}.`);
    },
  },
  {
    id: 'pools',
    title: 'Pools have free addresses',
    explanation: 'A new machine gets no address from a pool without a free one. Those that have a lease keep it.',
    concerns: ({ leases }) => (leases?.pools.length ?? 0) > 0,
    judge({ leases, now }) {
      const pools = leases?.pools ?? [];
      const short = pools.flatMap((pool) => {
        const why = shortageOf(pool, now);
        return why === null ? [] : [{ pool, text: shortText(pool, why, now) }];
      });
      if (short.length === 0) return ok(`${formatCount(pools.length, 'pool')}, each with at least 5 % free.`);
      const more = short.length > NAMED ? `, and ${short.length - NAMED} more` : '';
      const cidr = short[0]?.pool.cidr;
      return warning(
        `${short
          .slice(0, NAMED)
          .map(({ text }) => text)
          .join('; ')}${more}.`,
        `regent lease list --subnet ${cidr} shows who has them. More addresses: regent range create FIRST-LAST --kind dynamic --subnet ${cidr}; sooner free: regent subnet set ${cidr} --lease-time SECONDS.`,
      );
    },
  },
];

function judgeGaps(found: readonly LeaseGap[], first: LeaseGap) {
  const named = found.slice(0, NAMED).map(gapText);
  const more = found.length > NAMED ? `, and ${found.length - NAMED} more` : '';
  const many = found.length >= GAPS_MAX ? `At least ${GAPS_MAX} leases` : formatCount(found.length, 'lease');
  const detail = `${many}: ${named.join('; ')}${more}.`;
  const double = found.find((gap) => !gap.isLacking);
  if (double)
    return broken(
      detail,
      `regent lease release ${double.address} ends it on both racks, and its clients request an address again; regent lease show ${double.address} shows who has it.`,
    );
  return warning(
    detail,
    `A Kea that starts takes over all leases of its partner. While ${first.node} serves: regent service list --node ${first.other}, then regent service restart dhcp@PRIMARY_SECONDARY --node ${first.other}. regent lease release ADDRESS ends one that nobody uses.`,
  );
}

function gapText({ address, node, mac, other, otherMac, isLacking }: LeaseGap): string {
  const whose = `${node} has ${address} for ${mac ?? 'nobody (declined)'}`;
  return isLacking ? `${whose}, ${other} lacks it` : `${whose}, ${other} for ${otherMac ?? 'nobody (declined)'}`;
}

function shortText(pool: PoolRow, why: NonNullable<ReturnType<typeof shortageOf>>, now: number): string {
  const { free, fullAt } = forecastOf(pool, now);
  const name = `${pool.first}-${pool.last}`;
  if (why === 'full') return `${name} is full`;
  const left = `${name} has ${free} of ${pool.size} addresses free`;
  if (why === 'short' || fullAt === null) return left;
  return `${left} and is full in ${((fullAt - now) / HOUR_MS).toFixed(1)} hours at the present rate`;
}
