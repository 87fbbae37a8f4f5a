import Type, { type Static } from 'typebox';
import { BOOT_DEVICES, POWER_TYPES, STOP_MODES } from '../../model/machines/power.ts';
import { nullable, oneOf, strict } from '../base/common.ts';
import { begin, EVERYBODY, get, KEY_OWNERS } from '../base/route-spec.ts';
import { Job } from '../base/job.ts';
import { MACHINE } from './machine.ts';

/** Requests about a machine's power. */
export const POWER_VERBS = ['on', 'off', 'cycle', 'query'] as const;

/** What `POST /machines/{machine}/power` takes. */
export const MachinePower = strict({
  verb: oneOf(POWER_VERBS, 'on, off: be so; cycle: off, then on; query: read its state'),
  boot: Type.Optional(oneOf(BOOT_DEVICES, 'what the start uses; with on and cycle')),
  stopMode: Type.Optional(
    oneOf(
      STOP_MODES,
      "soft: its operating system shuts it down; with off and cycle; left out: as the BMC's parameters say",
    ),
  ),
});
export type MachinePower = Static<typeof MachinePower>;

/** A parameter of a power type. */
const PowerParameter = strict({
  name: Type.String(),
  label: Type.String({ description: 'for people' }),
  kind: oneOf(['text', 'password', 'choice', 'several']),
  scope: oneOf(['bmc', 'machine'], 'whose it is'),
  required: Type.Boolean(),
  secret: Type.Boolean({ description: 'it goes in and never comes out' }),
  choices: Type.Array(strict({ value: Type.String(), label: Type.String() })),
  default: nullable(Type.Union([Type.String(), Type.Array(Type.String())])),
});
const PowerTypeShown = strict({ name: oneOf(POWER_TYPES), parameters: Type.Array(PowerParameter) });
export type PowerTypeShown = Static<typeof PowerTypeShown>;

/** Calls about the power of machines. */
export const MACHINE_POWER_ROUTES = {
  'power-type.list': get('/power-types', 'List the power types, and the parameters that each of them needs', {
    roles: EVERYBODY,
    response: strict({ items: Type.Array(PowerTypeShown) }),
  }),
  'machine.power': begin('/machines/{machine}/power', 'Switch a machine on or off by its BMC, or query its power', {
    roles: KEY_OWNERS,
    params: MACHINE.schemas.params,
    body: MachinePower,
    response: Job,
  }),
} as const;
