import type { Machine } from '../../../../contract/machines/machine.ts';
import { AGENT_NAME, type Annotations } from '../../../../model/site/annotation.ts';
import { RejectedError } from '../../../../core/errors.ts';
import { type MaasAnswer, json } from '../../answer.ts';
import type { Args } from '../../args.ts';
import type { Handler, Handlers, MaasCall } from '../../handler.ts';
import type { SiteLists } from '../../site-lists.ts';
import { showMachine, showMachines } from '../../objects/machines/machines.ts';
import { step, type SiteStep } from '../../site.ts';
import { imageOf } from '../images/images.ts';
import { readStoredValue } from '../base/stored-config.ts';
import { allocate } from './allocate.ts';
import { machineOf, ref } from './machines.ts';
import { badValue, calling, conflict } from '../base/refusals.ts';
import { runOf } from './allocation-request.ts';

/** What takes a comment and no more. */
type PlainVerb =
  | 'machine.abort'
  | 'machine.lock'
  | 'machine.unlock'
  | 'machine.mark-fixed'
  | 'machine.rescue'
  | 'machine.exit-rescue';

const plain =
  (id: PlainVerb): Handler =>
  async ({ site, path, args }) =>
    json(await showMachine(site, await site.call(id, { params: ref(path), body: commentOf(args) })));

/** A machine's life: commissioned, allocated, deployed, released, switched. Nothing waits for a BMC. */
export const LIFECYCLE_HANDLERS: Handlers = {
  'Machine.abort': plain('machine.abort'),
  'Machine.lock': plain('machine.lock'),
  'Machine.unlock': plain('machine.unlock'),
  'Machine.mark_fixed': plain('machine.mark-fixed'),
  'Machine.rescue_mode': plain('machine.rescue'),
  'Machine.exit_rescue_mode': plain('machine.exit-rescue'),
  'Machine.mark_broken': async ({ site, path, args }) => {
    const comment = args.text('error_description') || args.text('comment') || undefined;
    return json(
      await showMachine(site, await site.call('machine.mark-broken', { params: ref(path), body: { comment } })),
    );
  },
  'Machine.commission': commission,
  'Machine.test': async ({ site, path, args }) => {
    const body = runOf(args, 'testing_scripts');
    const tested = site.call('machine.test', { params: ref(path), body });
    return json(await showMachine(site, await tested.catch(calling({ scripts: 'testing_scripts' }))));
  },
  'Machine.override_failed_testing': overrideTests,
  'Machine.deploy': deploy,
  'Machine.release': async ({ site, lists, path, args }) => {
    const machine = await machineOf(site, path);
    // A caller that repeats a call, because the answer was lost, has its machine.
    if (machine.state === 'ready' || machine.state === 'releasing') return json(await showMachine(site, machine));
    const body = { ...commentOf(args), ...(await erasing(lists, args)) };
    await site.together(releaseSteps(machine, body));
    return json(await showMachine(site, await machineOf(site, path)));
  },
  'Machine.power_on': async (call) => power(call, 'on'),
  'Machine.power_off': async (call) => power(call, 'off'),
  'Machine.query_power_state': async ({ site, path }) => {
    const { powerState = 'unknown', bmc } = await machineOf(site, path);
    // A query starts; the answer is the state that was seen last.
    if (bmc !== undefined && site.caller.role !== 'auditor')
      await site.call('machine.power', { params: ref(path), body: { verb: 'query' } }).catch(() => null);
    return json({ state: powerState });
  },
  'Machines.allocate': allocate,
  'Machines.release': releaseSome,
  'Machines.accept': async ({ site, lists, args }) =>
    accept({ site, lists }, await named({ site }, args.list('machines'))),
  'Machines.accept_all': async ({ site, lists }) =>
    accept({ site, lists }, await site.all('machine.list', { state: 'new' })),
};

/** What is to be laid on its disks is forgotten, as MAAS does, unless it is to stay. */
async function commission({ site, path, args }: MaasCall): Promise<MaasAnswer> {
  const { id, state } = await machineOf(site, path);
  const input = { params: { machine: id }, body: runOf(args, 'commissioning_scripts') };
  const isReset = state === 'ready' && args.flag('skip_storage') !== true;
  const reset = isReset ? [step('storage.reset', { params: { machine: id } })] : [];
  await site
    .together([...reset, step('machine.commission', input)])
    .catch(calling({ scripts: 'commissioning_scripts' }));
  return json(await showMachine(site, await machineOf(site, path)));
}

/** A machine that failed its tests is marked as broken and as mended in one change: then it is what it was before the test. */
async function overrideTests({ site, path, args }: MaasCall): Promise<MaasAnswer> {
  const { id, state, hostname } = await machineOf(site, path);
  if (state !== 'failed-testing') conflict(`No failed test of ${hostname} can be overridden. It is ${state}.`);
  const input = { params: { machine: id }, body: commentOf(args) };
  await site.together([step('machine.mark-broken', input), step('machine.mark-fixed', input)]);
  return json(await showMachine(site, await machineOf(site, path)));
}

function commentOf(args: Args) {
  return { comment: args.text('comment') || undefined };
}

async function power({ site, path, args }: MaasCall, verb: 'on' | 'off'): Promise<MaasAnswer> {
  const mode = args.text('stop_mode');
  if (mode && mode !== 'hard' && mode !== 'soft') badValue('stop_mode', `${mode} is not known`, 'hard or soft');
  const stopMode = verb === 'off' && (mode === 'hard' || mode === 'soft') ? mode : undefined;
  try {
    await site.call('machine.power', { params: ref(path), body: { verb, stopMode } });
  } catch (error) {
    const machine = await machineOf(site, path);
    // What a person switches is left to the person; in MAAS that is no error, and nothing was switched off.
    const isByHand = (machine.powerType ?? 'manual') === 'manual';
    const isLocked = machine.locked === true && verb === 'off';
    const isConflict = error instanceof RejectedError && error.rejected.code === 'conflict';
    if (!isByHand || isLocked || !isConflict) throw error;
    return json(verb === 'on' ? await showMachine(site, machine) : null);
  }
  return json(await showMachine(site, await machineOf(site, path)));
}

