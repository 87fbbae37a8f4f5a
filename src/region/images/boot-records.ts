import { filled } from '../../core/members.ts';
import { planOf } from '../../boot/plan.ts';
import type { BootRecord } from '../../boot/record.ts';
import { purposeIn } from '../../model/machines/machine-run.ts';
import { bootCards, bootVlans } from '../../model/machines/interfaces/boot-vlans.ts';
import { optionsOf } from '../../model/machines/tags/kernel-options.ts';
import type { MachineState } from '../../model/machines/machine-states.ts';
import type { Machine } from '../../model/machines/machine.ts';
import type { Snapshot } from '../../model/snapshot.ts';
import type { CompiledSite } from '../../services/compile-node.ts';
import { servedVlans, servingOf } from '../../model/networks/serving.ts';
import type { MachineStage } from '../../model/machines/stage.ts';

/** What the records of a site are made from. */
export type BootSite = Pick<Snapshot, 'machines' | 'machineStages' | 'defaultImages' | 'settings'> &
  Parameters<typeof servingOf>[0];

/**
 * The boot records of each rack, by node: machines with an interface on a VLAN that it serves, as primary or as secondary, and those of which nobody
 * knows where their interfaces are. Ordered by machine, so that equal sites have equal records. Pure.
 */
export function bootRecords(site: BootSite): ReadonlyMap<string, readonly BootRecord[]> {
  const serving = servingOf(site);
  const stages = new Map(site.machineStages?.map((stage) => [stage.machineId, stage]));
  const all = site.machines
    .toSorted((one, other) => (one.id < other.id ? -1 : 1))
    .flatMap((machine) => {
      const record = recordOf(machine, stages.get(machine.id), site);
      return record === null ? [] : [{ record, vlans: bootVlans(machine.interfaces) }];
    });
  return new Map(
    site.racks.flatMap(({ nodeId }) => {
      const served = servedVlans(serving, nodeId);
      if (served.size === 0) return [];
      const here = all.filter(({ vlans }) => vlans.some((vlan) => vlan === null || served.has(vlan)));
      return here.length === 0 ? [] : [[nodeId, here.map(({ record }) => record)] as const];
    }),
  );
}

/** The compiled site with the boot records that its racks give to machines. */
export function withBootRecords(site: CompiledSite, snapshot: BootSite): CompiledSite {
  const records = bootRecords(snapshot);
  const nodes = [...site.nodes].map(([nodeId, node]) => {
    const boot = records.get(nodeId);
    return [nodeId, boot === undefined ? node : { ...node, body: { ...node.body, boot: [...boot] } }] as const;
  });
  return { ...site, nodes: new Map(nodes) };
}

/**
 * Null: it has no interface, so nothing could boot as it; or a region answers for it: it is being enlisted, or is
 * missing and will be.
 */
function recordOf(
  { id, hostname, interfaces }: Machine,
  stage: MachineStage | undefined,
  { defaultImages = [], settings }: BootSite,
): BootRecord | null {
  const macs = [...new Set(bootCards(interfaces).map(({ mac }) => mac))].slice(0, MACS_MAX);
  if (macs.length === 0) return null;
  const { state = 'new', until = null, uuid = null, before = null, staysOn = false, isEnlisting = false } = stage ?? {};
  const { isInstalled = false, isEphemeral = false, bootMedia = 'http', kernelOptions = '' } = stage ?? {};
  if (isEnlisting || state === 'missing') return null;
  const isWritten = isInstalled && !isEphemeral && WRITTEN.includes(state);
  const hasOwnSystem = isWritten || (before === 'deployed' && !isEphemeral && !GIVEN_BACK.includes(state));
  // What it is to boot is on its disk.
  const isSecondPass = state === 'deploying' && isWritten;
  const purpose = isSecondPass ? null : purposeIn(state, isEphemeral);
  // A system that is deployed in memory outlives its rack, so all of it lies there.
  const isInMemory = isEphemeral && purpose === 'deploying';
  const options = [...optionsOf(settings.kernel_opts), ...optionsOf(kernelOptions)];
  const plan = {
    machineId: id,
    staysOn: staysOn || isInMemory,
    media: isInMemory ? ('http' as const) : bootMedia,
    options,
  };
  const boots = purpose === null ? [] : defaultImages.flatMap((image) => planOf(image, { ...plan, purpose }) ?? []);
  return {
    machine: id,
    hostname,
    macs,
    state,
    ...filled({ uuid, until }),
    // Whatever it failed in: its own system is on its disk.
    ...(hasOwnSystem ? { idle: 'local' as const } : {}),
    ...(state === 'deployed' && isEphemeral ? { idle: 'off' as const } : {}),
    ...filled({ boots }),
  };
}

/** States in which a written disk is the machine's own. */
const WRITTEN: readonly MachineState[] = ['deploying', 'failed-deployment'];
/** Whatever was on its disk is nobody's any more. */
const GIVEN_BACK: readonly MachineState[] = [
  'ready',
  'allocated',
  'deploying',
  'releasing',
  'failed-releasing',
  'disk-erasing',
  'failed-disk-erasing',
  'commissioning',
  'failed-commissioning',
];

/** As the record's schema has it. */
const MACS_MAX = 64;
