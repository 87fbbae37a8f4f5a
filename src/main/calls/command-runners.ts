import type { CommandRunner, CommandRunners } from '../../agent/commands/runner.ts';
import type { CommandArgs, CommandKindName, CommandResult } from '../../contract/command-kinds.ts';
import { askNeighbours } from '../../host/ask/neighbours.ts';
import { reach } from '../../host/ask/reach.ts';
import { runCommand } from '../../host/exec.ts';
import { checkRunner, type CheckRunnerPorts } from './check-runner.ts';
import type { Host } from '../../host/interface.ts';
import { backupRunner } from './backup-runner.ts';
import { logRunner, type LogRunnerPorts } from './log-runner.ts';
import { type PowerRunnerPorts, powerRunners } from './power-runners.ts';
import { supportRunner } from './support-runner.ts';
import { upgradeRunner, type UpgradeRunnerPorts } from './upgrade-runner.ts';

/** The real runner of every kind of command. */
export function commandRunners(
  power: PowerRunnerPorts,
  log: LogRunnerPorts,
  check: CheckRunnerPorts,
  { host, upgrade }: { readonly host: Pick<Host, 'exec'>; readonly upgrade: UpgradeRunnerPorts },
): CommandRunners {
  return {
    'probe-address': probeAddress,
    'probe-free': probeFree,
    'read-log': logRunner(log),
    'check-dhcp': checkRunner(check),
    'read-support': supportRunner({ ...log, ask: (question) => host.exec(question) }, check.clock),
    backup: backupRunner(host),
    upgrade: upgradeRunner(upgrade),
    ...powerRunners(power),
  } satisfies Record<CommandKindName, CommandRunner>;
}

/** An answer comes so long before the agent gives the run up, ms: who waits learns why. */
const MARGIN_MS = 200;

const probeAddress: CommandRunner = async ({ args, leftMs, signal }) => {
  // The region has checked them by the kind's schema.
  const { address, port } = args as CommandArgs<'probe-address'>;
  const found = await reach(address, port, Math.max(1, leftMs - MARGIN_MS), signal);
  const result: CommandResult<'probe-address'> = { ...found };
  return { result, sentence: sentenceFor(address, found) };
};

/** How long hosts have to answer, ms: an answer on one network takes less than a millisecond, and the caller waits for a second. */
const ARP_MS = 600;

const probeFree: CommandRunner = async ({ args, leftMs, signal }) => {
  const { addresses } = args as CommandArgs<'probe-free'>;
  const timeoutMs = Math.max(1, Math.min(ARP_MS, leftMs - MARGIN_MS));
  const answers = await askNeighbours(addresses, { timeoutMs, signal, run: runCommand });
  const result: CommandResult<'probe-free'> = { answers };
  const taken = answers.filter(({ mac }) => mac !== null).map(({ address }) => address);
  return { result, sentence: taken.length === 0 ? 'Nobody has them.' : `Hosts have ${taken.join(', ')}.` };
};

function sentenceFor(
  address: string,
  { isReachable, way: means, port, ms, why }: CommandResult<'probe-address'>,
): string {
  if (!isReachable) return `${address} is not reachable: ${why}.`;
  const how = {
    connected: `takes TCP connections at port ${port}`,
    refused: `refuses port ${port}`,
    rmcp: 'answers RMCP (IPMI)',
  };
  return `${address} is reachable: it ${how[means ?? 'connected']}, after ${ms} ms.`;
}
