import type { NodeDiff } from '../../../contract/base/common.ts';
import type { CommandArgs } from '../../../contract/command-kinds.ts';
import { type CheckDhcpResult, TRIED_MAX } from '../../../contract/networks/check-dhcp.ts';
import { isRejected, sentenceOf } from '../../../core/errors.ts';
import { kindOf } from '../../../core/node-identity.ts';
import type { NodeBody } from '../../../services/compile-node.ts';
import type { AnyService } from '../../../services/kit/contract.ts';
import { serviceOf } from '../../../services/kit/instances.ts';
import type { AgentAnswer, AskAgent } from '../../base/commands/ask-agent.ts';

type ServiceFinding = NodeDiff['findings'][number];

/** How long a dry run waits for racks, s. Kea judges a small file in 50 ms, and ten thousand static leases in one second. */
export const CHECK_SECONDS = 5;
/** Racks that one dry run asks at once: some texts are on some racks only. */
const RACKS_MOST = 4;

/** A node as a dry run knows it. `isLive`: its agent reported a moment ago. */
export interface CheckNode {
  readonly id: string;
  readonly name: string;
  readonly isLive: boolean;
}

/** What a dry run compares: each node's desired state before and after the change. */
export interface CheckedChange {
  readonly services: readonly AnyService[];
  readonly nodes: readonly CheckNode[];
  readonly before: ReadonlyMap<string, NodeBody | null>;
  readonly after: ReadonlyMap<string, NodeBody | null>;
}

/** A DHCP server whose own checker is to judge its configuration after the change. `texts`: those that the change is about. */
export interface KeaTrial {
  readonly node: CheckNode;
  readonly service: AnyService;
  readonly desired: Record<string, unknown>;
  readonly texts: readonly string[];
}

/**
 * Servers with other texts after the change that only Kea can judge, as few as have all of them; servers of live agents first. Texts are alike on all racks, so
 * one answer counts for all of these. Pure.
 */
export function chooseTrials(change: CheckedChange): readonly KeaTrial[] {
  const candidates = change.nodes.flatMap((node) => trialsOf(node, change));
  const left = new Set(candidates.flatMap(({ texts }) => texts));
  const chosen: KeaTrial[] = [];
  const take = (trials: readonly KeaTrial[]) => {
    for (;;) {
      const gain = ({ texts }: KeaTrial) => texts.filter((text) => left.has(text)).length;
      const [best] = trials.toSorted((a, b) => gain(b) - gain(a));
      if (best === undefined || gain(best) === 0) return;
      chosen.push(best);
      for (const text of best.texts) left.delete(text);
    }
  };
  take(candidates.filter(({ node }) => node.isLive));
  take(candidates);
  return chosen;
}

function trialsOf(node: CheckNode, { services, before, after }: CheckedChange): KeaTrial[] {
  return Object.entries(after.get(node.id)?.services ?? {}).flatMap(([identity, { desired }]) => {
    const service = kindOf(identity) === 'dhcp' ? serviceOf(services, identity) : undefined;
    if (service?.trial === undefined || desired === null) return [];
    const old = before.get(node.id)?.services[identity]?.desired ?? null;
    const [was, is] = [old === null ? [] : service.trial.texts(old), service.trial.texts(desired)];
    const texts = [...missingIn(was, is), ...missingIn(is, was)];
    return texts.length === 0 ? [] : [{ node, service, desired, texts }];
  });
}

function missingIn(texts: readonly string[], of: readonly string[]): readonly string[] {
  const known = new Set(texts);
  return of.filter((text) => !known.has(text));
}

/** Whom the trials ask. `caller`: the user's name. */
export interface CheckPorts {
  readonly askAgent: AskAgent;
  readonly caller: string;
}

