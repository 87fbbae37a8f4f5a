import type { KeaView } from '../../../ha/dhcp/inputs.ts';

/** `dhcp-disable` of the partner: its id of origin, and how long it holds. */
const [REMOTE, PAUSE_MS] = [2001, 10_000];

/** In these a primary's answers clients. */
const UP: ReadonlySet<string> = new Set(['hot-standby', 'partner-down', 'terminated']);

/** What a Kea of a hot-standby pair does, as measured with 2.6.3. Times: ms. */
export class KeaModel {
  readonly isPrimary: boolean;
  isRunning = false;
  isEnding = false;
  startsAt: number | null = null;
  state: string | null = null;
  scopes: readonly string[] = [];
  hungUntil = 0;
  /** The newest lease that it knows. */
  lease = 0;
  isReached = false;
  /** So far the clock of its host is ahead. */
  aheadMs = 0;
  #skewedSince: number | null = null;
  syncId: string | null = null;
  /** The partner takes the leases: until both work together nobody gives one. */
  isPaused = false;
  #pausedAt = 0;
  #since = 0;
  #reachedAt = 0;
  #lostAt: number | null = null;

  constructor(isPrimary: boolean) {
    this.isPrimary = isPrimary;
  }

  end(): void {
    [this.isRunning, this.isEnding, this.startsAt, this.state, this.scopes] = [false, false, null, null, []];
    this.syncId = null;
    this.hungUntil = 0;
  }

  isAwake(now: number): boolean {
    return this.isRunning && now >= this.hungUntil;
  }

  isServing(now: number): boolean {
    if (!this.isAwake(now)) return false;
    return UP.has(this.state ?? '') && this.scopes.includes('k1') && !this.isPaused;
  }

  view(now: number): KeaView {
    const isHung = this.isRunning && now < this.hungUntil;
    const { isRunning, state, scopes } = this;
    const isOver = !isRunning && this.startsAt === null;
    return {
      isRunning,
      isOver,
      state,
      scopes,
      isCut: false,
      pausedBy: this.isPaused ? [REMOTE] : [],
      syncId: this.syncId,
      tag: null,
      isAnswering: isRunning && !isHung && state !== null,
      isHung,
      hasGoneBack: false,
    };
  }

  /** `partner`: the other one, when it is reached. */
  turn(now: number, partner: KeaModel | null, isRefused: boolean): void {
    if (!this.isRunning && this.startsAt !== null && now >= this.startsAt) {
      [this.isRunning, this.startsAt] = [true, null];
      this.#go('waiting', now);
      [this.#reachedAt, this.#lostAt] = [now, null];
      this.#skewedSince = null;
    }
    if (!this.isAwake(now)) return;
    this.isReached = partner !== null && partner.state !== null;
    // A partner that ends in the middle never says that it may go on.
    if (this.isReached) this.isPaused = ['syncing', 'ready'].includes(partner?.state ?? '');
    else if (now - this.#pausedAt > PAUSE_MS) this.isPaused = false;
    if (this.isPaused && this.isReached) this.#pausedAt = now;
    if (this.isReached) [this.#reachedAt, this.#lostAt] = [now, null];
    else this.#lostAt ??= now;
    // For good: it has no heartbeat any more.
    if (this.state === 'terminated') return;
    if (partner !== null && this.isReached && this.#leaves(partner, now)) return this.#go('terminated', now);
    const isLost = this.#lostAt !== null && now - (isRefused ? this.#reachedAt : this.#reachedAt + 9000) > 1000;
    if (isLost && this.state !== 'partner-down') return this.#go('partner-down', now);
    if (partner?.state == null || now - this.#since < 300) return;
    this.#meet(partner, now);
  }

  /** Do the clocks differ too much, as its last heartbeat said, or has the other one left already? */
  #leaves(partner: KeaModel, now: number): boolean {
    const isSkewed = Math.abs(partner.aheadMs - this.aheadMs) > 60_000;
    this.#skewedSince = isSkewed ? (this.#skewedSince ?? now) : null;
    if (this.#skewedSince !== null && now - this.#skewedSince > 400) return true;
    return partner.state === 'terminated' && this.state !== 'waiting' && now - this.#since >= 300;
  }

  #meet(partner: KeaModel, now: number): void {
    const other = partner.state ?? '';
    if (this.state === 'waiting') {
      if (['hot-standby', 'partner-down', 'ready', 'syncing'].includes(other)) this.#sync(partner, now);
      else if (other === 'waiting' && this.isPrimary) this.#sync(partner, now);
    } else if (this.state === 'syncing') this.#go('ready', now);
    // Its heartbeat tells that it gave leases meanwhile (`unsent-update-count`).
    else if (this.state === 'ready' && partner.lease > this.lease) this.#go('waiting', now);
    else if (this.state === 'ready' && (other === 'hot-standby' || (other === 'ready' && this.isPrimary)))
      this.#go('hot-standby', now);
    else if (this.state === 'hot-standby' && other === 'partner-down') this.#go('waiting', now);
    else if (this.state === 'partner-down') {
      if (other === 'ready') this.#go('hot-standby', now);
      else if (other === 'partner-down' || other === 'hot-standby') this.#go('waiting', now);
    }
  }

  #sync(partner: KeaModel, now: number): void {
    this.lease = Math.max(this.lease, partner.lease);
    partner.isPaused = true;
    this.#go('syncing', now);
  }

  /** `dhcp-enable` for the partner. */
  resume(): void {
    this.isPaused = false;
  }

  /** Takes all leases anew. */
  reset(now: number): void {
    if (this.isAwake(now)) this.#go('waiting', now);
  }

  #go(state: string, now: number): void {
    this.syncId = state === 'hot-standby' && this.state === 'ready' ? `${now}` : null;
    this.state = state;
    this.#since = now;
    this.scopes = UP.has(state) && this.isPrimary ? ['k1'] : [];
  }
}
