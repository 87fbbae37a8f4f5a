import { existsSync, mkdirSync } from 'node:fs';
import { messageOf } from '../kit/host.ts';
import { Detachment, KeaUnit, resumeKea, RUN, WrongLeases } from './act.ts';
import { decide } from './decide.ts';
import { firstMemory, type Memory, type Verdict } from './verdict.ts';
import { DurableFile, readJson, recordOf, writeAtOnce, writeDurably } from './disk.ts';
import type { PairConfig } from './files.ts';
import { askKea, KeaWatch } from './kea.ts';
import { LeaseMender } from './mend.ts';
import { ReachWatch } from './reach.ts';
import { type Answer, freshAnswers, partnerSilence, partnerStatus, type PairInputs } from './inputs.ts';
import { firstRecord, isSame, type OwnerRecord, type Vote, type PairStatus } from './messages.ts';

const LEDGER = '/var/lib/regent-pairs';
const SAY_MS = 1000;
const SCOPES_AGAIN_MS = 100;

/** What a pair needs of the program. `clock`: monotonic, ms. */
export interface PairPorts {
  readonly clock: () => number;
  readonly log: (text: string) => void;
  /** Ends the program. */
  readonly fail: (why: string) => void;
}

/** What a beat has sent of a pair, as its answer needs it. */
export interface SentStatus {
  readonly wasWanting: boolean;
  readonly claim: OwnerRecord | null;
}

/** One pair on this host: what is seen of it, what was decided, and what is done. */
export class Pair {
  #config: PairConfig;
  readonly #ports: PairPorts;
  readonly #kea: KeaWatch;
  readonly #reach = new ReachWatch();
  readonly #unit: KeaUnit;
  readonly #ledger: DurableFile;
  readonly #wrongLeases: WrongLeases;
  readonly #mender: LeaseMender;
  #detachment: Detachment;
  #isCommitting = false;
  readonly #answers = new Map<string, Answer>();
  readonly #startedAt: number;
  #memory: Memory;
  #beat: PairInputs['beat'] = null;
  #reply: PairInputs['reply'] = null;
  #floorAt: number;
  #isLeaving = false;
  #verdict: Verdict | null = null;
  #since = Date.now();
  #writtenAt = -Infinity;
  #scopedAt = -Infinity;
  #problem = '';

  constructor(config: PairConfig, ports: PairPorts) {
    this.#config = config;
    this.#ports = ports;
    const { key } = config;
    const log = (text: string) => this.#log(text);
    this.#kea = new KeaWatch(key, ports.clock);
    this.#unit = new KeaUnit(key, ports.clock, log);
    this.#detachment = new Detachment(config, log);
    this.#ledger = new DurableFile(`${LEDGER}/${key}.json`);
    this.#wrongLeases = new WrongLeases(`${LEDGER}/${key}.wrong-clock`, key);
    this.#mender = new LeaseMender(this.#kea.socket, log);
    this.#memory = firstMemory(this.#readLedger());
    this.#startedAt = this.#floorAt = ports.clock();
  }

  get config(): PairConfig {
    return this.#config;
  }

