import { bytes, json } from '../../answer.ts';
import type { Handler, Handlers } from '../../handler.ts';
import { badValue } from '../base/refusals.ts';
import { type ControllerRole, showController } from './controllers.ts';
import { detailsOf } from '../../objects/machines/details.ts';

/** What nobody does with a host of Regent through MAAS: it must be there, and then it is refused. */
const cannot =
  (role: ControllerRole, problem: string, rule: string): Handler =>
  async (call) => {
    await showController(role, call);
    return badValue('system_id', problem, rule);
  };

const details =
  (role: ControllerRole): Handler =>
  async (call) => {
    await showController(role, call);
    return bytes(detailsOf(null), 'application/bson');
  };

/** A host has the values that its agent reports. A call may repeat them; any other value is refused. */
const update =
  (role: ControllerRole): Handler =>
  async (call) => {
    const shown = await showController(role, call);
    const { args } = call;
    const same: readonly (readonly [string, readonly string[]])[] = [
      ['description', ['']],
      ['zone', [nameIn(shown.zone)]],
      ['domain', [nameIn(shown.domain), idIn(shown.domain)]],
      ['power_type', ['', 'manual']],
    ];
    for (const [name, values] of same)
      if (args.has(name) && !values.includes(args.text(name) ?? ''))
        badValue(name, 'it cannot be changed', 'a host of Regent has no place, text or power of its own');
    return json(shown);
  };

const setZone: Handler = async ({ lists, args }) => {
  const zones = await lists.zones();
  const zone = args.text('zone') ?? '';
  const [first] = zones;
  if (!zones.some(({ name }) => name === zone)) badValue('zone', `there is no zone ${zone}`, 'name of a zone');
  if (first?.name !== zone) badValue('zone', 'it cannot be changed', `hosts of Regent are in ${first?.name}`);
  return json(null);
};

const nameIn = (object: object | null) => (object !== null && 'name' in object ? String(object.name) : '');
const idIn = (object: object | null) => (object !== null && 'id' in object ? String(object.id) : '');
const BY_HAND = 'racks are switched by people, and tested by: regent doctor';

/** Operations that change racks and region nodes. */
export const CONTROLLER_VERB_HANDLERS: Handlers = {
  'RackController.update': update('isRack'),
  'RegionController.update': update('isRegion'),
  'RackController.details': details('isRack'),
  'RegionController.details': details('isRegion'),
  'RackController.power_on': cannot('isRack', 'nothing switches it', BY_HAND),
  'RackController.power_off': cannot('isRack', 'nothing switches it', BY_HAND),
  'RackController.test': cannot('isRack', 'it runs no tests', BY_HAND),
  'RackController.abort': cannot('isRack', 'it has no action in progress', 'an action in progress can be ended'),
  'RackController.override_failed_testing': cannot('isRack', 'no test of it failed', BY_HAND),
  'RackControllers.set_zone': setZone,
  'RegionControllers.set_zone': setZone,
};
