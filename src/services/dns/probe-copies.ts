import { formatCount } from '../../core/count-text.ts';
import type { ExecResult } from '../../core/host-values.ts';
import type { ServiceHealth } from '../kit/contract.ts';
import type { Copies } from './desired.ts';
import { type DnsFacts, readSoa } from './facts.ts';

/** A zone must arrive within so many seconds after its publication. The next refresh notices a lost NOTIFY, see named.conf. */
const ARRIVAL_MAX = 90;

interface CopiedZone {
  readonly name: string;
  readonly published: number;
  /** The serial in named; null: it has none. */
  readonly serial: number | null;
  readonly isLate: boolean;
}

/**
 * Health of a rack's copies. Healthy: named answers, and has every zone of the probe as published. An older zone may be in transfer for `ARRIVAL_MAX`
 * after its publication, whose time its serial contains. After that the rack is unhealthy, and a restart would not help. A newer serial is good: the
 * regions have gone on.
 */
export function parseProbeCopies(answers: readonly ExecResult[], copies: Copies): ServiceHealth {
  const silent = answers.find((answer) => answer.failure !== null || readSoa(answer).status === null);
  if (silent !== undefined || answers.length < copies.published.length)
    return {
      isHealthy: false,
      detail: `query for the copied zones failed: ${silent?.failure ?? 'no answer within a second'}`,
    };
  const zones = copies.published.map((zone, index) => copiedZone(zone, answers[index]));
  const behind = zones.filter((zone) => zone.serial === null || isOlder(zone.serial, zone.published));
  const facts = factsOf(zones);
  if (behind.length === 0) {
    const [latest] = zones;
    return {
      isHealthy: true,
      detail: `named answers with copies of ${formatCount(copies.count, 'zone')}, ${latest?.name} serial ${latest?.serial}`,
      facts,
    };
  }
  const descriptions = behind.map(
    (zone) => `${zone.name} (${zone.serial ?? 'not here'}, published is ${zone.published})`,
  );
  const isLate = behind.some((zone) => zone.isLate);
  const how = isLate ? 'are behind' : 'are on their way';
  return {
    isHealthy: !isLate,
    detail: `copies from ${copies.primaries.join(', ')} ${how}: ${descriptions.join(', ')}`,
    facts,
    isSettling: true,
    ...(isLate ? { isOutOfReach: true } : {}),
  };
}

function copiedZone(
  { name, serial: published }: Copies['published'][number],
  answer: ExecResult | undefined,
): CopiedZone {
  const { status, serial, seconds } = answer ? readSoa(answer) : { status: null, serial: null, seconds: null };
  return {
    name,
    published,
    serial: status === 'NOERROR' ? serial : null,
    isLate: seconds === null || seconds - published > ARRIVAL_MAX,
  };
}

/** Serial numbers wrap around (RFC 1982 §3.2). */
function isOlder(serial: number, published: number): boolean {
  return serial !== published && (published - serial) >>> 0 < 0x8000_0000;
}

function factsOf(zones: readonly CopiedZone[]): DnsFacts & Record<string, unknown> {
  const known = zones.flatMap(({ name, serial }) => (serial === null ? [] : [[name, serial] as const]));
  return { serials: Object.fromEntries(known) };
}
