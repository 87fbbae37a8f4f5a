import Type, { type Static } from 'typebox';
import { RACK_STEPS } from '../../model/machines/timeline/step.ts';
import { oneOf } from '../base/common.ts';

/** The path at which an agent reports the boot steps that it saw. */
export const BOOT_STEPS_PATH = '/agent/v1/boot-steps';

/** Steps of one report. */
export const STEPS_PER_REPORT = 200;

/** A text of firmware or of a log: printable ASCII. */
const printable = (maxLength: number) => Type.Optional(Type.String({ maxLength, pattern: '^[ -~]*$' }));
const count = (maximum: number) => Type.Optional(Type.Integer({ minimum: 0, maximum }));

/** What is known of a step beside its name (model/machines/timeline/step.ts). */
const BootStepFacts = Type.Object({
  file: printable(120),
  status: count(999),
  bytes: count(2 ** 53 - 1),
  ms: count(86_400_000),
  decision: printable(20),
  reason: printable(400),
  architecture: printable(16),
  loader: printable(16),
});

/** A step of a machine's boot, as a rack saw it. `at`: by the rack's clock. `mac` null: the region finds it by the address. */
export const BootStep = Type.Object({
  sequence: Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER }),
  at: Type.String({ format: 'date-time' }),
  source: oneOf(['dhcp', 'tftp', 'http', 'boot']),
  what: oneOf(RACK_STEPS),
  mac: Type.Union([Type.String({ pattern: '^[0-9a-f]{2}(?::[0-9a-f]{2}){5}$' }), Type.Null()]),
  address: Type.Union([
    Type.String({ format: 'ipv4', maxLength: 15 }),
    Type.String({ format: 'ipv6', maxLength: 45 }),
    Type.Null(),
  ]),
  outcome: oneOf(['done', 'failed']),
  facts: BootStepFacts,
});
export type BootStep = Static<typeof BootStep>;

/**
 * Steps of one rack. An agent numbers them from 1 within an epoch (a text of its own that never comes again); a region takes each once, so a report may
 * come twice. Dropped steps leave a gap. `at`: the rack's clock at sending.
 */
export const BootStepReport = Type.Object({
  epoch: Type.String({ pattern: '^[0-9a-f]{1,64}$' }),
  at: Type.String({ format: 'date-time' }),
  steps: Type.Array(BootStep, { maxItems: STEPS_PER_REPORT }),
});
export type BootStepReport = Static<typeof BootStepReport>;
