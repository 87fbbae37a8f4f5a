import Type, { type Static } from 'typebox';
import { Compile } from 'typebox/compile';
import { Observation } from './agent.ts';
import { nullable, oneOf, strict } from '../base/common.ts';
import { jsonOrNull } from '../../core/json.ts';

/** The members of the site, as a region read them last. */
export const Layout = strict({
  cluster: nullable(
    strict({
      id: Type.String(),
      vip: nullable(Type.String()),
      virtualRouter: Type.Integer(),
      isDatabaseExternal: Type.Optional(Type.Boolean()),
    }),
  ),
  nodes: Type.Array(
    strict({
      id: Type.String(),
      name: Type.String(),
      isRegion: Type.Boolean(),
      isRack: Type.Boolean(),
      state: oneOf(['joining', 'member', 'leaving']),
      isDrained: Type.Optional(Type.Boolean()),
      drainedAt: Type.Optional(Type.String({ format: 'date-time' })),
      address: Type.String(),
    }),
    { maxItems: 10_000 },
  ),
  racks: Type.Array(strict({ name: Type.String(), isMaster: Type.Boolean(), vlans: Type.Array(Type.String()) }), {
    maxItems: 10_000,
  }),
  /** VLANs with DHCP. A region of an earlier release leaves it out. */
  served: Type.Optional(
    Type.Array(
      strict({
        vlan: Type.String(),
        primary: nullable(Type.String()),
        secondary: nullable(Type.String()),
        others: Type.Array(Type.String()),
      }),
      { maxItems: 10_000 },
    ),
  ),
});
export type Layout = Static<typeof Layout>;

/** What one region remembers: what other regions ask it while the database is away. `at`: when the report came, by this region's clock. */
export const RegionMemory = Type.Object({
  node: Type.String(),
  version: Type.String(),
  isReady: Type.Boolean(),
  layout: nullable(Layout),
  reports: Type.Array(
    Type.Object({
      nodeId: Type.String(),
      at: Type.String({ format: 'date-time' }),
      report: Observation,
      /** When this region first received what the node still reports: that it has a role, that Patroni is paused. A region of an earlier release leaves it out. */
      first: Type.Optional(
        Type.Object({
          primary: Type.Optional(Type.String({ format: 'date-time' })),
          vip: Type.Optional(Type.String({ format: 'date-time' })),
          paused: Type.Optional(Type.String({ format: 'date-time' })),
        }),
      ),
    }),
    { maxItems: 10_000 },
  ),
});
export type RegionMemory = Static<typeof RegionMemory>;

/** Paths on port 5251 that region nodes ask each other, without a load balancer between them. */
export const PEER_PREFIX = '/peer/';
/** Path of it. */
export const MEMORY_PATH = `${PEER_PREFIX}v1/memory`;

const layoutForm = Compile(Layout);
const memoryForm = Compile(RegionMemory);

/** Reads a stored layout; null when the text is none. */
export function parseLayout(text: string): Layout | null {
  const value = jsonOrNull(text);
  return layoutForm.Check(value) ? value : null;
}

/** Reads what another region answered; null when it is none of ours. */
export function parseMemory(text: string): RegionMemory | null {
  const value = jsonOrNull(text);
  return memoryForm.Check(value) ? value : null;
}