/** What Kea says of a change, added to its differences. Takes at most `CHECK_SECONDS`, and never fails. */
export async function withKeaChecks(
  ports: CheckPorts,
  change: CheckedChange,
  diffs: readonly NodeDiff[],
): Promise<NodeDiff[]> {
  const trials = chooseTrials(change);
  const found = await Promise.all(
    trials.slice(0, RACKS_MOST).map(async (trial) => ({ node: trial.node.name, findings: await judge(ports, trial) })),
  );
  const left = trials.slice(RACKS_MOST);
  const rest = left.slice(0, 1).map((trial) => ({
    node: trial.node.name,
    findings: [skipped(trial, `a dry run asks at most ${RACKS_MOST} racks, and ${left.length} more have other texts`)],
  }));
  const all = [...found, ...rest].filter(({ findings }) => findings.length > 0);
  const added = new Set(all.map(({ node }) => node).filter((name) => diffs.every(({ node }) => node !== name)));
  return [...diffs, ...[...added].map((node) => ({ node, files: [], findings: [] }))].map((diff) => ({
    ...diff,
    findings: [...diff.findings, ...all.filter(({ node }) => node === diff.node).flatMap(({ findings }) => findings)],
  }));
}

async function judge(ports: CheckPorts, trial: KeaTrial): Promise<readonly ServiceFinding[]> {
  const { node } = trial;
  if (!node.isLive) return [skipped(trial, `the agent of ${node.name} does not report`)];
  const args = argsOf(trial);
  if (args === null) return [skipped(trial, `its configuration is larger than ${TRIED_MAX} bytes`)];
  const query = { node, kind: 'check-dhcp', args, seconds: CHECK_SECONDS, caller: ports.caller } as const;
  const late = Promise.withResolvers<AgentAnswer<'check-dhcp'>>();
  const why = `the agent of ${node.name} did not answer within ${CHECK_SECONDS} s`;
  const timer = setTimeout(() => late.resolve({ kind: 'none', why }), CHECK_SECONDS * 1000);
  try {
    const answer = await Promise.race([ports.askAgent(query), late.promise]);
    if (isRejected(answer)) return [skipped(trial, answer.message)];
    if (answer.kind === 'none') return [skipped(trial, answer.why)];
    // A smaller file has other lines.
    const { line } = answer.result;
    return findingsOf(trial, { ...answer.result, line: args.desired === trial.desired ? line : null });
  } catch (error) {
    return [skipped(trial, sentenceOf(error))];
  } finally {
    clearTimeout(timer);
  }
}

/** Null: even without what Regent judges itself it is too large for a command. */
function argsOf({ service, desired }: KeaTrial): CommandArgs<'check-dhcp'> | null {
  const fitting = [desired, service.trial?.brief(desired) as Record<string, unknown>];
  return (
    fitting.map((some) => ({ service: service.name, desired: some })).find((args) => sizeOf(args) <= TRIED_MAX) ?? null
  );
}

/** At most: PostgreSQL writes a space after each comma and colon. */
function sizeOf(args: object): number {
  const text = JSON.stringify(args);
  return Buffer.byteLength(text) + text.replaceAll(/[^,:]/g, '').length;
}

function findingsOf(trial: KeaTrial, { isAccepted, why, line, parts, unseen }: CheckDhcpResult): ServiceFinding[] {
  const { node, service } = trial;
  const place = line === null ? '' : ` (line ${line} of ${service.trial?.target ?? ''})`;
  const isWhole = (part: { readonly why: string }) => parts.length === 1 || part.why === why;
  const refusals = parts.map((part) => ({
    subject: part.name,
    sentence: `Kea on ${node.name} refuses the ${part.name}: ${ended(part.why)}${isWhole(part) ? place : ''}.`,
    remedy: part.remedy,
  }));
  const whole = {
    subject: `service ${service.name}`,
    sentence: `Kea on ${node.name} refuses its file: ${ended(why)}${place}.`,
  };
  const all = isAccepted ? [] : refusals.length > 0 ? refusals : [whole];
  return [
    ...all.map((refusal) => ({ service: service.name, code: 'kea_refuses', severity: 'warning' as const, ...refusal })),
    ...unseen.map((reason) => skipped(trial, reason)),
  ];
}

function skipped({ node, service }: KeaTrial, why: string): ServiceFinding {
  return {
    service: service.name,
    code: 'kea_unchecked',
    severity: 'warning',
    subject: `service ${service.name}`,
    sentence: `Kea on ${node.name} has not judged this change: ${ended(why)}.`,
  };
}

function ended(sentence: string): string {
  return sentence.trim().replace(/\.$/, '').replace(/^The /, 'the ');
}
