import { vipAddress } from '../../../model/cluster/cluster.ts';
import { relativeTo } from '../../../judge/relative.ts';
import type { Mark, Timeline } from '../../../judge/timeline.ts';
import { diagnose } from '../doctor.ts';
import { type SiteSnapshot, MoveEnd, waitFor } from '../moves/move-run.ts';
import { addressesOf } from '../moves/switchover-order.ts';
import { notWhole } from '../moves/restart.ts';
import { type Drill, pause } from './drill.ts';
import { faultOf, heal } from './fault.ts';
import { withProgressEvents } from './live.ts';
import { watchLeaders } from './leaders.ts';
import type { RunningProbes } from './port.ts';

/** Every lane answers well for so long before anything is done; the judge wants 2 s. */
const STEADY_MS = 3_000;
const READY_MS = 20_000;
/** The fault falls anywhere within a second. */
const PHASE_MS = 1_000;
const HOLD_MS = 8_000;
const TAIL_MS = 2_000;
/** Longer than the limit, so that the report has the real duration. */
const MORE_S = 60;

/** Plays the round: steady, fault, heal, redundancy, and what each database has. Throws `MoveEnd` when it could not be played to its end. */
export async function playRound(quiet: Drill, snapshot: SiteSnapshot, apiKey: string): Promise<Timeline> {
  const { run, ports, hazard, cast, at } = quiet;
  const { instruments } = ports;
  const { seed, ledger } = run.payload;
  const nodes = cast.regions.map((name) => ({ name, address: addressesOf(snapshot)[name] ?? '' }));
  const vip = snapshot.site.cluster === null ? null : vipAddress(snapshot.site.cluster);
  const zero = instruments.now();
  const marks: Mark[] = [];
  const note = (kind: Mark['kind'], host: string | null, text: string) =>
    marks.push({ at: instruments.now(), kind, host, text });
  const probes = instruments.startProbes({ vip: vip ?? '', nodes, apiKey, ledger });
  const leaders = watchLeaders(ports, snapshot, cast.primary);
  const drill = withProgressEvents(quiet, { zero, marks, lanes: () => probes.seen() });
  const { move } = drill;
  try {
    const fault = await faultOf(drill);
    await untilReady(drill, probes);
    await pause(drill, STEADY_MS + (seed % PHASE_MS));
    run.mustHold();
    note('fault', fault.node, fault.text);
    await fault.make();
    await pause(drill, HOLD_MS);
    const { drained } = at.progress;
    note('heal', drained, drained === null ? 'nothing to undo' : `${drained} takes its part again`);
    await heal(move, drained);
    at.progress = { ...at.progress, drained: null };
    await move.save('waits for full redundancy');
    const healedAt = instruments.now();
    const redundantAt = await untilRedundant(drill, (text) => note('note', null, text));
    await pause(drill, TAIL_MS);
    const endedAt = instruments.now();
    const { lanes, ...outcomes } = await probes.stop();
    await leaders.stop();
    await move.save('compares the numbered writes on every node');
    const found = await instruments.readCopies(nodes, ledger);
    return relativeTo(zero, {
      hazard: hazard.id,
      round: 1,
      seed,
      startedAt: at.progress.startedAt,
      cast,
      marks: [...marks, ...leaders.marks].toSorted((a, b) => a.at - b.at),
      lanes,
      ledger: { ...outcomes, found, local: {}, foundLocal: {} },
      holdings: [],
      writables: [],
      absences: [],
      deeds: leaders.deeds,
      healedAt,
      redundantAt,
      endedAt,
    });
  } finally {
    probes.kill();
    await leaders.stop();
  }
}

async function untilReady(drill: Drill, probes: RunningProbes): Promise<void> {
  const end = drill.ports.clock.monotonic() + READY_MS;
  for (;;) {
    const silent = probes.silent();
    if (silent.length === 0) return;
    if (drill.ports.clock.monotonic() >= end)
      throw new MoveEnd(
        'failed',
        `before any fault there was no good answer within ${READY_MS / 1000} s: ${silent.join(', ')}`,
      );
    await pause(drill, 200);
  }
}

/** When everything was as before, by the agents' reports; null: not in time. */
async function untilRedundant(
  { move, hazard, losses, ports }: Drill,
  note: (text: string) => void,
): Promise<number | null> {
  try {
    await waitFor(move, 'full redundancy', {
      seconds: hazard.redundantMs / 1000 + MORE_S,
      missing: ({ site }) => {
        const doctor = diagnose(site);
        return notWhole(site, losses) ?? (doctor.state === 'ok' ? null : doctor.summary);
      },
    });
    return ports.instruments.now();
  } catch (error) {
    if (!(error instanceof MoveEnd) || error.state === 'aborted') throw error;
    note(error.message);
    return null;
  }
}
