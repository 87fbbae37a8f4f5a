import { detailsOf } from '../../objects/machines/details.ts';
import type { Machine } from '../../../../contract/machines/machine.ts';
import { bytes, json, jsonParts, nothing } from '../../answer.ts';
import type { Args } from '../../args.ts';
import type { Handlers, MaasCall, PathValues } from '../../handler.ts';
import { machineListParts } from '../../objects/machines/machine-list.ts';
import { type MaasMachine, showMachine, showMachines } from '../../objects/machines/machines.ts';
import { type Site, step } from '../../site.ts';
import { runOf } from './allocation-request.ts';
import { withNetworks } from './constraints.ts';
import { mayPass, passes, queryOf } from './node-filters.ts';
import { planPower, readPower, removalOf } from './power.ts';
import { checkPlace, placeOf } from './hosts.ts';
import { badValue, calling } from '../base/refusals.ts';
import { adoptMachine, enlistedWith } from './adopted.ts';
import { domainIn, domainName, nameOf } from '../names/host-names.ts';

/** Machines: to list, make, change and delete them. */
export const MACHINE_HANDLERS: Handlers = {
  'Machines.read': listMachines,
  'Machine.read': async ({ site, path }) => json(await showMachine(site, await machineOf(site, path))),
  'Machines.create': createMachine,
  'Machine.update': updateMachine,
  'Machine.delete': deleteMachine,
  'Node.delete': deleteNode,
  'Node.power_parameters': powerParameters,
  'Machine.power_parameters': powerParameters,
  'Machine.details': details,
  'Node.details': details,
  'Machines.power_parameters': async ({ lists, site, args }) => {
    const wanted = args.list('id');
    const machines = (await site.all('machine.list')).filter(({ id }) => wanted.length === 0 || wanted.includes(id));
    const bmcs = await lists.bmcs();
    return json(Object.fromEntries(machines.map((machine) => [machine.id, parametersOf(machine, bmcs)])));
  },
  'Machines.is_registered': isRegistered,
  'Nodes.is_registered': isRegistered,
  'Machines.is_action_in_progress': isBusy,
  'Nodes.is_action_in_progress': isBusy,
  // A card is known where a machine or a device has it: racks and region nodes have none here.
  'RackControllers.is_registered': isRegistered,
  'RegionControllers.is_registered': isRegistered,
  'Devices.is_registered': isRegistered,
  'RackControllers.is_action_in_progress': isBusy,
  'RegionControllers.is_action_in_progress': isBusy,
  'Devices.is_action_in_progress': isBusy,
  'Machines.set_zone': setZone,
  'Nodes.set_zone': setZone,
  'Machines.list_allocated': async ({ site, lists, args }) => {
    const ids = args.list('id');
    const own = await site.all('machine.list', { owner: site.caller.user });
    return json(await showMachines(lists, ids.length === 0 ? own : own.filter(({ id }) => ids.includes(id))));
  },
  'Machine.set_owner_data': setAnnotations,
  'Machine.set_workload_annotations': setAnnotations,
};

export const ref = (path: PathValues) => ({ machine: path['system_id'] ?? '' });

export function machineOf(site: Site, path: PathValues): Promise<Machine> {
  return site.call('machine.show', { params: ref(path) });
}

async function listMachines({ site, lists, args: given }: MaasCall) {
  const args = await withNetworks(lists, given);
  const isCutDown = args.entries().length > 0;
  const filter = {
    query: queryOf(args),
    may: (machine: Machine) => !isCutDown || mayPass(machine, args),
    passes: isCutDown ? (machine: MaasMachine) => passes(machine, args) : null,
  };
  return jsonParts(machineListParts(site, lists, filter));
}

async function createMachine({ site, lists, args }: MaasCall) {
  const macs = args.list('mac_addresses');
  const hostname = args.text('hostname') || (macs[0] ? `m-${macs[0].replaceAll(/[:-]/g, '').toLowerCase()}` : '');
  if (hostname === '') badValue('mac_addresses', 'it is missing', 'a machine has a MAC address or a host name');
  await checkPlace(lists, args);
  if (args.flag('deployed')) badValue('deployed', 'it cannot be', 'a machine is deployed by Regent');
  const enlisted = await enlistedWith(site, macs);
  if (enlisted !== null) return adoptMachine({ site, lists, args }, enlisted);
  const domain = await domainName(lists, args.text('domain') || domainIn(hostname));
  const powerRequest = readPower(args);
  const power = await planPower(lists, hostname, null, powerRequest);
  const body = {
    ...placeOf(args),
    ...power.fields,
    hostname: nameOf(hostname),
    domain,
    interfaces: macs.map((mac) => ({ mac })),
  };
  const machine = `${nameOf(hostname)}.${domain}`;
  const isCommissioned = args.flag('commission') ?? Boolean(powerRequest.type);
  const steps = [
    ...power.steps,
    step('machine.create', { body }),
    ...(isCommissioned
      ? [step('machine.commission', { params: { machine }, body: runOf(args, 'commissioning_scripts') })]
      : []),
  ];
  await site.together(steps).catch(calling({ scripts: 'commissioning_scripts' }));
  return json(await showMachine(site, await site.call('machine.show', { params: { machine } })));
}

