import type { UpgradeNode, UpgradeOrder, UpgradeProgress } from '../../../contract/site/upgrade-order.ts';
import { finishedNodes, parseUpgradeOrder, parseUpgradeProgress } from '../../../contract/site/upgrade-order.ts';
import type { AskAgent } from '../../base/commands/ask-agent.ts';
import type { JobKind, JobRun } from '../../base/jobs/kind.ts';
import { lossesOf } from '../../cluster/losses.ts';
import { drainNode, drainRegion, undrainNode } from '../../cluster/moves/drain-steps.ts';
import type { Move, MoveEnd, MovePorts } from '../../cluster/moves/move-run.ts';
import { awaitSnapshot, ended, ordered, patient, stopIfUnwanted, waitFor } from '../../cluster/moves/move-run.ts';
import { notWhole } from '../../cluster/moves/restart.ts';
import { restartServices } from '../../cluster/moves/restart-steps.ts';
import { listOf } from '../../cluster/site.ts';
import { isLoneRack, newFinding, nextNode, notWell, pauseAfter } from './plan.ts';
import { type NodeTask, performOn } from './task.ts';

/** Kind of the jobs that upgrade. */
export const UPGRADE_JOB = 'upgrade';

/** What an upgrade is made with. */
export type UpgradePorts = MovePorts & { readonly askAgent: AskAgent };

/** An archive of 70 MB comes over a slow network in this time, and `apt-get update` ends; s. */
const CHECK_S = 900;
const CHECK_SILENT_S = 180;
const INSTALL_S = 1800;
/** A host whose power was cut starts again in this time. */
const INSTALL_SILENT_S = 600;
const WELL_S = 300;
const WHOLE_S = 300;
const FINDING_S = 180;

interface Upgrade {
  readonly move: Move;
  readonly run: JobRun<UpgradeOrder>;
  readonly ports: UpgradePorts;
  readonly at: { progress: UpgradeProgress };
}

const NOTHING_YET: UpgradeProgress = {
  losses: -1,
  isChecked: false,
  done: [],
  node: null,
  pausedAfter: null,
  changes: {},
};

/**
 * `upgrade`: all nodes check what is to be installed, then one after the other is drained, installed, probed and undrained. The first finding ends it: that node
 * stays drained, and the others are left alone. Any region goes on with it, also one that was upgraded meanwhile.
 */
export function createUpgradeJob(ports: UpgradePorts): JobKind<UpgradeOrder> {
  return {
    name: UPGRADE_JOB,
    parse: (payload) => ordered(parseUpgradeOrder(payload)),
    run: (run) => {
      const at = { progress: parseUpgradeProgress(run.checkpoint) ?? NOTHING_YET };
      const move: Move = { run, ports, save: (progress, change) => run.save(progress, at.progress, change) };
      return ended(
        () => upgradeAll({ move, run, ports, at }),
        (end) => windUp(patient(move), at.progress, end),
      );
    },
  };
}

async function upgradeAll(upgrade: Upgrade): Promise<string> {
  const { move, run, at } = upgrade;
  const order = run.payload;
  if (at.progress.losses < 0) at.progress = { ...at.progress, losses: lossesOf((await awaitSnapshot(move)).site).now };
  if (!at.progress.isChecked) {
    const changes = await checkAll(upgrade);
    at.progress = { ...at.progress, isChecked: true, changes };
    await move.save(`all nodes have checked it: ${order.nodes.map(({ name }) => name).join(', ')}`);
  }
  if (order.isCheckOnly) return checkedText(order, at.progress);
  for (let node = nextNode(order, at.progress); node !== null; node = nextNode(order, at.progress)) {
    stopIfUnwanted(move, `before ${node.name} was touched`);
    await upgradeNode(upgrade, node);
    const paused = pauseAfter(order, at.progress, node);
    if (paused === null) continue;
    at.progress = { ...at.progress, pausedAfter: paused };
    await move.save(`paused after ${paused}`);
    return `paused after ${paused}: ${countText(order, at.progress)}; go on: regent upgrade resume; go back: regent upgrade back`;
  }
  return `${countText(order, at.progress)}; ${at.progress.losses} can be lost, as before`;
}

/** Every node that is left to do gets the archive and checks it, or reports which packages would change. Nothing is changed yet. */
async function checkAll({ move, run, ports }: Upgrade): Promise<UpgradeProgress['changes']> {
  const order = run.payload;
  if (order.direction === 'back') return {};
  const open = order.nodes.filter(({ name }) => !order.done.includes(name));
  const answers = await performOn(move, ports.askAgent, open, {
    task: order.archive === null ? `packages-check:${run.id}` : `check:${order.archive.sha256}:${run.id}`,
    what: order.archive === null ? 'the nodes read which packages would change' : 'the nodes check the archive',
    archive: order.archive,
    seconds: CHECK_S,
    silentSeconds: CHECK_SILENT_S,
    isHarmless: true,
  });
  return Object.fromEntries([...answers].map(([name, { changes }]) => [name, changes]));
}

