import { strict, text, WriteQuery } from '../base/common.ts';
import Type from 'typebox';
import { MACHINE } from './machine.ts';
import { del, EVERYBODY, get, OPERATORS, patch, post } from '../base/route-spec.ts';
import { InterfaceInput, InterfaceSet, MachineInterface } from './machine-interface.ts';

const ofMachine = MACHINE.schemas.params.properties;
const params = strict({ ...ofMachine, interface: text(17, 'id, name, or MAC address of a card') });
/** Of a machine whose system runs: only the record changes, and the addresses that it loses stay occupied. */
const query = strict({
  ...WriteQuery.properties,
  force: Type.Optional(
    Type.Boolean({ description: 'also of a machine that is deployed: its system keeps its network and its addresses' }),
  ),
});
const PATH = '/machines/{machine}/interfaces';
const ONE = `${PATH}/{interface}`;

/** Calls about single interfaces of a machine. Their ETag is the machine's. */
export const INTERFACE_ROUTES = {
  'interface.list': get(PATH, 'List the interfaces of a machine; the first has its name', {
    roles: EVERYBODY,
    params: MACHINE.schemas.params,
    response: strict({ items: Type.Array(MachineInterface) }),
    hasEtag: true,
  }),
  'interface.show': get(ONE, 'Show an interface of a machine', {
    roles: EVERYBODY,
    params,
    response: MachineInterface,
    hasEtag: true,
  }),
  'interface.create': post(
    PATH,
    'Create an interface of a machine: a card, or a bond, a bridge, a VLAN interface on others',
    { roles: OPERATORS, params: MACHINE.schemas.params, query, body: InterfaceInput, response: MachineInterface },
  ),
  'interface.set': patch(ONE, 'Change an interface of a machine', {
    roles: OPERATORS,
    params,
    query,
    body: InterfaceSet,
    response: MachineInterface,
  }),
  'interface.delete': del(ONE, 'Delete an interface of a machine on which no other one stands', {
    roles: OPERATORS,
    params,
    query,
    response: MachineInterface,
  }),
} as const;
