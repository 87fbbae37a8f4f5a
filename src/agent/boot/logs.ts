import { backOffMs } from '../../core/back-off.ts';
import type { Journal } from '../../host/observe/journal.ts';
import type { Findings } from '../findings.ts';
import type { LoopPorts } from '../ports.ts';
import { LOG_IDENTIFIERS, stepOfLine } from './log-lines.ts';
import type { BootSteps } from './steps.ts';

/** What reading the daemons' logs is built from. */
export interface BootLogsOptions {
  readonly ports: LoopPorts;
  readonly journal: Journal;
  readonly findings: Findings;
  readonly steps: Pick<BootSteps, 'add'>;
}

const BACK_OFF = { firstMs: 1_000, mostMs: 60_000 } as const;
const UNREAD = 'boot_logs_unread';
/** A reader that lived so long was well. */
const WELL_MS = 60_000;
/** The process seldom ends by itself; a shorter silence is normal. */
const SILENCE_MS = 120_000;
const BEAT_MS = 30_000;

/** Reads from the journal what nginx and tftpd report about machines, until the signal. A reader that ends is started again. */
export async function watchBootLogs(
  { ports, journal, findings, steps }: BootLogsOptions,
  signal: AbortSignal,
): Promise<void> {
  const beat = ports.loop('boot logs', SILENCE_MS);
  let failures = 0;
  while (!signal.aborted) {
    const started = ports.clock.monotonic();
    const ended = new AbortController();
    const beating = keepBeating(ports, beat, AbortSignal.any([signal, ended.signal]));
    const why = await journal.follow(
      Object.values(LOG_IDENTIFIERS),
      ({ identifier, at, message }) => {
        const step = stepOfLine(identifier, message);
        if (step !== null) steps.add({ ...step, at });
      },
      signal,
    );
    ended.abort();
    await beating;
    if (signal.aborted) break;
    failures = ports.clock.monotonic() - started > WELL_MS ? 1 : failures + 1;
    if (failures > 2)
      findings.raise(
        UNREAD,
        `The journal cannot be read, so this rack does not see the TFTP and HTTP requests of booting machines: ${why}`,
      );
    await ports.wait(backOffMs(failures - 1, BACK_OFF, ports.random), signal);
    if (failures === 1) findings.clear(UNREAD);
  }
  beat.end();
}

/** The reader waits for lines, which may be rare. */
async function keepBeating(ports: LoopPorts, beat: () => void, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    beat();
    await ports.wait(BEAT_MS, signal);
  }
}
