import * as http from 'node:http';
import * as https from 'node:https';
import { AppError } from '../../core/errors.ts';
import { REGION_SERVER_NAME } from '../../core/node-identity.ts';
import { PORTS } from '../../model/cluster/cluster.ts';
import type { ChannelOptions } from './options.ts';
import { openEndpoints } from './endpoints.ts';
import type { Connection } from './send.ts';
import { type RegionTarget, targetsOf } from './targets.ts';
import type { Trust } from './trust.ts';

/** A region as a call uses it. `inUse` is aborted when this connection is no longer used. */
export interface TrustedConnection extends Connection {
  readonly target: RegionTarget & { readonly hasSecure: boolean };
  readonly inUse: AbortController;
}

/** The connections to all regions, in step with the ledger and with the files of the certificate. */
export interface Connections {
  order(): readonly TrustedConnection[];
  worked(connection: TrustedConnection): void;
  failed(connection: TrustedConnection): void;
  setRegions(regions: readonly { readonly address: string }[]): void;
  isClosed(): boolean;
  close(): void;
}

/** A call's region is no region any more, or has another address: the call starts again. */
export class ConnectionReplaced extends AppError {
  constructor(reason: string) {
    super('region_unreachable', reason);
  }
}

const SOCKETS_MAX = 8;

/** Opens them; throws AppError `configuration` for a bad address. */
export function openConnections(options: ChannelOptions): Connections {
  const endpoints = openEndpoints(options);
  const connections = new Map<string, TrustedConnection>();
  let regions: readonly { readonly address: string }[] = [];
  let built: string | null = null;
  let trustId: string | null = null;
  let isClosed = false;

  const drop = (key: string, connection: TrustedConnection, reason: string) => {
    connections.delete(key);
    connection.inUse.abort(new ConnectionReplaced(reason));
    connection.agent.destroy();
  };

  const rebuild = () => {
    const trust = options.trust?.() ?? null;
    const id = trust?.id ?? '';
    const wanted = JSON.stringify([regions, id, trust?.isUsable]);
    if (wanted === built || isClosed) return;
    const hasCertificate = trust?.isUsable === true;
    const targets = targetsOf({
      urls: options.urls,
      apiUrls: options.apiUrls ?? [],
      regions,
      own: options.own?.() ?? new Set(),
      hasCredential: options.credential !== null,
      hasCertificate,
      hasAuthority: trust !== null,
      agentPort: options.agentPort ?? PORTS.agents,
    });
    const hasSecure = targets.some(({ proof }) => proof === 'certificate');
    const next = new Map(targets.map((target) => [`${target.proof} ${target.url}`, { ...target, hasSecure }]));
    for (const [key, connection] of Array.from(connections)) {
      const isSame = next.has(key) && (id === trustId || connection.target.base.protocol !== 'https:');
      if (!isSame) drop(key, connection, `${connection.target.url} is no longer used`);
    }
    for (const [key, target] of next) {
      const before = connections.get(key);
      const connection = before ?? { agent: agentFor(target, trust), inUse: new AbortController() };
      connections.set(key, Object.assign(connection, { target }));
    }
    endpoints.setTargets(targets);
    built = wanted;
    trustId = id;
  };
  rebuild();

  return {
    order: () => {
      rebuild();
      return endpoints.order().flatMap(({ proof, url }) => connections.get(`${proof} ${url}`) ?? []);
    },
    worked: ({ target }) => endpoints.worked(target),
    failed: ({ target, agent }) => {
      // What made one connection silent has mostly made the idle ones silent; each would cost a call its whole time.
      for (const socket of Object.values(agent.freeSockets).flatMap((sockets) => sockets ?? [])) socket.destroy();
      endpoints.failed(target);
    },
    setRegions: (next) => {
      regions = next.map(({ address }) => ({ address }));
      rebuild();
    },
    isClosed: () => isClosed,
    close: () => {
      isClosed = true;
      for (const [key, connection] of Array.from(connections)) drop(key, connection, 'the channel was closed');
    },
  };
}

function agentFor({ base, proof }: RegionTarget, trust: Trust | null): http.Agent {
  const common = { keepAlive: true, maxSockets: SOCKETS_MAX };
  if (base.protocol !== 'https:') return new http.Agent(common);
  // Region nodes are recognised only by the authority's certificate, wherever they are reached.
  const pinned = trust && { ca: trust.authority, servername: REGION_SERVER_NAME, minVersion: 'TLSv1.2' as const };
  const shown = trust && proof === 'certificate' ? { cert: trust.certificate, key: trust.key } : {};
  return new https.Agent({ ...common, ...pinned, ...shown });
}
