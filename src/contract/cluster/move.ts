import Type from 'typebox';
import { strict, text } from '../common.ts';

/** To whom the database is handed; left out: to the nearest synchronous standby. */
export const SwitchoverRequest = strict({ to: Type.Optional(text(64, 'name or id of a region node')) });

/** Which region nodes are restarted, one at a time; left out: all. */
export const RestartRequest = strict({
  nodes: Type.Optional(Type.Array(text(64, 'name or id of a region node'), { maxItems: 64 })),
});
