import { Check } from 'typebox/value';
import { type BootRecords, indexRecords } from '../../boot/answer.ts';
import { BootRecord } from '../../boot/record.ts';
import type { BootTemplates } from '../../boot/script.ts';
import type { Desired } from '../../contract/cluster/agent.ts';
import type { HostFacts } from '../../core/host-values.ts';
import { bareAddress, parseAddress } from '../../core/ip.ts';
import { isRejected } from '../../core/errors.ts';
import type { Findings } from '../findings.ts';
import type { LoopPorts } from '../ports.ts';
import type { AskEnlist } from './enlist.ts';
import { type AnswerSeen, type BootState, openBootListener } from './listener.ts';

/** What the rack's part in boots is built from. `held`: the desired state in force; `facts`: of this host. Ports: their own when left out. */
export interface BootOptions {
  readonly ports: LoopPorts;
  readonly findings: Findings;
  readonly templates: BootTemplates;
  readonly held: () => Desired | null;
  readonly facts: () => HostFacts | null;
  readonly enlist: AskEnlist;
  readonly onAnswer?: (answer: AnswerSeen) => void;
  readonly port?: number;
}

/** Answers machines that boot, from the records of the desired state, as long as this host is a rack that gives out boot files. */
export interface Boot {
  /** Addresses that it listens on. */
  addresses(): readonly string[];
  run(signal: AbortSignal): Promise<void>;
}

const EVERY_MS = 1_000;
const SILENCE_MS = 30_000;
const FINDING = 'boot_records';

/** Opens it; nothing listens before `run`. */
export function openBoot(options: BootOptions): Boot {
  const { ports, held, findings, templates } = options;
  const records = openRecords(findings);
  const state = (): BootState => {
    const desired = held();
    return { records: records.of(desired), generation: desired?.generation ?? 0 };
  };
  const listener = openBootListener({
    clock: ports.clock,
    log: ports.log,
    templates,
    state,
    enlist: options.enlist,
    ...(options.onAnswer ? { onAnswer: options.onAnswer } : {}),
    ...(options.port === undefined ? {} : { port: options.port }),
  });
  return {
    addresses: () => listener.addresses(),
    run: async (signal) => {
      const beat = ports.loop('boot', SILENCE_MS);
      while (!signal.aborted) {
        beat();
        // Records are checked before a machine asks, and faults in them are reported.
        state();
        await listener.listenOn(givesOut(held()) ? addressesOf(options.facts()) : []);
        await ports.wait(EVERY_MS, signal);
      }
      await listener.close();
      beat.end();
    },
  };
}

/** Whoever gives out kernels says which. */
const givesOut = (desired: Desired | null): boolean => (desired?.body.services['http']?.desired ?? null) !== null;

/** IPv4 addresses of this host but its loopback; a machine is sent back to the address where it asked. */
function addressesOf(facts: HostFacts | null): string[] {
  const cards = (facts?.interfaces ?? []).filter(({ name }) => name !== 'lo');
  const all = cards.flatMap(({ addresses }) => addresses.map(bareAddress));
  return [...new Set(all)].filter((address) => {
    const parsed = parseAddress(address);
    return !isRejected(parsed) && parsed.family === 4;
  });
}

/** The records of a desired state, indexed once. A record of another release is left out and reported. */
function openRecords(findings: Findings) {
  let last: { readonly digest: string; readonly records: BootRecords } | null = null;
  return {
    of: (desired: Desired | null): BootRecords => {
      const digest = desired?.digest ?? '';
      if (last?.digest === digest) return last.records;
      const records = desired?.body.boot ?? [];
      const usable = records.filter((record): record is BootRecord => Check(BootRecord, record));
      const wrong = records.length - usable.length;
      if (wrong === 0) findings.clear(FINDING);
      else
        findings.raise(
          FINDING,
          `${wrong} of ${records.length} boot records have a form that this release does not know, so this rack does not know their machines. Update this host.`,
        );
      last = { digest, records: indexRecords(usable) };
      return last.records;
    },
  };
}
