import Type, { type Static } from 'typebox';

const ADDRESS_PATTERN = '^[0-9a-f.:]{2,45}$';
const NETWORK_PATTERN = '^[0-9a-f.:]{2,45}/[0-9]{1,3}$';
const LABEL = '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?';
const NAME_PATTERN = `^(?=.{1,253}$)${LABEL}(?:\\.${LABEL})*$`;
/** A host in a URL: also with underscores, which no host of ours has. */
const URL_LABEL = '[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?';
export const CLOSED_NAME = `(?=[^ ]{1,253}$)${URL_LABEL}(?:\\.${URL_LABEL})*`;

const Port = Type.Integer({ minimum: 1, maximum: 65_535 });
const Address = Type.String({ pattern: ADDRESS_PATTERN });
const Name = Type.String({ pattern: NAME_PATTERN });

/** Desired state of Squid on a node. `name`: its name for clients. `cacheMb`: the largest size of its cache on disk. */
export const ProxyDesired = Type.Object({
  name: Name,
  port: Port,
  /** Networks that may use it. */
  clients: Type.Array(Type.String({ pattern: NETWORK_PATTERN })),
  /** Addresses and names of all nodes. Squid reaches only the region's API on them. */
  nodes: Type.Array(Address),
  nodeNames: Type.Array(Name),
  /** Networks that nobody is led to. Left out: none. */
  closed: Type.Optional(Type.Array(Type.String({ pattern: NETWORK_PATTERN }))),
  /** Names that nobody is led to: BMCs, and what leads to them. Left out: none. */
  closedNames: Type.Optional(Type.Array(Type.String({ pattern: `^${CLOSED_NAME}$` }))),
  /** Name servers, queried in this order. */
  resolvers: Type.Array(Address),
  /** The parent proxy; null: Squid asks the origin. */
  parent: Type.Union([
    Type.Null(),
    Type.Object({ host: Type.String({ pattern: `${ADDRESS_PATTERN}|${NAME_PATTERN}` }), port: Port }),
  ]),
  cacheMb: Type.Integer({ minimum: 64, maximum: 1_048_576 }),
});
export type ProxyDesired = Static<typeof ProxyDesired>;
