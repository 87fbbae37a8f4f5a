import Type, { type Static } from 'typebox';
import { BOOT_DEVICES, STOP_MODES } from '../../model/nouns/power.ts';
import { oneOf, strict } from '../common.ts';
import { begin, OPERATORS } from '../route-spec.ts';
import { Job } from '../cluster/job.ts';
import { MACHINE } from '../machine.ts';

/** What a machine's power can be asked for. */
export const POWER_VERBS = ['on', 'off', 'cycle', 'query'] as const;

/** What `POST /machines/{machine}/power` takes. */
export const MachinePower = strict({
  verb: oneOf(POWER_VERBS, 'on, off: be so; cycle: off, then on; query: look'),
  boot: Type.Optional(oneOf(BOOT_DEVICES, 'what the start uses; with on and cycle')),
  stopMode: Type.Optional(
    oneOf(STOP_MODES, "soft: its operating system is asked; with off and cycle; left out: as the BMC's parameters say"),
  ),
});
export type MachinePower = Static<typeof MachinePower>;

/** Calls about the power of machines. */
export const MACHINE_POWER_ROUTES = {
  'machine.power': begin('/machines/{machine}/power', 'Switch a machine on or off by its BMC, or look at its power', {
    roles: OPERATORS,
    params: MACHINE.schemas.params,
    body: MachinePower,
    response: Job,
  }),
} as const;
