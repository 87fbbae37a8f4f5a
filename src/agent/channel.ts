import * as http from 'node:http';
import * as https from 'node:https';
import type { LeaseReport, Observation, PullQuery } from '../contract/agent.ts';
import { rackAuthorization } from '../contract/identity/rack-signature.ts';
import { NODE_CREDENTIAL_HEADER, REGISTER_PATH, type RegisterRequest } from '../contract/identity/registration.ts';
import { AppError, sentenceOf, show } from '../core/errors.ts';
import type { Clock, Random } from '../core/ports.ts';

/** The agent's way to the region. Every call has a time limit; faults are AppErrors `region_unreachable`,
 * `region_refused`, or `region_denied` for what this node may not (yet, or any more). */
export interface RegionChannel {
  /** Waits until there is something else than what is held; null when there was nothing in the time. Not checked yet. */
  pull(query: PullQuery): Promise<unknown>;
  report(observation: Observation): Promise<void>;
  /** Announces this host's rack. The answer is not checked yet. */
  register(request: RegisterRequest): Promise<unknown>;
  /** Reports leases; `restart`: the region misses something before it, all is to be told anew. */
  leases(report: LeaseReport): Promise<'taken' | 'restart'>;
  /** Ends all calls. */
  close(): void;
}

/** What a rack signs its calls with (`contract/identity/rack-signature.ts`). `privateKey`: PKCS #8 PEM. */
export interface RackSigner {
  readonly uuid: string;
  readonly privateKey: string;
  readonly clock: Clock;
}

/**
 * Where the regions are (`unix:/path`, `http://…`, `https://…`), tried in turn, and who this node is: by a credential (`node:<nodeId>:<secret>`)
 * where it has one, else by the rack's signature. Mutual TLS will take their place, here and in the region's authenticate.ts only.
 */
export interface ChannelOptions {
  readonly urls: readonly string[];
  readonly credential: string | null;
  readonly rack: RackSigner | null;
  readonly random: Random;
}

const CONNECT_MS = 3_000;
const REPORT_MS = 8_000;
/** What a pull may take beyond the time that it waits. */
const PULL_SLACK_MS = 8_000;
const BODY_LIMIT = 64 * 1024 * 1024;
const PROBLEM_LIMIT = 500;

interface Region {
  readonly url: string;
  readonly base: URL;
  readonly socketPath: string | null;
  readonly agent: http.Agent;
}

interface Call {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly body: unknown;
  readonly timeoutMs: number;
}

interface Answer {
  readonly status: number;
  readonly text: string;
}

/** Parses a region's address; throws AppError `configuration` with the rule. */
export function parseRegionUrl(url: string): { readonly base: URL; readonly socketPath: string | null } {
  if (url.startsWith('unix:/')) return { base: new URL('http://region'), socketPath: url.slice('unix:'.length) };
  const rule = 'Rule: unix:/PATH, http://HOST:PORT or https://HOST:PORT';
  try {
    const base = new URL(url);
    if (base.protocol === 'http:' || base.protocol === 'https:') return { base, socketPath: null };
  } catch {
    // Falls through to the sentence.
  }
  throw new AppError('configuration', `REGION_URLS: ${show(url)} is not an address of a region. ${rule}.`);
}

/** Opens the channel; nothing is connected before the first call. */
export function openChannel(options: ChannelOptions): RegionChannel {
  const regions: Region[] = options.urls.map((url) => {
    const { base, socketPath } = parseRegionUrl(url);
    const agentOptions = { keepAlive: true, maxSockets: 4 };
    const agent = base.protocol === 'https:' ? new https.Agent(agentOptions) : new http.Agent(agentOptions);
    return { url, base, socketPath, agent };
  });
  if (regions.length === 0) throw new AppError('configuration', 'REGION_URLS is empty: no region to ask');
  // Nodes that start together must not all ask the same region first.
  let index = Math.floor(options.random.fraction() * regions.length) % regions.length;
  let inUse = new AbortController();

  /** The next region for every call, those that wait at the failed one too. */
  const turnAway = (failed: Region) => {
    if (regions[index] !== failed || regions.length < 2) return;
    index = (index + 1) % regions.length;
    inUse.abort(new AppError('region_unreachable', `${failed.url} was given up`));
    inUse = new AbortController();
  };

  const call = async (what: Call): Promise<Answer> => {
    const region = regions[index];
    if (!region) throw new AppError('configuration', 'no region');
    try {
      const answer = await sendTwice(region, what, () => headersOf(options, what), inUse.signal);
      if (answer.status < 500) return answer;
      throw new AppError('region_unreachable', refusalOf(region, answer));
    } catch (error) {
      turnAway(region);
      if (error instanceof AppError) throw error;
      throw new AppError('region_unreachable', `${region.url} cannot be reached: ${sentenceOf(error)}`);
    }
  };

  const accepted = (answer: Answer): Answer => {
    if (answer.status === 200 || answer.status === 204) return answer;
    const isDenied = answer.status === 401 || answer.status === 403;
    throw new AppError(isDenied ? 'region_denied' : 'region_refused', refusalOf(regions[index], answer));
  };

  return {
    pull: async ({ generation, digest, wait }) => {
      const path = `/agent/v1/desired?generation=${generation}&digest=${digest}&wait=${wait}`;
      const timeoutMs = wait * 1000 + PULL_SLACK_MS;
      const answer = accepted(await call({ method: 'GET', path, body: undefined, timeoutMs }));
      return answer.status === 204 ? null : parse(answer.text);
    },
    report: async (observation) => {
      accepted(await call({ method: 'POST', path: '/agent/v1/observation', body: observation, timeoutMs: REPORT_MS }));
    },
    register: async (request) => {
      const answer = accepted(await call({ method: 'POST', path: REGISTER_PATH, body: request, timeoutMs: REPORT_MS }));
      return parse(answer.text);
    },
    leases: async (report) => {
      const answer = await call({ method: 'POST', path: '/agent/v1/leases', body: report, timeoutMs: REPORT_MS });
      if (answer.status === 409) return 'restart';
      accepted(answer);
      return 'taken';
    },
    close: () => {
      inUse.abort(new AppError('region_unreachable', 'the channel was closed'));
      for (const region of regions) region.agent.destroy();
    },
  };
}

