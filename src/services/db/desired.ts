import Type, { type Static } from 'typebox';
import { InnerPartWithSerials } from '../kit/inner-trust.ts';

const LABEL = '^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$';
const ADDRESS = '^[0-9a-f.:]{2,45}$';

/**
 * Desired state of Patroni and PostgreSQL on a node. `regions`: the addresses that the database uses, this node's first, with joining nodes.
 * `standbys`: how many of them a commit waits for; 0: there is one member, so there is nobody to wait for. `version`: number of the dynamic
 * configuration, which all members share; a lower one never replaces a higher one.
 */
export const DbDesired = Type.Object({
  name: Type.String({ pattern: LABEL }),
  regions: Type.Array(Type.String({ pattern: ADDRESS }), { minItems: 1 }),
  /** Whom it lets in, beside that; left out: every node of the cluster. */
  inner: Type.Optional(InnerPartWithSerials),
  standbys: Type.Integer({ minimum: 0, maximum: 2 }),
  version: Type.Integer({ minimum: 1 }),
});
export type DbDesired = Static<typeof DbDesired>;
