import { Check } from 'typebox/value';
import { Desired } from '../../contract/cluster/agent.ts';
import { digestOf } from '../../core/stable-json.ts';
import { sentenceOf } from '../../core/errors.ts';
import type { Clock } from '../../core/ports.ts';
import type { DurableText } from '../../host/interface.ts';
import type { Findings } from '../findings.ts';

/** The last accepted desired state, on disk before anything of it is applied: a node starts without any region. */
export interface Ledger {
  held(): Desired | null;
  /** Makes a desired state durable; throws an AppError when it cannot, and then it is not held. */
  accept(desired: Desired): Promise<void>;
}

/** What the ledger is built from. */
export interface LedgerOptions {
  readonly text: DurableText;
  readonly nodeId: string;
  readonly findings: Findings;
  readonly clock: Clock;
}

/** Opens the ledger. One that cannot be used is set aside with a finding; the agent then asks the region like a new node. */
export async function openLedger(options: LedgerOptions): Promise<Ledger> {
  let held = await recall(options);
  return {
    held: () => held,
    accept: async (desired) => {
      await options.text.write(JSON.stringify(desired));
      held = desired;
    },
  };
}

async function recall(options: LedgerOptions): Promise<Desired | null> {
  try {
    const text = await options.text.read();
    if (text === null) return null;
    const answer = examine(text, options.nodeId);
    if (typeof answer !== 'string') return answer;
    const aside = await options.text.setAside(`unusable-${options.clock.now()}`);
    options.findings.raise(
      'ledger_unusable',
      `The ledger ${answer}; it was moved to ${aside}. The agent requests the desired state again.`,
    );
  } catch (error) {
    options.findings.raise('ledger_unusable', `The ledger cannot be read: ${sentenceOf(error)}.`);
  }
  return null;
}

/** The desired state in a ledger's text, or what is wrong with it. */
function examine(text: string, nodeId: string): Desired | string {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return 'is not JSON';
  }
  if (!Check(Desired, value)) return 'does not hold a desired state';
  if (value.nodeId !== nodeId) return `belongs to another node, ${value.nodeId}`;
  return digestOf(value.body) === value.digest ? value : 'has content that does not match its digest';
}
