import type { Busy, Cast } from '../../judge/timeline.ts';
import type { RoundCheck, RoundVerdict } from '../../judge/verdict.ts';

/** The text for a value that was not measured. */
const UNKNOWN = '–';

/** A duration as a person reads it: `0.31 s`, `15.2 s`, `2 min 5 s`; null: `–`. Rounded up: what is beyond a limit never reads as the limit. */
export function seconds(ms: number | null): string {
  if (ms === null || !Number.isFinite(ms)) return UNKNOWN;
  const hundredths = Math.ceil(ms / 10 - 1e-6);
  if (hundredths <= 1000) return `${(hundredths / 100).toFixed(2)} s`;
  const tenths = Math.ceil(ms / 100 - 1e-6);
  if (tenths < 1200) return `${(tenths / 10).toFixed(1)} s`;
  const whole = Math.ceil(ms / 1000 - 1e-6);
  return `${Math.floor(whole / 60)} min ${whole % 60} s`;
}

/** How long an answer took: `3 ms`, `0.64 s`. */
export function answerTime(ms: number): string {
  return ms < 99.5 ? `${Math.round(ms)} ms` : seconds(ms);
}

/** As `seconds`, where 0 says that there was no outage. */
export const outage = (ms: number | null): string => (ms === 0 ? 'none' : seconds(ms));

/** A moment before or after another: `−0.40 s`, `+3.12 s`. */
export function moment(ms: number): string {
  const value = (Math.abs(ms) / 1000).toFixed(2);
  return `${ms < 0 && Number(value) !== 0 ? '−' : '+'}${value} s`;
}

/** `1 round`, `12,034 writes`. */
export function count(number: number, one: string, many = `${one}s`): string {
  return `${grouped(number)} ${number === 1 ? one : many}`;
}

/** How much of the machine's processors was in use before the fault and from then on: `61 % busy, then 80 %`. */
export function describeBusy({ before, after }: Busy): string {
  return `${Math.round(before)} % busy, then ${Math.round(after)} %`;
}

/** A whole number with a comma before each three digits. */
export const grouped = (number: number): string => String(number).replace(/\B(?=(\d{3})+$)/g, ',');

/** `2026-11-20 22:15:03 UTC` of an ISO 8601 moment; other text as it is. */
export function dateTime(iso: string): string {
  const [, day, time] = /^(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(?:\.\d+)?Z$/.exec(iso) ?? [];
  return day === undefined || time === undefined ? iso : `${day} ${time} UTC`;
}

/** What a host was when the fault was made: `primary, VIP, etcd leader`; a host of nothing: an empty text. */
export function roles(cast: Cast, host: string): string {
  return [
    host === cast.primary ? 'primary' : cast.standbys.includes(host) ? 'standby' : '',
    host === cast.holder ? 'VIP' : '',
    host === cast.etcdLeader ? 'etcd leader' : '',
    cast.racks.includes(host) ? 'rack' : '',
  ]
    .filter((role) => role !== '')
    .join(', ');
}

/** What a check is about. */
export function subject(check: RoundCheck): string {
  const of = check.probe === undefined ? '' : ` of ${check.probe}`;
  switch (check.what) {
    case 'ledger':
      return 'Ledger of writes';
    case 'holders':
      return 'Holders of the VIP';
    case 'primaries':
      return 'Writable primaries';
    case 'addresses':
      return 'Addresses of DHCP';
    case 'outage':
      return `Outage${of}`;
    case 'failures':
      return `Failed questions${of}`;
    case 'answers':
      return `Slowest answer${of}`;
    case 'redundancy':
      return 'Full redundancy after the heal';
    case 'failovers':
      return 'Failovers';
    case 'recording':
      return 'Recording';
  }
}

/** A check in one sentence: `Outage of write: 5.20 s; limit 4.0 s`. */
export function sentence(check: RoundCheck): string {
  return `${subject(check)}: ${check.measured}; limit ${check.limit}`;
}

/** The checks that did not hold. */
export const broken = (verdict: RoundVerdict): readonly RoundCheck[] => verdict.checks.filter((check) => !check.isHeld);
