import type { Node } from '../../../../contract/cluster/node.ts';
import type { RouteOutput } from '../../../../contract/routes.ts';
import { type MaasAnswer, json, nothing } from '../../answer.ts';
import type { Handler, Handlers, MaasCall } from '../../handler.ts';
import { viewController } from '../../objects/machines/controllers.ts';
import { readSurroundings, showMachine, showMachines } from '../../objects/machines/machines.ts';
import { showDevices } from '../../objects/machines/devices.ts';
import { NOT_OF_DEVICES } from './devices.ts';
import { machineOf } from './machines.ts';
import { withNetworks } from './constraints.ts';
import { isOfAgent, passes } from './node-filters.ts';
import { notFound } from '../base/refusals.ts';

type Service = RouteOutput<'service.list'>['items'][number];
export type ControllerRole = 'isRack' | 'isRegion';

const list =
  (role: ControllerRole): Handler =>
  async (call) => {
    const ids = call.args.list('id');
    const names = call.args.list('hostname');
    const shown = (await read(call)).filter(({ node }) => node[role]);
    const wanted = shown.filter(
      ({ node }) => (ids.length === 0 || ids.includes(node.id)) && (names.length === 0 || names.includes(node.name)),
    );
    return json(wanted.map(({ view }) => view));
  };

/** The rack or the region node of a path. */
export async function showController(role: ControllerRole, call: MaasCall) {
  const id = call.path['system_id'];
  const found = (await read(call)).find(({ node }) => node[role] && node.id === id);
  return (found ?? notFound(role === 'isRack' ? 'rack' : 'region node', id)).view;
}

const show =
  (role: ControllerRole): Handler =>
  async (call) =>
    json(await showController(role, call));

/** Forgets a rack, or a region node that never finished joining. */
const forget =
  (role: ControllerRole): Handler =>
  async (call) => {
    await show(role)(call);
    await call.site.call('node.delete', { params: { node: call.path['system_id'] ?? '' } });
    return nothing();
  };

/** Nothing switches racks and region nodes: the answers about their power are always the same. */
const unpowered =
  (role: ControllerRole, answer: MaasAnswer): Handler =>
  async (call) => {
    await show(role)(call);
    return answer;
  };

/** Racks and region nodes. */
export const CONTROLLER_HANDLERS: Handlers = {
  'RackControllers.read': list('isRack'),
  'RackController.read': show('isRack'),
  'RegionControllers.read': list('isRegion'),
  'RegionController.read': show('isRegion'),
  'RackController.delete': forget('isRack'),
  'RegionController.delete': forget('isRegion'),
  'RackController.power_parameters': unpowered('isRack', json({})),
  'RegionController.power_parameters': unpowered('isRegion', json({})),
  'RackController.query_power_state': unpowered('isRack', json({ state: 'unknown' })),
  'RackControllers.power_parameters': async () => json({}),
  'RackController.list_boot_images': async (call) => {
    await unpowered('isRack', json(null))(call);
    const images = await call.site.all('image.list');
    const listed = images.map(({ name, architecture, kind }) => ({ name, architecture, subarches: [], kind }));
    // A rack has what machines ask for: it fetches it then.
    return json({ images: listed, connected: true, status: 'synced' });
  },
  'Nodes.read': async (call) => {
    const args = await withNetworks(call.lists, call.args);
    const named = (await call.site.all('machine.list')).filter((machine) => isOfAgent(machine, args));
    const machines = await showMachines(call.lists, named);
    const ids = args.list('id');
    const controllers = (await read(call)).filter(({ node }) => ids.length === 0 || ids.includes(node.id));
    const isNarrow = args.entries().some(([name]) => name !== 'id');
    const devices = await showDevices(call.lists, await call.lists.devices());
    return json([
      ...machines.filter((machine) => passes(machine, args)),
      ...devices.filter((device) => isOfAgent({}, args) && passes({ ...NOT_OF_DEVICES, ...device }, args)),
      // A controller has nothing that the other filters compare.
      ...(isNarrow ? [] : controllers.map(({ view }) => view)),
    ]);
  },
  'Node.read': async (call) => {
    const id = call.path['system_id'];
    const controller = (await read(call)).find(({ node }) => node.id === id);
    if (controller) return json(controller.view);
    const device = await call.site.find('device.show', { params: { device: id ?? '' } });
    if (device) return json((await showDevices(call.lists, [device]))[0]);
    return json(await showMachine(call.site, await machineOf(call.site, call.path)));
  },
};

async function read({ site, lists }: MaasCall): Promise<{ node: Node; view: ReturnType<typeof viewController> }[]> {
  const around = await readSurroundings(lists);
  const domain = (await lists.domains()).find(({ isDefault }) => isDefault)?.name ?? '';
  const services = Map.groupBy(await site.all('service.list'), ({ node }: Service) => node);
  return (await lists.nodes()).map((node) => ({
    node,
    view: viewController(node, services.get(node.name) ?? [], { domain, around }),
  }));
}
