import Type, { type Static } from 'typebox';
import { listQuery, page, strict, text, Time } from '../base/common.ts';
import { MACHINE } from './machine.ts';
import { MachineRequest } from './machine-lifecycle.ts';
import { del, EVERYBODY, get, OPERATORS, post } from '../base/route-spec.ts';

/** A network card whose machine is left alone: it is not enlisted when it boots. */
export const IgnoredMachine = strict({
  mac: Type.String(),
  hostname: Type.String({ description: 'what the machine was called' }),
  comment: Type.String({ description: 'why; empty: no reason given' }),
  ignoredBy: Type.String(),
  ignoredAt: Time,
});
export type IgnoredMachine = Static<typeof IgnoredMachine>;

/** A machine that is there no more, and its cards. */
const Ignored = strict({ machine: MACHINE.schemas.answer, macs: Type.Array(Type.String()) });
export type Ignored = Static<typeof Ignored>;

/** Calls about machines that came by themselves and are not wanted. One that is wanted is commissioned. */
export const ENLISTMENT_ROUTES = {
  'machine.ignore': post(
    '/machines/{machine}/ignore',
    'Delete a machine and leave it alone: it is not enlisted again when it boots',
    { roles: OPERATORS, params: MACHINE.schemas.params, body: MachineRequest, response: Ignored, status: 200 },
  ),
  'ignored-machine.list': get('/ignored-machines', 'List network cards whose machines are left alone', {
    roles: EVERYBODY,
    query: listQuery({}, ['mac', 'hostname', 'ignored_at']),
    response: page(IgnoredMachine),
  }),
  'ignored-machine.delete': del('/ignored-machines/{mac}', 'Let a machine be enlisted again when it boots', {
    roles: OPERATORS,
    params: strict({ mac: text(17, 'MAC address of the card') }),
    response: IgnoredMachine,
    hasEtag: false,
  }),
} as const;