/** Parameters that a deployment of Regent does not have; refused, because the machine would not be as requested. */
const NOT_HAD = [
  'install_rackd',
  'install_kvm',
  'register_vmhost',
  'vcenter_registration',
  'bridge_all',
  'enable_hw_sync',
  'enable_kernel_crash_dump',
];

/** `osystem/distro_series` where a tool names both. */
function seriesOf(args: Args): string | undefined {
  const [system, series] = [args.text('osystem'), args.text('distro_series')];
  return system && series && !series.includes('/') ? `${system}/${series}` : series || undefined;
}

/** The default series of the site, if one is set. */
async function usualSeries(lists: SiteLists): Promise<string | undefined> {
  const series = await readStoredValue(lists, 'default_distro_series');
  return typeof series === 'string' && series !== '' ? series : undefined;
}

async function deploy({ site, lists, path, args }: MaasCall): Promise<MaasAnswer> {
  for (const name of NOT_HAD)
    if (args.flag(name)) badValue(name, 'it cannot be done', 'Regent installs an image and no more; leave it out');
  const body = {
    ...commentOf(args),
    image: await imageOf(site, seriesOf(args) ?? (await usualSeries(lists)), {
      isOnlyUsual: args.flag('ephemeral_deploy') !== true,
    }),
    userData: args.text('user_data') || undefined,
    ephemeral: args.flag('ephemeral_deploy'),
    // Tools have no parameter to override warnings; the event of the deployment has them.
    force: true,
  };
  const { id, annotations = {} } = await machineOf(site, path);
  const deployed = step('machine.deploy', { params: { machine: id }, body });
  const agent = args.text('agent_name');
  await site.together(agent ? [deployed, keepAgentName(id, annotations, agent)] : [deployed]).catch(asCollision);
  return json(await showMachine(site, await machineOf(site, path)));
}

/** What speaks against a deployment is about the machine and the site, and not about a parameter. */
function asCollision(error: unknown): never {
  if (!(error instanceof RejectedError) || error.rejected.code !== 'conflict') throw error;
  return conflict(error.rejected.message);
}

/** A tool finds its machines again by the name that it gives itself. */
function keepAgentName(machine: string, annotations: Annotations, name: string): SiteStep {
  return step('machine.set', { params: { machine }, body: { annotations: { ...annotations, [AGENT_NAME]: name } } });
}

/** Are disks erased, and how? As the site has it, where the call does not say so. How is of no matter without it. */
async function erasing(lists: SiteLists, args: Args) {
  const isSet = async (name: string) => (await readStoredValue(lists, name)) === true;
  if (!args.flag('erase') && !(await isSet('enable_disk_erasing_on_release'))) return {};
  return {
    erase: true,
    quickErase: args.flag('quick_erase') ?? (await isSet('disk_erase_with_quick_erase')),
    secureErase: args.flag('secure_erase') ?? (await isSet('disk_erase_with_secure_erase')),
  };
}

type ReleaseBody = ReturnType<typeof commentOf> & Awaited<ReturnType<typeof erasing>>;

/** What its owner keeps with a machine goes with the owner: tools find by it what is theirs. */
function releaseSteps({ id, annotations = {} }: Machine, body: ReleaseBody): SiteStep[] {
  const params = { machine: id };
  const isNoted = Object.keys(annotations).length > 0;
  return [
    ...(isNoted ? [step('machine.set', { params, body: { annotations: {} } })] : []),
    step('machine.release', { params, body }),
  ];
}

/** Those that are ready already, or soon, are left out of the answer. */
async function releaseSome({ site, lists, args }: MaasCall): Promise<MaasAnswer> {
  const machines = await named({ site }, args.list('machines'));
  const held = machines.filter(({ state }) => state !== 'ready' && state !== 'releasing');
  const body = { ...commentOf(args), ...(await erasing(lists, args)) };
  if (held.length > 0) await site.together(held.flatMap((machine) => releaseSteps(machine, body)));
  return json(held.map(({ id }) => id));
}

/** What was enlisted is wanted: it is commissioned. */
async function accept(
  { site, lists }: Pick<MaasCall, 'site' | 'lists'>,
  machines: readonly Machine[],
): Promise<MaasAnswer> {
  const fresh = machines.filter(({ state }) => state === 'new');
  if (fresh.length > 0)
    await site.together(fresh.map(({ id }) => step('machine.commission', { params: { machine: id }, body: {} })));
  const ids = fresh.map(({ id }) => id);
  const now = (await site.all('machine.list')).filter(({ id }) => ids.includes(id));
  return json(await showMachines(lists, now));
}

async function named({ site }: Pick<MaasCall, 'site'>, ids: readonly string[]): Promise<Machine[]> {
  const all = new Map((await site.all('machine.list')).map((machine) => [machine.id, machine]));
  const unknown = ids.filter((id) => !all.has(id));
  // A bad value, as MAAS answers it: gomaasapi takes no other status for it.
  if (unknown.length > 0) badValue('machines', `unknown machines: ${unknown.join(', ')}`, 'system_ids of machines');
  return [...new Set(ids)].flatMap((id) => all.get(id) ?? []);
}
