import Type, { type Static } from 'typebox';
import { Check } from 'typebox/value';
import { BOOT_DEVICES, POWER_STATES, POWER_TYPES, STOP_MODES } from '../../model/machines/power.ts';
import { nullable, oneOf, strict } from '../base/common.ts';
import { textMap } from '../base/text-map.ts';

/** Arguments and results of the commands by which an agent switches machines and queries their power. */

/** One machine at its BMC. `learned`: what earlier orders found out. Its secrets go beside it. */
const Target = {
  powerType: oneOf(POWER_TYPES),
  parameters: textMap('without secrets'),
  learned: Type.Record(Type.String(), Type.String()),
  epoch: Type.Integer({ minimum: 0, description: "of whoever holds the BMC's orders" }),
};

/** Addresses of the cluster at which no BMC is contacted when its name leads there; an agent of an earlier release does not know them. */
const Closed = Type.Optional(Type.Array(Type.String({ maxLength: 45 }), { maxItems: 1000 }));

/** What came of it. `code`, `why`, `remedy`: of what did not come about. */
const Outcome = {
  outcome: oneOf(['done', 'failed', 'overtaken'], 'overtaken: a later order came first'),
  state: oneOf(POWER_STATES),
  hasChanged: Type.Boolean(),
  code: nullable(Type.String()),
  why: Type.String(),
  remedy: Type.String(),
  notes: Type.Array(Type.String()),
  learned: Type.Record(Type.String(), Type.String()),
};

export const PowerArgs = strict({
  machine: Type.String(),
  ...Target,
  verb: oneOf(['on', 'off', 'query']),
  boot: Type.Optional(oneOf(BOOT_DEVICES)),
  stopMode: Type.Optional(oneOf(STOP_MODES)),
  seconds: Type.Integer({ minimum: 1, description: 'how long the order may take' }),
  closed: Closed,
});
export type PowerArgs = Static<typeof PowerArgs>;
export const PowerResult = strict(Outcome);
export type PowerResult = Static<typeof PowerResult>;

/** Secrets by name; those of a query: by machine and name, `ID/NAME`. */
export const PowerSecrets = Type.Record(Type.String(), Type.String());

export const PowerQueryArgs = strict({
  machines: Type.Array(strict({ id: Type.String(), ...Target }), { maxItems: 32 }),
  closed: Closed,
});
export const PowerQueryResult = strict({
  machines: Type.Array(strict({ id: Type.String(), ...Outcome }), { maxItems: 32 }),
});

export const BmcProbeArgs = strict({
  powerType: oneOf(POWER_TYPES),
  parameters: textMap('without secrets'),
  closed: Closed,
});
export const BmcProbeResult = strict({
  isReachable: Type.Boolean(),
  ms: nullable(Type.Number({ description: 'until the answer' })),
  why: Type.String(),
});

/** What came of an order; null: this is no such result. */
export const readPowerResult = (result: unknown): PowerResult | null => (Check(PowerResult, result) ? result : null);

/** The result of a query; null: this is no such result. */
export function readPowerQueryResult(result: unknown): Static<typeof PowerQueryResult> | null {
  return Check(PowerQueryResult, result) ? result : null;
}

/** What came of a probe; null: this is no such result. */
export function readBmcProbe(result: unknown): Static<typeof BmcProbeResult> | null {
  return Check(BmcProbeResult, result) ? result : null;
}
