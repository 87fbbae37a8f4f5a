import { messageOf } from '../kit/host.ts';
import { askKea } from './kea.ts';
import type { DayTimes } from './inputs.ts';

/** The partner's Kea may have sent leases for so long before its clock was seen to be wrong, and some more may still come, s. */
const AROUND_S = 60;
/** They are searched so often, and for so long since the clocks began to differ, ms: by then the partner's Kea has been ended. */
const EACH_MS = 250;
const LONG_MS = 5000;
/** Leases in one answer: some 300 bytes each, far below what an answer may be long. */
const PAGE = 1000;
const PATIENCE_MS = 3000;

/** A lease as Kea's `lease4-get-page` gives it (Kea 2.6 ARM, 16.14 "Lease Commands"); `cltt` and `valid-lft` in seconds. */
interface Lease {
  readonly 'ip-address': string;
  readonly cltt: number;
  readonly 'valid-lft': number;
  readonly state: number;
}

/**
 * Leases that the partner gave by a clock that was behind: here they have ended as they come, though machines have just got them, and Kea would give their
 * addresses away as soon as it clears them (every 10 s). `nowS`, `aheadS`: the day's time here, and how far the partner's is ahead of it (below 0), s. Pure.
 */
export function endedTooEarly<L extends Lease>(leases: readonly L[], nowS: number, aheadS: number): L[] {
  return leases.filter(
    ({ state, cltt, 'valid-lft': lifetime }) =>
      state === 0 && cltt + lifetime <= nowS && Math.abs(cltt - (nowS + aheadS)) <= AROUND_S,
  );
}

/** Gives leases that came from a clock behind ours their time from now on, in this host's Kea. */
export class LeaseMender {
  readonly #socket: string;
  readonly #log: (text: string) => void;
  /** So far the partner's clock was ahead of ours when it was seen to be behind, below 0. */
  #aheadMs = 0;
  #isBehind = false;
  #untilMs = -Infinity;
  #checkedAt = -Infinity;
  #isBusy = false;

  constructor(socket: string, log: (text: string) => void) {
    this.#socket = socket;
    this.#log = log;
  }

  /** `now`: monotonic, ms. Only who has the right time may say which lease ended too early. */
  check(now: number, { aheadMs, partnerAheadMs }: DayTimes): void {
    if (aheadMs !== 0) return;
    const isBehind = partnerAheadMs < 0;
    if (isBehind && !this.#isBehind) [this.#aheadMs, this.#untilMs] = [partnerAheadMs, now + LONG_MS];
    this.#isBehind = isBehind;
    if (now > this.#untilMs || now - this.#checkedAt < EACH_MS || this.#isBusy) return;
    [this.#checkedAt, this.#isBusy] = [now, true];
    this.#mend(this.#aheadMs / 1000)
      .then(
        (count) => {
          if (count > 0) this.#log(`leases with times of a slow clock count from now: ${count}`);
        },
        (error: unknown) => this.#log(`leases with times of a wrong clock: ${messageOf(error)}`),
      )
      .finally(() => (this.#isBusy = false));
  }

  async #mend(aheadS: number): Promise<number> {
    let [from, count] = ['start', 0];
    for (;;) {
      const page = { command: 'lease4-get-page', arguments: { from, limit: PAGE } };
      const leases = leasesOf(await askKea(this.#socket, page, PATIENCE_MS).catch(orNone));
      for (const lease of endedTooEarly(leases, Date.now() / 1000, aheadS)) {
        const { cltt: _, ...fields } = lease;
        await askKea(this.#socket, { command: 'lease4-update', arguments: fields }, PATIENCE_MS);
        count += 1;
      }
      if (leases.length < PAGE) return count;
      from = leases.at(-1)?.['ip-address'] ?? 'start';
    }
  }
}

/** Result 3: there is no lease, or none behind the last one. */
function orNone(error: unknown): object {
  if (messageOf(error).startsWith('Kea: 0 IPv4 lease')) return {};
  throw error;
}

function leasesOf(answer: unknown): Lease[] {
  const { leases } = (answer ?? {}) as { leases?: unknown };
  return Array.isArray(leases) ? (leases as Lease[]) : [];
}