  /** Its file has changed. What runs goes on. */
  change(config: PairConfig): void {
    const { partner, partnerPort } = this.#config;
    this.#config = config;
    const names = new Set(config.regions.map(({ name }) => name));
    for (const name of this.#answers.keys()) if (!names.has(name)) this.#answers.delete(name);
    if (partner.address === config.partner.address && partnerPort === config.partnerPort) return;
    this.#detachment.set(false);
    this.#detachment = new Detachment(config, (text) => this.#log(text));
  }

  /** What this rack says of the pair now. */
  status(): PairStatus {
    return { ...(this.#verdict ?? this.turn()).status, dayTime: this.#kea.dayTime };
  }

  /** It has given the pair away, or never had it: to end costs nothing. */
  get isFree(): boolean {
    return this.#memory.record.owner !== this.config.self && this.#verdict?.status.isWanting === false;
  }

  /** The program is to end. */
  leave(): void {
    this.#isLeaving = true;
  }

  /** The program's loop was late: what it knew is old. */
  stall(now: number): void {
    this.#floorAt = now;
  }

  receiveVote(region: string, vote: Vote, sent: SentStatus & { readonly sentAt: number }): void {
    const before = this.#answers.get(region);
    if (before && before.sentAt > sent.sentAt) return;
    const { sentAt, wasWanting, claim } = sent;
    this.#answers.set(region, { sentAt, wasWanting, claim, vote });
  }

  receiveReply(
    status: PairStatus,
    order: { run: number; said: number },
    sent: SentStatus & { readonly sentAt: number },
  ): void {
    if (this.#reply && this.#reply.sentAt > sent.sentAt) return;
    this.#reply = { ...order, status, sentAt: sent.sentAt, wasWanting: sent.wasWanting };
  }

  receiveBeat(status: PairStatus, order: { run: number; said: number }): void {
    this.#beat = { ...order, status, at: this.#ports.clock() };
  }

  /** Observes, decides, and acts. */
  turn(): Verdict {
    const now = this.#ports.clock();
    this.#kea.poll(now);
    this.#reach.poll(this.#config.interfaces, now);
    const before = this.#verdict;
    // Until it stands on the disk the last verdict holds.
    if (before !== null && this.#isCommitting) return before;
    const inputs = this.#inputs(now);
    const verdict = decide(this.#memory, inputs);
    if (!this.#keep(verdict.memory) && before !== null) return before;
    this.#memory = verdict.memory;
    this.#verdict = verdict;
    this.#act(verdict, now);
    this.#report(before, verdict, inputs);
    return verdict;
  }

  /** The instance goes: nobody decides for it any more. */
  close(): void {
    this.#detachment.set(false);
    this.#unit.fence();
  }

  #inputs(now: number): PairInputs {
    const { key, self, partner, role, regions, isDrained } = this.config;
    return {
      now,
      startedAt: this.#startedAt,
      floorAt: this.#floorAt,
      dayTime: this.#kea.dayTime,
      key,
      self,
      partner: partner.name,
      role,
      regions: regions.length,
      answers: this.#answers,
      beat: this.#beat,
      reply: this.#reply,
      kea: this.#kea.view(now, this.#unit.isOver),
      reach: this.#reach.reach(isDrained),
      isLeaving: this.#isLeaving,
      isOrdered: existsSync(`${LEDGER}/${key}.order`),
    };
  }

  /**
   * false: what is new must be on the disk before it is sent or done, and is being written. So it is with whatever is owned alone: taken before it is
   * on the disk, or given away before, it could be owned twice after a crash. Everything else an owner needs others for, who know better than its
   * ledger. Where the disk fails the program ends, and what it answers for with it: such a rack must not decide.
   */
  #keep(memory: Memory): boolean {
    const { record } = memory;
    const before = this.#memory.record;
    if (record === before) return true;
    const { key, self } = this.#config;
    const text = `${JSON.stringify(record)}\n`;
    const isOwn = (one: OwnerRecord) => one.owner === self && one.isAlone;
    const isCritical =
      !(isSame(record, before) && record.isAlone === before.isAlone) && (isOwn(record) || isOwn(before));
    if (isCritical && this.#verdict === null) {
      writeDurably(`${LEDGER}/${key}.json`, text);
      return true;
    }
    this.#isCommitting = isCritical;
    this.#ledger.write(text).then(
      () => {
        if (!isCritical) return;
        [this.#memory, this.#isCommitting] = [memory, false];
        this.turn();
      },
      (error: unknown) => this.#ports.fail(`${key}: the ledger cannot be written: ${messageOf(error)}`),
    );
    return !isCritical;
  }

  #act(verdict: Verdict, now: number): void {
    const { isPermitted, isKilled, scopes, isDetached } = verdict;
    const isRunning = this.#kea.view(now, false).isRunning;
    // A primary's Kea goes on alone then: this must also be known after a crash.
    this.#detachment.set(isDetached && !this.#ledger.isBusy);
    const isOwner = verdict.memory.record.owner === this.config.self;
    const isWrong = isRunning && verdict.memory.day.aheadMs !== 0;
    this.#wrongLeases.update({ isWrong, isRunning, isTruth: isOwner && verdict.status.isServing });
    if (isRunning) this.#mender.check(now, verdict.memory.day);
    if (!isPermitted) return this.#unit.fence();
    if (!isRunning) this.#wrongLeases.start(isOwner, (text) => this.#log(text));
    const mayServe = isOwner && verdict.state !== 'standby';
    this.#unit.permit(this.config.role === 'primary' || mayServe, isRunning);
    if (isKilled) this.#unit.kill();
    if (verdict.isReset) {
      this.#log('its Kea takes all leases from the other again');
      const command = { command: 'ha-reset', arguments: { 'server-name': this.config.self } };
      askKea(this.#kea.socket, command).catch((error: unknown) => this.#log(`ha-reset: ${messageOf(error)}`));
    }
    if (now - this.#scopedAt < SCOPES_AGAIN_MS) return;
    if (scopes === null && verdict.resumes.length === 0) return;
    this.#scopedAt = now;
    resumeKea(this.#kea.socket, verdict.resumes, (text) => this.#log(text));
    if (scopes === null) return;
    const args = { scopes, 'server-name': this.config.self };
    askKea(this.#kea.socket, { command: 'ha-scopes', arguments: args }).then(
      () => {
        const whose =
          scopes.length === 0 ? 'gives no lease for a moment' : `serves the clients of ${scopes.join(', ')}`;
        this.#log(`its Kea ${whose}`);
        this.#kea.hurry();
      },
      (error: unknown) => this.#log(`ha-scopes: ${messageOf(error)}`),
    );
  }

  /** For people and for the agent, and each change in the journal. */
  #report(before: Verdict | null, verdict: Verdict, inputs: PairInputs): void {
    const { state, why, isDetached, isKilled, memory } = verdict;
    if (before?.state !== state) {
      this.#since = Date.now();
      this.#log(`${state}: ${why}`);
    }
    const { owner, epoch, isAlone, isOrdered } = memory.record;
    const old = before?.memory.record;
    if (old && (old.owner !== owner || old.epoch !== epoch))
      this.#log(`${owner} owns the pair, epoch ${epoch}${isAlone ? ', alone' : ''}${isOrdered ? ', by order' : ''}`);
    if (before && before.isDetached !== isDetached)
      this.#log(
        isDetached ? `its Kea is separated from ${inputs.partner}, which is silent` : `${inputs.partner} answers again`,
      );
    if ((before?.status.burden ?? 0) !== verdict.status.burden) this.#log(verdict.lacks || 'it lacks nothing now');
    if (isKilled && !before?.isKilled)
      this.#log(`its Kea ${inputs.kea.isHung ? 'does not answer' : 'does not come back by itself'}: it is killed`);
    if (before && (before.memory.claim === null) !== (memory.claim === null))
      this.#log(memory.claim ? `asks the regions for the pair, epoch ${memory.claim.epoch}` : 'asks for nothing more');
    if (before?.state === state && inputs.now - this.#writtenAt < SAY_MS) return;
    this.#writtenAt = inputs.now;
    this.#write(verdict, inputs);
  }

  #write({ state, why, lacks, memory, status }: Verdict, inputs: PairInputs): void {
    const { key, role, self } = this.config;
    const { owner, epoch, isAlone, isWhole, isOrdered } = memory.record;
    const text = JSON.stringify({
      key,
      role,
      self,
      state,
      since: new Date(this.#since).toISOString(),
      why,
      owner,
      epoch,
      kea: status.kea,
      partnerHeardMs: this.#beat === null ? null : Math.round(partnerSilence(inputs)),
      regionsHeard: freshAnswers(inputs).map(([region]) => region),
      isAlone,
      isWhole,
      isOrdered,
      lacks,
      clock: { aheadMs: Math.round(memory.day.aheadMs), partnerAheadMs: Math.round(memory.day.partnerAheadMs) },
      // For `ha/kea/in-turn`.
      partnerKea: partnerStatus(inputs)?.kea ?? null,
      partnerTag: partnerStatus(inputs)?.tag ?? null,
    });
    try {
      mkdirSync(RUN, { recursive: true, mode: 0o755 });
      writeAtOnce(`${RUN}/${key}.json`, `${text}\n`);
    } catch (error) {
      this.#log(`its state cannot be written: ${messageOf(error)}`);
    }
  }

  #readLedger(): OwnerRecord {
    const { key } = this.config;
    try {
      const record = recordOf(readJson(`${LEDGER}/${key}.json`));
      if (record) return record;
      this.#log('it has no ledger: the regions and the partner know its owner');
    } catch (error) {
      this.#log(`its ledger cannot be read and counts as lost: ${messageOf(error)}`);
    }
    return firstRecord(key);
  }

  #log(text: string): void {
    const line = `${this.config.key}: ${text}`;
    if (line !== this.#problem) this.#ports.log(line);
    this.#problem = line;
  }
}