async function updateMachine({ site, lists, path, args }: MaasCall) {
  const machine = await machineOf(site, path);
  await checkPlace(lists, args);
  const hostname = args.text('hostname');
  const power = await planPower(lists, hostname || machine.hostname, machine, readPower(args));
  const domain = args.text('domain') || domainIn(hostname ?? '');
  const body = {
    ...placeOf(args),
    ...power.fields,
    hostname: hostname ? nameOf(hostname) : undefined,
    domain: domain ? await domainName(lists, domain) : undefined,
  };
  await site.together([...power.steps, step('machine.set', { params: { machine: machine.id }, body }), ...power.after]);
  return json(await showMachine(site, await machineOf(site, path)));
}

/** A machine, or a device. */
async function deleteNode(call: MaasCall) {
  const { site, path } = call;
  const device = { params: { device: path['system_id'] ?? '' } };
  if ((await site.find('device.show', device)) === null) return deleteMachine(call);
  await site.call('device.delete', device);
  return nothing();
}

/** Its BMC goes with it if no other machine uses that. Nobody waits for a job that switches or queries it: the job ends, at once if it has not started. */
async function deleteMachine({ site, lists, path }: MaasCall) {
  const machine = await machineOf(site, path);
  const bmc = (await lists.bmcs()).find(({ name }) => name === machine.bmc);
  const open = await site.all('job.list', { target: `machine:${machine.id}`, unfinished: true });
  await site.together([
    ...open.map((job) => step('job.abort', { params: { job: String(job.id) } })),
    step('machine.delete', { params: { machine: machine.id } }),
    ...removalOf(bmc),
  ]);
  return nothing();
}

async function powerParameters({ site, lists, path }: MaasCall) {
  return json(parametersOf(await machineOf(site, path), await lists.bmcs()));
}

async function details({ site, path }: MaasCall) {
  const { id, hostname } = await machineOf(site, path);
  const reported = await site.find('machine.inventory', { params: { machine: id } });
  return bytes(detailsOf(reported?.inventory ?? null, hostname), 'application/bson');
}

/** Secrets are masked: they go in and never come out. */
function parametersOf(
  { bmc, powerParameters: own = {} }: Machine,
  bmcs: readonly { readonly name: string; readonly parameters: Readonly<Record<string, unknown>> }[],
): Readonly<Record<string, unknown>> {
  return { ...bmcs.find(({ name }) => name === bmc)?.parameters, ...own };
}

async function isRegistered({ site, args }: MaasCall) {
  const query = { mac: args.text('mac_address') };
  const [machine] = await site.all('machine.list', query);
  return json(machine !== undefined || (await site.all('device.list', query)).length > 0);
}

async function isBusy({ site, args }: MaasCall) {
  const [machine] = await site.all('machine.list', { mac: args.text('mac_address') });
  return json(machine?.busy ?? false);
}

async function setZone({ site, args }: MaasCall) {
  const zone = args.text('zone') ?? '';
  const ids = [...args.list('nodes'), ...args.list('system_id')];
  if (ids.length > 0)
    await site.together(ids.map((machine) => step('machine.set', { params: { machine }, body: { zone } })));
  return json(null);
}

/** An empty text takes a name away; those that are not given stay. */
export function withAnnotations(before: Readonly<Record<string, string>>, args: Args): Record<string, string> {
  const all = new Map(Object.entries(before));
  for (const [name, value] of args.entries()) {
    if (value === '') all.delete(name);
    else all.set(name, value);
  }
  return Object.fromEntries(all);
}

async function setAnnotations({ site, path, args }: MaasCall) {
  const machine = await machineOf(site, path);
  const body = { annotations: withAnnotations(machine.annotations ?? {}, args) };
  return json(await showMachine(site, await site.call('machine.set', { params: { machine: machine.id }, body })));
}
