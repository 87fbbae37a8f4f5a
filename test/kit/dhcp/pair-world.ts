import { decide } from '../../../ha/dhcp/decide.ts';
import { firstMemory, type Memory, type Verdict } from '../../../ha/dhcp/verdict.ts';
import { afterStall, firstVotes, acceptStatus, type PairVotes, voteFor } from '../../../ha/dhcp/grant.ts';
import type { Reach } from '../../../ha/dhcp/reach.ts';
import type { Answer, PairInputs } from '../../../ha/dhcp/inputs.ts';
import {
  BEAT_MS,
  firstRecord,
  LATE_MS,
  type OwnerRecord,
  type Vote,
  type PairStatus,
} from '../../../ha/dhcp/messages.ts';
import { KeaModel } from './kea-model.ts';
import { KEY } from './pair-fixtures.ts';

/* Two racks, three regions and a network in virtual time. The rule is the real one, Kea is `KeaModel`. Times: ms. */

const RACKS = ['k1', 'k2'] as const;
const REGIONS = ['r1', 'r2', 'r3'] as const;
const TICK_MS = 50;
const STEP_MS = 20;
/** The day's time when the world begins. */
const DAY = 1_764_000_000_000;
/** A whole host that was frozen needs so long to see that it was. */
const THAW_MS = 150;
/** A primary's Kea that leaves the pair by itself gives leases alone until its controller has seen that and has ended it: one turn and one ending. */
const UNSEEN_MS = 100;

type Rack = (typeof RACKS)[number];

/** What is broken on purpose: a suite that does not notice is worth nothing. */
export type Flaw = 'never fences' | 'takes over too soon' | 'takes over without leases' | 'knows no clock';
/** So much sooner than it may. */
const HASTE_MS = 1500;

/** Something that may be down or frozen. */
class HostModel {
  readonly name: string;
  isUp = true;
  frozenUntil = 0;
  thawedAt = -Infinity;
  readonly queue: (() => void)[] = [];

  constructor(name: string) {
    this.name = name;
  }
}

class RegionModel {
  readonly place: HostModel;
  disk: OwnerRecord | null = null;
  isLost = false;
  hasFile = true;
  votes: PairVotes;
  lastAt = 0;

  readonly #flaw: Flaw | null;

  constructor(name: string, flaw: Flaw | null) {
    this.#flaw = flaw;
    this.place = new HostModel(name);
    this.votes = firstVotes(KEY, false, 0);
  }

  start(now: number): void {
    this.votes = { ...firstVotes(KEY, this.isLost, now), ...(this.disk ? { record: this.disk } : {}) };
    this.lastAt = now;
    this.place.isUp = true;
  }

  lose(): void {
    this.disk = null;
    this.isLost = true;
  }

  hear(from: string, word: PairStatus, now: number): Vote {
    if (now - this.lastAt > 500) this.votes = afterStall(this.votes, now);
    this.lastAt = now;
    const isBlind = this.#flaw === 'takes over without leases';
    if (isBlind && this.votes.record) this.votes = { ...this.votes, record: { ...this.votes.record, isWhole: true } };
    const at = this.#flaw === 'takes over too soon' && word.claim ? now + HASTE_MS : now;
    const heard = acceptStatus(this.votes, from, word, at);
    this.votes = { ...heard, reports: new Map(heard.reports).set(from, { at: now, status: word }) };
    if (this.votes.record !== null) [this.disk, this.isLost] = [this.votes.record, false];
    const vote = voteFor(this.votes, from, KEY, now);
    const silentMs = vote.partner.silentMs + (this.#flaw === 'takes over too soon' ? HASTE_MS : 0);
    const record = isBlind && vote.record ? { ...vote.record, isWhole: true } : vote.record;
    return { ...vote, record, partner: { ...vote.partner, silentMs }, dayTime: DAY + now };
  }
}

export const WELL: Reach = { missing: [], isCut: false, isFull: false, isDrained: false, aheadMs: 0 };

/** A rack: its host, its program, its Kea. */
export class RackModel {
  readonly place: HostModel;
  readonly name: Rack;
  readonly partner: Rack;
  readonly kea: KeaModel;
  disk: OwnerRecord = firstRecord(KEY);
  memory: Memory = firstMemory(this.disk);
  verdict: Verdict | null = null;
  isProgramUp = false;
  programFrozenUntil = 0;
  startedAt = 0;
  floorAt = 0;
  lastTick = 0;
  nextBeat = 0;
  run = 0;
  said = 0;
  isDetached = false;
  isLeaving = false;
  reach: Reach = WELL;
  answers = new Map<string, Answer>();
  beat: PairInputs['beat'] = null;
  reply: PairInputs['reply'] = null;

