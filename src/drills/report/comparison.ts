import { P95_ROUNDS, type Spread, spreadOf } from '../../judge/statistics.ts';
import { type Figures, figures } from './figures.ts';
import type { ReportedRound } from './round.ts';
import { isFit } from './summary.ts';

/** What a row of the headline table promises; a `Headline` of the hazards is one. */
export interface HeadlineFacts {
  readonly name: string;
  /** The lane whose outage is the figure; null: the figure is the number of failovers, of which there must be none. */
  readonly probe: string | null;
  /** The longest outage that is promised, ms: of 95 in 100 rounds. Absent: none is. */
  readonly withinMs?: number;
  /** How many calls may fail; absent: it is not promised. */
  readonly failures?: number;
  /** As text. */
  readonly target: string;
}

/** Rounds of one row that were played with the same settings. */
export interface ComparisonSide {
  readonly rounds: number;
  /** The spread of outages of the row's lane, ms. Null: it has none, or no round was fit. */
  readonly spread: Spread | null;
  readonly failovers: number;
  readonly acknowledged: number;
  /** Acknowledged writes that some node, or all, did not have after the heal: each counts once. */
  readonly lost: number;
  /** Rounds with two holders of the floating address, or two writable primaries. */
  readonly split: number;
  /** Rounds in which two machines had one address. */
  readonly shared: number;
  readonly failedCalls: number;
  /** Rounds whose recording was not fit to be judged: they are in no spread. */
  readonly unfit: number;
}

/** A row of the headline table, our settings beside stock ones. `own`, `stock`: null without rounds. */
export interface ComparisonRow {
  readonly name: string;
  readonly target: string;
  /** What its column of harm counts. */
  readonly harm: 'lost' | 'split' | 'shared';
  readonly own: ComparisonSide | null;
  readonly stock: ComparisonSide | null;
  /** Null: nothing was played with our settings. */
  readonly isPromiseHeld: boolean | null;
  /** How many times as long it takes with stock settings; null: one of both was not measured, or took no time. */
  readonly ratio: number | null;
}

const LOST: HeadlineFacts = { name: 'acknowledged writes lost, whatever the fault', probe: null, target: '0' };
const SPLIT: HeadlineFacts = { name: 'two VIP holders, or two writable primaries', probe: null, target: 'in 0 rounds' };

const SHARED: HeadlineFacts = { name: 'an address of two machines', probe: null, target: 'in 0 rounds' };

/** The headline table: a row for each headline of which there are rounds, in their order, then what holds for all rounds of all hazards. */
export function compare(headlines: readonly HeadlineFacts[], rounds: readonly ReportedRound[]): ComparisonRow[] {
  const rows = headlines.flatMap((facts): ComparisonRow[] => {
    const [own, stock] = sidesOf(
      rounds.filter(({ hazard }) => hazard.headline === facts.name),
      facts,
    );
    if (own === null && stock === null) return [];
    return [
      {
        ...named(facts),
        harm: facts.probe === 'dhcp' ? 'shared' : 'lost',
        own,
        stock,
        isPromiseHeld: own && holdsPromise(own, facts),
        ratio: ratioOf(own, stock),
      },
    ];
  });
  const all = (facts: HeadlineFacts, harm: ComparisonRow['harm'], of: readonly ReportedRound[]): ComparisonRow[] => {
    const [own, stock] = sidesOf(of, facts);
    if (own === null && stock === null) return [];
    return [{ ...named(facts), harm, own, stock, isPromiseHeld: own && own[harm] === 0, ratio: null }];
  };
  return [
    ...rows,
    ...all(LOST, 'lost', rounds),
    ...all(SPLIT, 'split', rounds),
    // Earlier rounds did not check this.
    ...all(
      SHARED,
      'shared',
      rounds.filter(({ verdict }) => verdict.checks.some(({ what }) => what === 'addresses')),
    ),
  ];
}

/** The figure that a promise of 95 in 100 rounds is held against: the p95; with fewer rounds the maximum. */
export const judgedMs = (spread: Spread): number => spread.p95 ?? spread.max;

const named = ({ name, target }: HeadlineFacts): Pick<ComparisonRow, 'name' | 'target'> => ({ name, target });

function sidesOf(
  rounds: readonly ReportedRound[],
  facts: HeadlineFacts,
): readonly [ComparisonSide | null, ComparisonSide | null] {
  const of = (label: ReportedRound['label']) =>
    sideOf(
      rounds.filter((round) => round.label === label),
      facts,
    );
  return [of(undefined), of('baseline')];
}

function sideOf(rounds: readonly ReportedRound[], { probe }: HeadlineFacts): ComparisonSide | null {
  if (rounds.length === 0) return null;
  const all = rounds.map((round) => ({ ...figures(round), verdict: round.verdict, isFit: isFit(round) }));
  const fit = all.filter((item) => item.isFit);
  const sum = (pick: (item: (typeof all)[number]) => number) => all.reduce((total, item) => total + pick(item), 0);
  const measured = fit.map((item) => figureOf(probe, item)).filter((ms) => ms !== null);
  return {
    rounds: rounds.length,
    spread: probe === null ? null : spreadOf(measured),
    failovers: sum(({ verdict }) => verdict.failovers),
    acknowledged: sum(({ verdict }) => verdict.ledger.acknowledged),
    lost: sum(({ lost }) => lost),
    split: sum(({ verdict }) => (verdict.checks.some(isSplit) ? 1 : 0)),
    shared: sum(({ verdict }) => (verdict.checks.some(isShared) ? 1 : 0)),
    failedCalls: sum(({ failedCalls }) => failedCalls),
    unfit: all.length - fit.length,
  };
}

function isSplit({ what, isHeld }: ReportedRound['verdict']['checks'][number]): boolean {
  return (what === 'holders' || what === 'primaries') && !isHeld;
}

function isShared({ what, isHeld }: ReportedRound['verdict']['checks'][number]): boolean {
  return what === 'addresses' && !isHeld;
}

/** The figure of a row's lane, ms. */
function figureOf(probe: string | null, { vipMs, dhcpMs, writeMs }: Figures): number | null {
  return probe === 'vip' ? vipMs : probe === 'dhcp' ? dhcpMs : writeMs;
}

function holdsPromise(side: ComparisonSide, { probe, withinMs, failures }: HeadlineFacts): boolean {
  const isClean = side.lost === 0 && side.split === 0 && side.shared === 0 && side.unfit < side.rounds;
  const isCalm = probe !== null || side.failovers === 0;
  const isInTime = withinMs === undefined || (side.spread !== null && judgedMs(side.spread) <= withinMs);
  return isClean && isCalm && isInTime && (failures === undefined || side.failedCalls <= failures);
}

/** The ratio of the p95s where both have one, else of the medians. */
function ratioOf(own: ComparisonSide | null, stock: ComparisonSide | null): number | null {
  const [ours, theirs] = [own?.spread, stock?.spread];
  if (ours == null || theirs == null) return null;
  const hasBoth = ours.rounds >= P95_ROUNDS && theirs.rounds >= P95_ROUNDS;
  const [dividend, divisor] = hasBoth ? [theirs.p95 ?? 0, ours.p95 ?? 0] : [theirs.p50, ours.p50];
  return divisor === 0 ? null : dividend / divisor;
}