type Headers = Readonly<Record<string, string>>;

/** Who calls. A registration is always signed; on the own region's socket the credential says which node it is. */
function headersOf({ credential, rack, random }: ChannelOptions, { method, path, body }: Call): Headers {
  const isRegistration = path === REGISTER_PATH;
  if (credential !== null && !isRegistration) return { authorization: `Bearer ${credential}` };
  if (rack === null) throw new AppError('configuration', 'this node has neither a credential nor a key');
  // The region digests what it parses: a member without a value is not there.
  const value: unknown = body === undefined ? undefined : JSON.parse(JSON.stringify(body));
  const proof = { uuid: rack.uuid, time: rack.clock.now(), nonce: random.hex(16) };
  const authorization = rackAuthorization({ method, path, body: value }, proof, rack.privateKey);
  return { authorization, ...(credential === null ? {} : { [NODE_CREDENTIAL_HEADER]: credential }) };
}

/** A kept connection may have been closed by the region just now: that call, and only that, is sent again, signed anew. */
async function sendTwice(region: Region, call: Call, headers: () => Headers, signal: AbortSignal): Promise<Answer> {
  try {
    return await send(region, call, headers(), signal);
  } catch (error) {
    if (!(error instanceof StaleConnection) || signal.aborted) throw error;
    return await send(region, call, headers(), signal);
  }
}

class StaleConnection extends Error {}

function send(region: Region, call: Call, who: Headers, signal: AbortSignal): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const text = call.body === undefined ? undefined : JSON.stringify(call.body);
    const headers: Record<string, string> = { ...who, accept: 'application/json' };
    if (text !== undefined) headers['content-type'] = 'application/json';
    const request = (region.base.protocol === 'https:' ? https : http).request({
      method: call.method,
      path: call.path,
      host: region.base.hostname,
      port: region.base.port,
      agent: region.agent,
      headers,
      signal,
      ...(region.socketPath === null ? {} : { socketPath: region.socketPath }),
    });
    const limit = setTimeout(() => {
      request.destroy(new AppError('region_unreachable', `${region.url} did not answer within ${call.timeoutMs} ms`));
    }, call.timeoutMs);
    const fail = (error: Error) => {
      clearTimeout(limit);
      reject(request.reusedSocket && isReset(error) ? new StaleConnection(error.message) : error);
    };
    guardConnect(request, region);
    request.on('error', fail);
    request.on('response', (response) => {
      collect(response, (error, text) => {
        clearTimeout(limit);
        if (error) fail(error);
        else resolve({ status: response.statusCode ?? 0, text });
      });
    });
    request.end(text);
  });
}

function isReset(error: Error): boolean {
  return 'code' in error && (error.code === 'ECONNRESET' || error.code === 'EPIPE');
}

/** A host that is gone answers nothing at all: connecting has a limit of its own. */
function guardConnect(request: http.ClientRequest, region: Region): void {
  request.on('socket', (socket) => {
    if (!socket.connecting) return;
    const timer = setTimeout(() => {
      request.destroy(new AppError('region_unreachable', `${region.url}: no connection within ${CONNECT_MS} ms`));
    }, CONNECT_MS);
    const done = () => clearTimeout(timer);
    socket.once('connect', done);
    socket.once('close', done);
  });
}

function collect(response: http.IncomingMessage, done: (error: Error | null, text: string) => void): void {
  const chunks: Buffer[] = [];
  let size = 0;
  response.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (size > BODY_LIMIT)
      response.destroy(new AppError('region_refused', `the answer is larger than ${BODY_LIMIT} bytes`));
    else chunks.push(chunk);
  });
  response.on('error', (error) => done(error, ''));
  response.on('end', () => done(null, Buffer.concat(chunks).toString('utf8')));
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new AppError('region_refused', 'the region answered with something that is not JSON');
  }
}

function refusalOf(region: Region | undefined, answer: Answer): string {
  let words = '';
  try {
    const problem: unknown = JSON.parse(answer.text);
    if (typeof problem === 'object' && problem !== null && 'detail' in problem) words = String(problem.detail);
  } catch {
    words = '';
  }
  return `${region?.url ?? 'the region'} answered ${answer.status} ${words}`.trim().slice(0, PROBLEM_LIMIT);
}
