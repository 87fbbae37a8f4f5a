import Type, { type Static } from 'typebox';
import { IDENTITY_MAX } from '../../core/node-identity.ts';
import { nullable, strict, text, Time } from '../base/common.ts';
import { ADMINS, get, post } from '../base/route-spec.ts';
import { NodeParams } from './node.ts';

/** Parts of a node's share of a support bundle that are no log: facts of its host, and what Patroni and etcd of a region node report. */
export const SUPPORT_FACT_PARTS = [
  'facts-host',
  'facts-network',
  'facts-clock',
  'facts-units',
  'facts-database',
] as const;
/** Programs of Regent whose logs are in a bundle, beside those of services. */
export const SUPPORT_PROGRAMS = ['agent', 'helper', 'region'] as const;
/** Bytes of a piece of a packed part: in base64 it fits into a result. */
export const SUPPORT_PIECE = 45_000;
const PACKED_MAX = 16 * 1024 * 1024;

const Offset = Type.Integer({ minimum: 0, maximum: PACKED_MAX, description: 'byte of the packed text' });
const Piece = {
  data: nullable(Type.String({ maxLength: 65_536, description: 'base64 of a piece of the text, packed by gzip' })),
  next: nullable(Type.Integer({ description: 'offset of the next piece; null: this was the last' })),
  cut: nullable(Type.String({ description: 'what was left out; null: nothing' })),
};

/** The request to an agent. `address`: the node's own, at which its Patroni answers; null: it has none. */
export const ReadSupportArgs = strict({
  part: Type.String({ maxLength: IDENTITY_MAX }),
  since: nullable(Time),
  offset: Offset,
  address: nullable(Type.String({ maxLength: 45 })),
});
export const ReadSupportResult = strict(Piece);
export type ReadSupportResult = Static<typeof ReadSupportResult>;

export const NodeSupportParams = strict({
  ...NodeParams.properties,
  part: text(IDENTITY_MAX, `${SUPPORT_FACT_PARTS.join(', ')}, or the part of a log, such as dns or agent`),
});
export const NodeSupportQuery = strict({
  since: Type.Optional(Type.String({ format: 'date-time', description: 'lines of a log from then on' })),
  offset: Type.Optional(Offset),
});

/** A piece of a part of a node's share of a support bundle; its agent has masked it. */
export const NodeSupport = strict({
  node: Type.String(),
  part: Type.String(),
  ...Piece,
  why: nullable(Type.String({ description: 'why there is none; null: there is one' })),
});
export type NodeSupport = Static<typeof NodeSupport>;

/** What a region knows of the database, for a support bundle. */
export const SupportStart = strict({
  at: Time,
  version: Type.String(),
  database: Type.Record(Type.String(), Type.Unknown(), { description: 'statistics by their names' }),
});
export type SupportStart = Static<typeof SupportStart>;

/** Calls by which the command line makes a support bundle. */
export const SUPPORT_ROUTES = {
  'support-bundle.start': post(
    '/support-bundle',
    'Begin a support bundle: the audit has it; gives statistics of the database',
    {
      roles: ADMINS,
      response: SupportStart,
      status: 200,
    },
  ),
  'node.support': get('/nodes/{node}/support/{part}', 'A part of a node’s share of a support bundle, without secrets', {
    roles: ADMINS,
    params: NodeSupportParams,
    query: NodeSupportQuery,
    response: NodeSupport,
  }),
} as const;
