import Type, { type Static } from 'typebox';
import { InnerPart } from '../kit/inner-trust.ts';

const LABEL = '^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$';
const ADDRESS = '^[0-9a-f.:]{2,45}$';

/** A region node: its name is its member's name. */
const Member = Type.Object({ name: Type.String({ pattern: LABEL }), address: Type.String({ pattern: ADDRESS }) });

/**
 * Desired state of etcd on a node. `members` and `isNew` matter while its data folder is empty. `isNew`: it begins a cluster of these members;
 * otherwise it joins the cluster that has already accepted it. `clusterId`: etcd's token.
 */
export const DcsDesired = Type.Object({
  clusterId: Type.String({ pattern: '^[a-z0-9][a-z0-9-]{0,62}$' }),
  name: Type.String({ pattern: LABEL }),
  address: Type.String({ pattern: ADDRESS }),
  members: Type.Array(Member, { minItems: 1 }),
  isNew: Type.Boolean(),
  /** Whom it lets in, beside that; left out: every node of the cluster. */
  inner: Type.Optional(InnerPart),
  /** The cluster was recovered: its epoch, signed, and who was counted as lost. Left out: it never was. */
  recovered: Type.Optional(
    Type.Object({
      epoch: Type.String({ pattern: '^[0-9]{1,3}(?:/[0-9a-f]{8}@[0-9]{1,15})+$' }),
      signature: Type.String({ pattern: '^[A-Za-z0-9+/]{20,200}={0,2}$' }),
      lost: Type.Array(Member),
    }),
  ),
});
export type DcsDesired = Static<typeof DcsDesired>;