  constructor(name: Rack) {
    this.place = new HostModel(name);
    this.name = name;
    this.partner = name === 'k1' ? 'k2' : 'k1';
    this.kea = new KeaModel(name === 'k1');
  }

  start(now: number): void {
    this.memory = firstMemory(this.disk);
    this.verdict = null;
    [this.startedAt, this.floorAt, this.lastTick, this.nextBeat] = [now, now, now, now];
    this.run += 1;
    this.answers = new Map();
    [this.beat, this.reply] = [null, null];
    this.isDetached = false;
    this.isLeaving = false;
    this.isProgramUp = true;
  }

  inputs(now: number, flaw: Flaw | null): PairInputs {
    const { startedAt, name, partner, answers, reply } = this;
    const haste = flaw === 'takes over too soon' && name === 'k2' ? HASTE_MS : 0;
    const floorAt = this.floorAt - haste;
    const beat = this.beat && { ...this.beat, at: this.beat.at - haste };
    const role = name === 'k1' ? 'primary' : 'standby';
    const dayTime = flaw === 'knows no clock' ? NaN : DAY + now + this.kea.aheadMs;
    const base = {
      now,
      startedAt,
      floorAt,
      dayTime,
      key: KEY,
      self: name,
      partner,
      regions: REGIONS.length,
      role,
    } as const;
    return {
      ...base,
      answers,
      beat,
      reply,
      kea: this.kea.view(now),
      reach: this.reach,
      isLeaving: this.isLeaving,
      isOrdered: false,
    };
  }

  decide(now: number, flaw: Flaw | null): Verdict {
    if (flaw === 'takes over without leases' && this.name === 'k2')
      this.memory = { ...this.memory, record: { ...this.memory.record, isWhole: true } };
    const verdict = decide(this.memory, this.inputs(now, flaw));
    this.memory = verdict.memory;
    this.disk = verdict.memory.record;
    this.verdict = verdict;
    this.isDetached = verdict.isDetached;
    return verdict;
  }
}

interface Event {
  readonly at: number;
  readonly do: () => void;
}

/** The world. `random`: in [0, 1). */
export class PairWorld {
  readonly racks = new Map(RACKS.map((name) => [name, new RackModel(name)]));
  readonly regions: ReadonlyMap<string, RegionModel>;
  readonly #flaw: Flaw | null;
  readonly cuts = new Set<string>();
  readonly random: () => number;
  readonly told: string[] = [];
  now = 0;
  isLossy = false;
  doubleAt: number | null = null;
  staleAt: number | null = null;
  /** As `staleAt`, where no more than the leases of `UNSEEN_MS` lack. */
  nearlyStaleAt: number | null = null;
  /** The newest lease that was given. */
  lease = 0;
  #events: Event[] = [];
  readonly #arrival = new Map<string, number>();

  constructor(random: () => number, flaw: Flaw | null = null) {
    this.random = random;
    this.#flaw = flaw;
    this.regions = new Map(REGIONS.map((name) => [name, new RegionModel(name, flaw)]));
    for (const rack of this.racks.values()) rack.start(0);
  }

  between(low: number, high: number): number {
    return low + this.random() * (high - low);
  }

