import { AppError } from '../../core/errors.ts';
import { must, run } from '../command.ts';
import { findNspawn } from '../host.ts';
import type { Layout } from '../layout.ts';
import { setPorts } from '../network.ts';
import { needState } from '../state.ts';
import { cutPorts, FAULT_TABLE, faultRules, faultsIn, withFault, withoutHost } from './rules.ts';
import type { NetworkFault } from './fault-text.ts';

const TIMEOUT_MS = 10_000;
const NO_TABLE = 'No such file or directory';

/** Makes faults of the network, all at the same moment. The same again changes nothing. */
export async function addFault(layout: Layout, ...added: readonly NetworkFault[]): Promise<void> {
  await setFaults(layout, added.reduce<readonly NetworkFault[]>(withFault, await networkFaults(layout)));
}

/** Takes away every fault of a host's network, or of all hosts'. Cables are put in again whatever the table says. */
export async function healNetwork(layout: Layout, host?: string): Promise<void> {
  const faults = host === undefined ? [] : withoutHost(await networkFaults(layout), host);
  await setFaults(layout, faults, host);
}

/** The faults of the network that are in force: what the switch's own table says. */
export async function networkFaults(layout: Layout): Promise<NetworkFault[]> {
  const { topology } = needState(layout);
  const result = await run(nft(layout, ['-j', 'list', 'table', 'bridge', FAULT_TABLE]), { timeoutMs: TIMEOUT_MS });
  if (result.code === 0) return faultsIn(topology, result.stdout);
  if (result.stderr.includes(NO_TABLE)) return [];
  throw new AppError(
    'lab_fault',
    `The switch's table cannot be read: ${result.stderr.trim()}. What to do: sudo scripts/down, then up again.`,
  );
}

/** Pulls the cables that must be out: after a boot, which plugs all in. */
export async function pullCutCables(layout: Layout): Promise<void> {
  const ports = cutPorts(needState(layout).topology, await networkFaults(layout));
  await setPorts(layout, ports, 'down');
}

/** Rules first when there are more, cables first when there are fewer: a kill between leaves a fault that `heal` finds. */
async function setFaults(layout: Layout, faults: readonly NetworkFault[], healed?: string): Promise<void> {
  const { topology } = needState(layout);
  const out = cutPorts(topology, faults);
  const running = topology.hosts.filter((host) => findNspawn(layout, host.name).length > 0);
  const all = running.map((host) => ({ kind: 'cut' as const, host: host.name }));
  const wanted = healed === undefined ? all : all.filter((item) => item.host === healed);
  // The cable of a dead host stays out: the kernel would answer for its addresses.
  await setPorts(
    layout,
    cutPorts(topology, wanted).filter((port) => !out.includes(port)),
    'up',
  );
  await must(nft(layout, ['-f', '-']), { timeoutMs: TIMEOUT_MS, input: faultRules(topology, faults) });
  await setPorts(layout, out, 'down');
}

/** nft of the hosts' own base, so that the machine needs none, in the switch's namespace. */
function nft(layout: Layout, args: readonly string[]): string[] {
  const enter = ['nsenter', `--net=/run/netns/${layout.switchNetns}`, '--'];
  return [...enter, 'chroot', needState(layout).base, 'nft', ...args];
}
