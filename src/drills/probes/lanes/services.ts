import { Agent } from 'node:http';
import { connect } from 'node:net';
import type { ApiPlace, DnsOrder, NamedServer, ProberConfig, ProxyOrder, ReadOrder } from '../config.ts';
import { askDns, type DnsAnswer } from '../dns/ask.ts';
import { startDeadline } from '../time/deadline.ts';
import { get, type GetAnswer } from '../web/get.ts';
import { getThroughProxy } from '../web/proxy-get.ts';
import { whyOf } from '../why.ts';
import type { Probe } from './lane.ts';

/** Reads of the API: one try, in turn on a connection of its own and on a keep-alive one. */
export function readProbe(api: ApiPlace, order: ReadOrder, everyMs: number): Probe {
  const keepAliveAgent = new Agent({ keepAlive: true });
  const headers = { authorization: `Bearer ${api.apiKey}`, accept: 'application/json' };
  const place = { host: api.host, port: api.port, ...order, headers };
  return {
    name: 'read',
    everyMs,
    ask: (turn, done) =>
      get({ ...place, agent: turn % 2 === 0 ? false : keepAliveAgent }, (answer) => done({ why: readLack(answer) })),
  };
}

/** Who refused it: a region, or haproxy, which shows itself in its own answers. */
function readLack(answer: GetAnswer): string {
  const why = lack(answer);
  return why !== '' && 'regent-answer' in answer.headers ? `${why} haproxy` : why;
}

/** Connections, which are closed again without a request. */
export function connectProbe(name: string, place: NonNullable<ProberConfig['vip']>, everyMs: number): Probe {
  return {
    name,
    everyMs,
    ask: (_, done) => {
      const socket = connect(place.port, place.host);
      const finish = (why: string) => {
        cancel();
        socket.destroy();
        done({ why });
      };
      const cancel = startDeadline(place.timeoutMs, () => finish('timeout'));
      socket.on('connect', () => finish('')).on('error', (error) => finish(whyOf(error)));
    },
  };
}

/** One resolver, queried for a name. */
export function dnsProbe(order: DnsOrder, server: NamedServer, everyMs: number): Probe {
  return {
    name: `dns ${server.host}`,
    everyMs,
    ask: (_, done) => askServer(order, server, (answer) => done({ why: dnsLack(answer) })),
  };
}

/**
 * The name, as a machine with these resolvers queries it: the next is queried when one is silent or refuses, and the list is gone
 * through twice (`attempts`, resolv.conf(5)).
 */
export function lookupProbe(order: DnsOrder, everyMs: number): Probe {
  const next = (servers: readonly NamedServer[], why: string, done: (why: string) => void): void => {
    const [server, ...others] = servers;
    if (!server) return done(why);
    askServer(order, server, (answer) => {
      const lack = dnsLack(answer);
      // "No such name" is an answer.
      if (lack === '' || answer.rcode === 0 || answer.rcode === 3) done(lack);
      else next(others, lack, done);
    });
  };
  return {
    name: 'lookup',
    everyMs,
    ask: (_, done) => next([...order.lookup, ...order.lookup], 'no resolver', (why) => done({ why })),
  };
}

/** Fetches of paths that nobody has fetched before. `run`: part of each path, another one for each prober. */
export function proxyProbe(order: ProxyOrder, run: string): Probe {
  const { host, port, timeoutMs, everyMs } = order;
  const base = `http://${order.origin}:${order.originPort}/probe/${run}`;
  return {
    name: 'proxy',
    everyMs,
    ask: (turn, done) =>
      getThroughProxy({ url: `${base}/${turn}`, host, port, timeoutMs }, (answer) => done({ why: lack(answer) })),
  };
}

function lack({ status, why }: { readonly status: number | null; readonly why: string }): string {
  if (status === null) return why;
  return status >= 200 && status < 300 ? '' : String(status);
}

function askServer(order: DnsOrder, server: NamedServer, done: (answer: DnsAnswer) => void): void {
  const { name, type, timeoutMs } = order;
  const port = server.port === undefined ? {} : { port: server.port };
  askDns({ name, type, server: server.address, ...port, timeoutMs, isEager: true }, done);
}

const RCODES: Readonly<Record<number, string>> = {
  1: 'FORMERR',
  2: 'SERVFAIL',
  3: 'NXDOMAIN',
  4: 'NOTIMP',
  5: 'REFUSED',
};

function dnsLack({ rcode, data }: DnsAnswer): string {
  if (rcode === 0) return data.length > 0 ? '' : 'no data';
  return typeof rcode === 'string' ? rcode : (RCODES[rcode] ?? `RCODE ${rcode}`);
}
