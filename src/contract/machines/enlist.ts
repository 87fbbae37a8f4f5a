import Type, { type Static } from 'typebox';
import { BootPlan } from '../../boot/record.ts';

/** Where a rack asks about a machine that it has no boot record of. */
export const ENLIST_PATH = '/agent/v1/enlist';

const MAC = Type.String({ pattern: '^[0-9a-f]{2}(?::[0-9a-f]{2}){5}$' });
const UUID = Type.String({ pattern: '^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$' });
const SERIAL = Type.String({ pattern: '^[A-Za-z0-9 ._:/,()#+@=*-]{1,64}$' });

/**
 * A machine as its firmware described it to the rack (`src/boot/client.ts`). Null: not reported. `via`: an address on the network that the request came from, the rack's
 * own or the machine's; left out: the rack does not say.
 */
export const EnlistQuestion = Type.Object({
  mac: MAC,
  uuid: Type.Union([UUID, Type.Null()]),
  serial: Type.Union([SERIAL, Type.Null()]),
  architecture: Type.Union([Type.Literal('amd64'), Type.Literal('arm64')]),
  firmware: Type.Union([Type.Literal('bios'), Type.Literal('uefi')]),
  via: Type.Optional(Type.String({ maxLength: 45 })),
});
export type EnlistQuestion = Static<typeof EnlistQuestion>;

/** Characters of a reason. */
export const REASON_MAX = 500;
const Reason = Type.Optional(Type.String({ maxLength: REASON_MAX }));

/** offer: it boots this and is enlisted; ignored: it is left alone; busy: it asks again later. `reason`: for its console. */
export const EnlistReply = Type.Union([
  Type.Object({ kind: Type.Literal('offer'), boot: BootPlan }),
  Type.Object({ kind: Type.Literal('ignored'), reason: Reason }),
  Type.Object({ kind: Type.Literal('busy'), reason: Reason }),
]);
export type EnlistReply = Static<typeof EnlistReply>;
