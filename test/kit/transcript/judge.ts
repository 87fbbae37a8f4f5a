import type { Recording, Said } from './record.ts';
import type { Truth } from './truth.ts';

/** What is known of a fault beside the looks. `lost`: hosts that nobody of the majority reaches from the fault on. */
export interface Fault {
  readonly lost: readonly string[];
}

/** The cluster may take so long to know: haproxy's checks, an agent's look at them, a report, and a busy machine. */
export const KNOWN_WITHIN_MS = 5_000;
/** Looks are half a second apart, and seconds are rounded. */
const SLACK_MS = 1_500;

/** Sentences of one second that are untrue, each with the reason. */
export function untruths(said: Said, recording: Recording, fault: Fault): string[] {
  const { cluster, doctor, status } = said;
  const lines = [status, cluster?.summary ?? null, doctor?.summary ?? null].filter((line) => line !== null);
  const time = Date.parse(cluster?.time ?? doctor?.time ?? '') || said.answeredAt;
  const details = doctor?.invariants.map((row) => row.detail) ?? [];
  return [
    ...lines.flatMap((line) => untrueVerdict(line, time, recording, fault)),
    ...[...lines, ...details].flatMap((line) => untrueWords(line, time, recording, fault)),
    ...(cluster === null ? [] : untrueRoles(said, time, recording, fault)),
  ];
}

/** All is well, or one may go, as of a moment when one had gone already. */
function untrueVerdict(line: string, time: number, { faultAt }: Recording, { lost }: Fault): string[] {
  const isCalm = /can lose [1-9]|All \d+ invariants hold|^OK: All/i.test(line) && !/can lose none/i.test(line);
  if (!isCalm || lost.length === 0) return [];
  const age = Number(/as of (\d+) s ago/.exec(line)?.[1] ?? 0) * 1000;
  if (time - age > faultAt + 200)
    return [`says that all is well as of a moment after ${lost.join(', ')} had gone: ${line}`];
  return time > faultAt + KNOWN_WITHIN_MS
    ? [`says that all is well ${Math.round((time - faultAt) / 1000)} s after the fault: ${line}`]
    : [];
}

function untrueWords(line: string, time: number, recording: Recording, { lost }: Fault): string[] {
  const { truths, faultAt } = recording;
  const between = (from: number, to: number) => truths.filter((truth) => truth.toAt >= from && truth.fromAt <= to);
  const found: string[] = [];
  if (
    /each report that they are the primary/.test(line) &&
    !between(time - 25_000, time).some(({ primaries }) => primaries.length > 1)
  )
    found.push(`two primaries that never were: ${line}`);
  if (/each hold/.test(line) && !between(time - 25_000, time).some(({ holders }) => holders.length > 1))
    found.push(`two holders that never were: ${line}`);
  for (const [, host = ''] of line.matchAll(/(r\d+) does not answer/g))
    if (!lost.includes(host)) found.push(`${host} was there: ${line}`);
  for (const [, host = ''] of line.matchAll(/(r\d+|k\d+) has never reported/g))
    found.push(`${host} has reported: ${line}`);
  for (const [, host = '', seconds] of line.matchAll(/(r\d+|k\d+) has not reported for (\d+) s/g))
    if (!lost.includes(host) && Number(seconds) > 20) found.push(`${host} was there all the while: ${line}`);
  const claimed = /^(r\d+) is the primary\./.exec(line)?.[1];
  if (claimed && lost.includes(claimed) && time > faultAt + KNOWN_WITHIN_MS) found.push(`${claimed} was gone: ${line}`);
  const isNone = /no node reports that it is the primary/i.test(line);
  if (isNone && hasHad(between(time - 4_000, time), ({ primaries }) => primaries.find((host) => !lost.includes(host))))
    found.push(`there was a primary for 4 s: ${line}`);
  if (
    /No node reports that it holds/.test(line) &&
    hasHad(between(time - 4_000, time), ({ holders }) => holders.find((host) => !lost.includes(host)))
  )
    found.push(`there was a holder for 4 s: ${line}`);
  return found;
}

/** Was one and the same seen at each of these looks? */
function hasHad(truths: readonly Truth[], of: (truth: Truth) => string | undefined): boolean {
  const seen = truths.map(of);
  return seen.length >= 4 && seen[0] !== undefined && seen.every((one) => one === seen[0]);
}

/** A role that is shown was had at the moment of which the node's word is. */
function untrueRoles({ cluster }: Said, time: number, { truths, faultAt }: Recording, { lost }: Fault): string[] {
  const shown = [
    ...(cluster?.database.primary
      ? [['primary', cluster.database.primary, (truth: Truth) => truth.primaries] as const]
      : []),
    ...(cluster?.vip?.holders ?? []).map((host) => ['holder', host, (truth: Truth) => truth.holders] as const),
  ];
  return shown.flatMap(([role, host, of]) => {
    const at = Date.parse(cluster?.nodes.find((node) => node.name === host)?.reportedAt ?? '');
    if (lost.includes(host) && time > faultAt + KNOWN_WITHIN_MS) return [`${host} is shown as ${role}, and is gone`];
    const looks = truths.filter((truth) => truth.toAt >= at - 4_000 - SLACK_MS && truth.fromAt <= time + SLACK_MS);
    return looks.length > 0 && !looks.some((truth) => of(truth).includes(host))
      ? [`${host} is shown as ${role}, and was not`]
      : [];
  });
}

/** The transcript: a line for each second, what was said beside what was so; then each untrue sentence. */
export function transcript(
  recording: Recording,
  fault: Fault,
): { readonly text: string; readonly untrue: readonly string[] } {
  const { said, truths, faultAt } = recording;
  const untrue: string[] = [];
  const lines = said.map((one) => {
    const time = Date.parse(one.cluster?.time ?? '') || one.answeredAt;
    const truth = truths.findLast(({ fromAt }) => fromAt <= time) ?? truths[0];
    const wrong = untruths(one, recording, fault);
    untrue.push(...wrong.map((text) => `second ${one.second}: ${text}`));
    const broken = (one.doctor?.invariants ?? []).filter(({ state }) => state === 'broken').map(({ id }) => id);
    const unknown = (one.doctor?.invariants ?? []).filter(({ state }) => state === 'unknown').map(({ id }) => id);
    const words = one.cluster === null ? 'no answer' : `${one.cluster.state.toUpperCase()}: ${one.cluster.summary}`;
    return [
      `${String(one.second).padStart(3)} s (${((time - faultAt) / 1000).toFixed(1)}) ${one.cluster?.source ?? '-'} ${words}`,
      `      primary ${one.cluster?.database.primary ?? '-'} (so: ${truth?.primaries.join(' ') || '-'}), holder ${one.cluster?.vip?.holders.join(' ') || '-'} (so: ${truth?.holders.join(' ') || '-'}), losses ${one.cluster?.losses.now ?? '-'}; ${one.doctor?.summary ?? 'no doctor'}`,
      `      broken: ${broken.join(' ') || '-'}; unknown: ${unknown.join(' ') || '-'}`,
      ...wrong.map((text) => `      UNTRUE: ${text}`),
    ].join('\n');
  });
  return { text: [`${recording.fault}, asked of ${recording.asked}`, ...lines].join('\n'), untrue };
}
