import { isRejected, sentenceOf } from '../core/errors.ts';
import { type BootClient, type BootQuestion, type Loader, parseClient } from './client.ts';
import { type BootDecision, type BootPlace, decideBoot, type EnlistAnswer } from './decide.ts';
import type { BootRecord } from './record.ts';
import { type BootTemplates, forConsole, renderScript, type ScriptTarget } from './script.ts';

/** What a rack answers from. `generation`: of the desired state that the records came with. */
export interface BootKnowledge {
  readonly records: BootRecords;
  readonly generation: number;
  readonly place: BootPlace;
  readonly templates: BootTemplates;
}

/** Records by MAC; `twice`: MACs that two of them claim, with their machines' names. */
export interface BootRecords {
  readonly byMac: ReadonlyMap<string, BootRecord>;
  readonly twice: ReadonlyMap<string, readonly string[]>;
}

/** One answer: the script, and the fields of its one line in the log. Every question gets both. */
export interface BootAnswer {
  readonly script: string;
  readonly log: {
    readonly mac: string | null;
    readonly architecture: string | null;
    readonly loader: Loader;
    readonly machine: string | null;
    readonly decision: BootDecision['kind'];
    readonly reason: string;
    readonly generation: number;
  };
}

/** For a question that says nothing of the machine that could be believed: the loader runs there, and what it runs on does not matter to these scripts. */
const ANY: Omit<ScriptTarget, 'loader'> = { architecture: 'amd64', firmware: 'uefi' };
/** The script when even a template is at fault. Both loaders print it and restart the machine. */
const LAST: Readonly<Record<Loader, string>> = {
  ipxe: '#!ipxe\necho Regent: the rack could not write a script for this machine, its log says why\nsleep 60\nreboot\n',
  grub: "echo 'Regent: the rack could not write a script for this machine, its log says why'\nsleep 60\nreboot\n",
};

/** Puts records by their MACs. A MAC that two machines claim belongs to neither: who boots from it must not get the other one's work. */
export function indexRecords(records: readonly BootRecord[]): BootRecords {
  const all = Map.groupBy(
    records.flatMap((record) => [...new Set(record.macs)].map((mac) => ({ mac, record }))),
    ({ mac }) => mac,
  );
  const byMac = new Map<string, BootRecord>();
  const twice = new Map<string, readonly string[]>();
  for (const [mac, claims] of all) {
    const [first] = claims;
    if (claims.length > 1) twice.set(mac, claims.map(({ record }) => record.hostname).toSorted());
    else if (first) byMac.set(mac, first.record);
  }
  return { byMac, twice };
}

/**
 * The machine that a rack must ask a region about before `answerBoot`: one without a record. Null: the records, or the refusal, suffice.
 */
export function findUnknownClient(question: BootQuestion, { byMac, twice }: BootRecords): BootClient | null {
  const client = parseClient(question);
  return isRejected(client) || byMac.has(client.mac) || twice.has(client.mac) ? null : client;
}

/**
 * The script for a question, whatever it holds: never silence. `enlist`: a region's answer about an unknown machine (`findUnknownClient`).
 * `now`: seconds since 1970.
 */
export function answerBoot(
  question: BootQuestion,
  { records, generation, place, templates }: BootKnowledge,
  enlist: EnlistAnswer,
  now: number,
): BootAnswer {
  const { loader } = question;
  const client = parseClient(question);
  if (isRejected(client)) {
    const decision: BootDecision = { kind: 'leave', reason: client.message };
    return writeAnswer(decision, { loader, ...ANY }, templates, { ...NOBODY, loader, generation });
  }
  const names = records.twice.get(client.mac);
  const record = records.byMac.get(client.mac) ?? null;
  const decision: BootDecision =
    names === undefined
      ? decideBoot(record, { client, place, enlist }, now)
      : { kind: 'wait', seconds: 60, reason: `Two machines claim the MAC ${client.mac}: ${names.join(' and ')}.` };
  const { mac, architecture } = client;
  return writeAnswer(decision, client, templates, {
    mac,
    architecture,
    loader,
    machine: record?.machine ?? null,
    generation,
  });
}

const NOBODY = { mac: null, architecture: null, machine: null } as const;

function writeAnswer(
  decision: BootDecision,
  target: ScriptTarget,
  templates: BootTemplates,
  known: Omit<BootAnswer['log'], 'decision' | 'reason'>,
): BootAnswer {
  const log = { ...known, decision: decision.kind, reason: forConsole(decision.reason) };
  try {
    return { script: renderScript(decision, target, templates), log };
  } catch (error) {
    const reason = forConsole(`${decision.reason} Its script could not be written: ${sentenceOf(error)}`);
    return { script: LAST[target.loader], log: { ...log, decision: 'wait', reason } };
  }
}
