import type { CommandRunner } from '../../agent/commands/runner.ts';
import type { CommandArgs, CommandResult } from '../../contract/command-kinds.ts';
import { CHECKER_SENTENCE_MAX, REFUSED_MAX } from '../../contract/networks/check-dhcp.ts';
import { AppError } from '../../core/errors.ts';
import type { HostFacts } from '../../core/host-values.ts';
import { kindOf } from '../../core/node-identity.ts';
import type { Clock } from '../../core/ports.ts';
import type { Host } from '../../host/interface.ts';
import { openGate } from '../../reconcile/gate.ts';
import { tryDesired } from '../../reconcile/trial.ts';
import type { AnyService, Templates } from '../../services/kit/contract.ts';
import { serviceOf } from '../../services/kit/instances.ts';

/** What the runner of trials needs. */
export interface CheckRunnerPorts {
  readonly services: readonly AnyService[];
  readonly templates: Templates;
  readonly host: Pick<Host, 'files' | 'exec' | 'facts'>;
  readonly clock: Pick<Clock, 'monotonic'>;
}

/** The answer leaves so long before the agent gives the run up, ms. */
const MARGIN_MS = 200;

/** Shows a configuration of the DHCP server to its own checker, one at a time: all trials of a server have one file. */
export function checkRunner({ services, templates, host, clock }: CheckRunnerPorts): CommandRunner {
  const inTurn = openGate(1);
  return async ({ args, leftMs, signal }) => {
    const endsAt = clock.monotonic() + leftMs - MARGIN_MS;
    // The region has checked them by the kind's schema.
    const { service: identity, desired } = args as CommandArgs<'check-dhcp'>;
    const service = kindOf(identity) === 'dhcp' ? serviceOf(services, identity) : undefined;
    if (service === undefined) throw new AppError('command', `this agent knows no DHCP server ${identity}`);
    let facts: HostFacts | undefined;
    const outcome = await inTurn(async () => {
      signal.throwIfAborted();
      facts = await host.facts({});
      return tryDesired({ service, desired, facts, templates, host, leftMs: () => endsAt - clock.monotonic() });
    });
    if (outcome.kind === 'unknown') throw new AppError('command', outcome.why);
    const isRefused = outcome.kind === 'refused';
    const parts = isRefused ? outcome.parts : [];
    const unseen = facts === undefined ? [] : (service.trial?.unseen(desired, facts) ?? []);
    const result: CommandResult<'check-dhcp'> = {
      isAccepted: !isRefused,
      why: isRefused ? short(outcome.why) : '',
      line: isRefused ? outcome.line : null,
      parts: parts
        .slice(0, REFUSED_MAX)
        .map(({ name, why, remedy }) => ({ name, why: short(why), remedy: short(remedy) })),
      unseen: unseen.slice(0, REFUSED_MAX).map(short),
    };
    return { result, sentence: isRefused ? 'The checker refuses it.' : 'The checker accepts it.' };
  };
}

const short = (sentence: string): string => sentence.slice(0, CHECKER_SENTENCE_MAX);