  after(ms: number, work: () => void): void {
    const event = { at: this.now + ms, do: work };
    let index = this.#events.length;
    while (index > 0 && (this.#events[index - 1]?.at ?? 0) > event.at) index -= 1;
    this.#events.splice(index, 0, event);
  }

  place(name: string): HostModel {
    const found = this.racks.get(name as Rack)?.place ?? this.regions.get(name)?.place;
    if (!found) throw new Error(name);
    return found;
  }

  isCut(from: string, to: string): boolean {
    if (this.cuts.size === 0) return false;
    return this.cuts.has(`${from}>${to}`);
  }

  /** In order, as TCP does; what a cut takes is gone, as with a connection that ends. */
  #send(from: string, to: string, work: () => void): void {
    if (this.isCut(from, to)) return;
    const lost = this.isLossy && this.random() < 0.15 ? this.between(200, 700) : 0;
    const way = `${from}>${to}`;
    const at = Math.max(this.#arrival.get(way) ?? 0, this.now + this.between(1, 15) + lost);
    this.#arrival.set(way, at);
    this.after(at - this.now, () => {
      const place = this.place(to);
      if (!place.isUp || this.isCut(from, to)) return;
      if (this.now < place.frozenUntil) place.queue.push(work);
      else work();
    });
  }

  play(untilMs: number): void {
    for (; this.now < untilMs; this.now += STEP_MS) {
      for (let next = this.#events[0]; next && next.at <= this.now; next = this.#events[0]) {
        this.#events.shift();
        next.do();
      }
      for (const rack of this.racks.values()) this.#turn(rack);
      this.#turnKeas();
      this.#judge();
    }
  }

  #isAwake(rack: RackModel): boolean {
    const { place } = rack;
    return place.isUp && this.now >= place.frozenUntil && rack.isProgramUp && this.now >= rack.programFrozenUntil;
  }

  #turn(rack: RackModel): void {
    const { place } = rack;
    if (place.queue.length > 0 && this.now >= place.frozenUntil) for (const work of place.queue.splice(0)) work();
    if (!this.#isAwake(rack) || this.now - rack.lastTick < TICK_MS) return;
    if (this.now - rack.lastTick > LATE_MS) rack.floorAt = this.now;
    rack.lastTick = this.now;
    this.#act(rack);
    if (this.now >= rack.nextBeat) this.#beat(rack);
  }

  #act(rack: RackModel): Verdict {
    const verdict = rack.decide(this.now, this.#flaw);
    const { isPermitted, scopes, isKilled, isReset } = verdict;
    const { kea } = rack;
    if (this.#flaw === 'never fences' && kea.isRunning) {
      // It goes on.
    } else if (!isPermitted && kea.isRunning && !kea.isEnding) {
      kea.isEnding = true;
      this.after(this.between(5, 50), () => kea.end());
    } else if (isKilled && kea.isRunning) {
      kea.end();
    } else if (isPermitted && !kea.isRunning && kea.startsAt === null) {
      kea.startsAt = this.now + this.between(200, 600);
    }
    if (!isPermitted) kea.startsAt = null;
    if (isReset) kea.reset(this.now);
    if (verdict.resumes.length > 0) kea.resume();
    if (scopes !== null) kea.scopes = scopes;
    return verdict;
  }

  #beat(rack: RackModel): void {
    const { verdict, name, partner, run } = rack;
    if (verdict === null) return;
    rack.nextBeat = this.now + (verdict.memory.claim ? BEAT_MS / 2 : BEAT_MS);
    const sentAt = this.now;
    const word = { ...verdict.status, dayTime: DAY + sentAt + rack.kea.aheadMs };
    const said = { wasWanting: word.isWanting, claim: word.claim };
    for (const region of this.regions.values())
      this.#send(name, region.place.name, () => {
        const vote = region.hear(name, word, this.now);
        this.#send(region.place.name, name, () => {
          const before = rack.answers.get(region.place.name);
          if (rack.run !== run || (before && before.sentAt > sentAt)) return;
          rack.answers.set(region.place.name, { sentAt, ...said, vote });
        });
      });
    const other = this.racks.get(partner);
    const number = (rack.said += 1);
    if (!other) return;
    this.#send(name, partner, () => {
      if (!other.isProgramUp || this.now < other.programFrozenUntil) return;
      other.beat = { at: this.now, status: word, run, said: number };
      const answer = this.#act(other).status;
      const order = { run: other.run, said: (other.said += 1) };
      this.#send(partner, name, () => {
        if (rack.run !== run || (rack.reply && rack.reply.sentAt > sentAt)) return;
        rack.reply = { sentAt, wasWanting: word.isWanting, status: answer, ...order };
      });
    });
  }

  #turnKeas(): void {
    const [one, two] = [...this.racks.values()];
    if (!one || !two) return;
    const isOpen = (a: RackModel, b: RackModel) =>
      !a.isDetached && !this.isCut(a.name, b.name) && !this.isCut(b.name, a.name) && b.place.isUp;
    for (const [rack, other] of [
      [one, two],
      [two, one],
    ] as const) {
      if (!rack.place.isUp || this.now < rack.place.frozenUntil) continue;
      const isReached = isOpen(rack, other) && other.kea.isAwake(this.now) && this.now >= other.place.frozenUntil;
      // Refused at once, or kept away by our own rule; else a question hangs for ten seconds.
      const isRefused = rack.isDetached || (isOpen(rack, other) && !other.kea.isRunning);
      rack.kea.turn(this.now, isReached ? other.kea : null, isRefused);
    }
  }

  /** Two at one time, or one that serves without leases that the other gave? */
  #judge(): void {
    const serving = this.serving();
    if (serving.length > 1) this.doubleAt ??= this.now;
    for (const rack of serving) {
      const { kea } = rack;
      // Whoever serves gives one in each step.
      const lackingMs = (this.lease - kea.lease) * STEP_MS;
      if (lackingMs > UNSEEN_MS) this.staleAt ??= this.now;
      else if (lackingMs > 0) this.nearlyStaleAt ??= this.now;
      const other = this.racks.get(rack.partner);
      if (kea.state === 'hot-standby' && !kea.isReached) continue;
      this.lease += 1;
      kea.lease = this.lease;
      // Who lacks an earlier one still lacks it.
      if (kea.state === 'hot-standby' && other?.kea.lease === this.lease - 1) other.kea.lease = this.lease;
    }
  }

  /** Racks that answer clients. */
  serving(): RackModel[] {
    return [...this.racks.values()].filter(
      ({ kea, place }) =>
        place.isUp && this.now >= place.frozenUntil && this.now - place.thawedAt > THAW_MS && kea.isServing(this.now),
    );
  }

  crashHost(name: string, forMs: number): void {
    const place = this.place(name);
    if (!place.isUp) return;
    place.isUp = false;
    place.queue.length = 0;
    const rack = this.racks.get(name as Rack);
    if (rack) {
      rack.isProgramUp = false;
      rack.run += 1;
      rack.kea.end();
    }
    this.after(forMs, () => {
      if (place.isUp) return;
      place.isUp = true;
      rack?.start(this.now);
      this.regions.get(name)?.start(this.now);
    });
  }

  crashProgram(name: Rack): void {
    const rack = this.racks.get(name);
    if (!rack?.isProgramUp || !rack.place.isUp) return;
    rack.isProgramUp = false;
    rack.run += 1;
    const { run } = rack;
    this.after(this.between(20, 90), () => rack.kea.end());
    this.after(this.between(300, 1500), () => {
      if (rack.place.isUp && !rack.isProgramUp && rack.run === run) rack.start(this.now);
    });
  }

  /** The program is asked to end: it gives its pairs away, and comes again. */
  leave(name: Rack): void {
    const rack = this.racks.get(name);
    if (!rack?.isProgramUp) return;
    rack.isLeaving = true;
    const { run } = rack;
    this.after(3000, () => rack.run === run && this.crashProgram(name));
  }

  /** The program hangs; its watchdog ends it. */
  freezeProgram(name: Rack, forMs: number): void {
    const rack = this.racks.get(name);
    // Who wakes with an old watchdog is ended at once.
    if (!rack?.isProgramUp || !rack.place.isUp || this.now < rack.place.frozenUntil) return;
    rack.programFrozenUntil = this.now + forMs;
    const { run } = rack;
    if (forMs > LATE_MS) this.after(LATE_MS, () => rack.run === run && this.crashProgram(name));
  }

  freezeHost(name: string, forMs: number): void {
    const place = this.place(name);
    if (!place.isUp) return;
    place.frozenUntil = this.now + forMs;
    place.thawedAt = place.frozenUntil;
  }
}