async function upgradeNode(upgrade: Upgrade, node: UpgradeNode): Promise<void> {
  const { move, run, ports, at } = upgrade;
  const order = run.payload;
  const isCurrent = at.progress.node?.name === node.name;
  if (!isCurrent && (await isNothingToDo(upgrade, node))) return finish(upgrade, node, 0);
  if (!isCurrent) {
    const since = ports.clock.now();
    at.progress = { ...at.progress, node: { name: node.name, since, isInstalled: false } };
    await move.save(`${node.name} is next: ${countText(order, at.progress)}`);
  }
  if (at.progress.node?.isInstalled !== true) {
    await drainFor(move, node);
    stopIfUnwanted(move, `before anything was installed on ${node.name}`);
    await install(upgrade, node);
    at.progress = { ...at.progress, node: { name: node.name, since: at.progress.node?.since ?? 0, isInstalled: true } };
    await move.save(`${node.name} is installed`);
  }
  const steady = patient(move);
  await waitFor(steady, `${node.name} to be well`, {
    seconds: WELL_S,
    missing: (snapshot) => notWell(snapshot, node.name, versionFor(order, node)),
  });
  await undrainNode(steady, node.name);
  const { losses, node: current } = at.progress;
  if (node.isRegion)
    await waitFor(move, `redundancy after ${node.name}`, {
      seconds: WHOLE_S,
      missing: ({ site }) => notWhole(site, losses),
    });
  await waitFor(move, `no finding after ${node.name}`, {
    seconds: FINDING_S,
    missing: ({ site }) => newFinding(site, order.broken),
  });
  await finish(upgrade, node, Math.max(0, Math.round((ports.clock.now() - (current?.since ?? 0)) / 1000)));
}

/** Is a node, which nobody has touched yet, as it is to be? */
async function isNothingToDo({ move, run, at }: Upgrade, node: UpgradeNode): Promise<boolean> {
  const order = run.payload;
  if (order.kind === 'packages') return (at.progress.changes[node.name] ?? []).length === 0;
  const snapshot = await awaitSnapshot(move);
  const seen = snapshot.site.nodes.find(({ name }) => name === node.name);
  return seen?.isDrained === false && notWell(snapshot, node.name, versionFor(order, node)) === null;
}

const versionFor = (order: UpgradeOrder, node: UpgradeNode): string | null =>
  order.kind === 'packages' ? null : order.direction === 'back' ? node.from : (order.archive?.version ?? null);

/** A rack that is the only one of a VLAN goes on serving while its release is installed: nobody could take its clients. */
async function drainFor(move: Move, node: UpgradeNode): Promise<void> {
  const { vlans } = await awaitSnapshot(move);
  if (!isLoneRack(node.name, vlans)) return void (await drainNode(move, node.name));
  if (node.isRegion) await drainRegion(move, node.name);
}

async function install({ move, run, ports, at }: Upgrade, node: UpgradeNode): Promise<void> {
  const order = run.payload;
  const { archive } = order;
  const task: NodeTask = {
    ...(order.kind === 'packages'
      ? { task: `packages:${run.id}`, what: 'Debian’s packages are installed', archive: null }
      : order.direction === 'back' || archive === null
        ? {
            task: `back:${node.from.replaceAll('+', '_')}:${run.id}`,
            what: `${node.from} is installed again`,
            archive: null,
          }
        : { task: `install:${archive.sha256}:${run.id}`, what: `${archive.version} is installed`, archive }),
    seconds: INSTALL_S,
    silentSeconds: INSTALL_SILENT_S,
    isHarmless: false,
  };
  const answer = (await performOn(move, ports.askAgent, [node], task)).get(node.name);
  if (order.kind !== 'packages') return;
  at.progress = { ...at.progress, changes: { ...at.progress.changes, [node.name]: [...(answer?.changes ?? [])] } };
  // A package restarts its own daemon, and not those that use its libraries.
  await restartServices(move, node.name);
}

async function finish({ move, run, at }: Upgrade, node: UpgradeNode, seconds: number): Promise<void> {
  const { progress } = at;
  const done = { name: node.name, seconds, changes: progress.changes[node.name] ?? [] };
  at.progress = { ...progress, done: [...progress.done, done], node: null };
  const version = versionFor(run.payload, node);
  await move.save(`${node.name} is done after ${seconds} s: ${countText(run.payload, at.progress)}`, async (tx) => {
    tx.emit({ kind: 'upgrade.node', subject: node.name, data: { version, seconds, direction: run.payload.direction } });
  });
}

function countText(order: UpgradeOrder, progress: UpgradeProgress): string {
  const what = order.kind === 'packages' ? 'the new packages' : versionText(order);
  return `${finishedNodes(order, progress).length} of ${order.nodes.length} nodes have ${what}`;
}

const versionText = (order: UpgradeOrder): string =>
  order.direction === 'back' ? 'the release before' : (order.archive?.version ?? '');

function checkedText(order: UpgradeOrder, { changes }: UpgradeProgress): string {
  if (order.archive !== null)
    return `${order.archive.version} may be installed on ${listOf(order.nodes.map(({ name }) => name))}; nothing was changed`;
  const counts = order.nodes.map(({ name }) => `${name} ${(changes[name] ?? []).length}`).join(', ');
  return `packages that would change, by node: ${counts}; nothing was changed; list them: regent upgrade status -o wide`;
}

async function windUp(move: Move, { node, done }: UpgradeProgress, end: MoveEnd): Promise<string> {
  if (node === null)
    return done.length === 0 ? 'nothing was changed' : 'go on: regent upgrade resume; go back: regent upgrade back';
  if (end.state === 'aborted' && !node.isInstalled) {
    await undrainNode(move, node.name);
    return `nothing was installed on ${node.name}, and it takes its part again`;
  }
  return `${node.name} stays drained, the nodes after it were not touched; go on: regent upgrade resume; go back: regent upgrade back`;
}
