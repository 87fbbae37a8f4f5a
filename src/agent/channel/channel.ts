import * as http from 'node:http';
import type { LeaseReport, Observation, PullQuery } from '../../contract/cluster/agent.ts';
import { LEASES_PATH, OBSERVATION_PATH } from '../../contract/cluster/agent.ts';
import type { ClaimRequest, CommandReport } from '../../contract/base/command.ts';
import { CLAIM_PATH, isCommandCall, reportPath } from '../../contract/base/command.ts';
import { BOOT_STEPS_PATH, type BootStepReport } from '../../contract/machines/boot-steps.ts';
import { PARTS_PATH, type PartsQuestion } from '../../contract/cluster/desired-parts.ts';
import {
  CERTIFICATE_PATH,
  HOST_CERTIFICATE_PATH,
  PAIR_CERTIFICATE_PATH,
  SITE_CERTIFICATE_PATH,
} from '../../contract/cluster/join.ts';
import { decide } from '../../contract/base/wire/decide.ts';
import { ENLIST_PATH, type EnlistQuestion } from '../../contract/machines/enlist.ts';
import { REGISTER_PATH, type RegisterRequest } from '../../contract/cluster/registration.ts';
import { AppError, sentenceOf } from '../../core/errors.ts';
import { openConnections, type TrustedConnection, ConnectionReplaced } from './connections.ts';
import { type RegionAnswer, type RegionCall, Overtaken, sendTwice } from './send.ts';
import type { RegionTarget } from './targets.ts';
import { ask, type RegionAttempt } from './ask.ts';
import type { ChannelOptions } from './options.ts';
import { checkEpoch, headersOf, isMaskedDenial, mayCarry } from './who.ts';

/** The agent's calls to the region. Every call has a time limit; faults are AppErrors `region_unreachable`,
 * `region_refused`, or `region_denied` for what this node may not (yet, or any more). */
export interface RegionChannel {
  /** Waits until there is something else than what is held; null when there was nothing in the time. Not checked yet. */
  pull(query: PullQuery): Promise<unknown>;
  /** Parts of what is published for this node. The answer is not checked yet. */
  parts(question: PartsQuestion): Promise<unknown>;
  /** `signal` ends it for a later one, with its reason; the region may have taken it. */
  report(observation: Observation, signal?: AbortSignal): Promise<void>;
  /** Announces this host's rack. The answer is not checked yet. */
  register(request: RegisterRequest): Promise<unknown>;
  /** Reports leases; `restart`: the region misses an earlier report, so all leases must be sent again. */
  leases(report: LeaseReport): Promise<'taken' | 'restart'>;
  /** Reports steps of machines that boot; a step may be sent twice. `unknown`: the region is of a release that does not take it. */
  bootSteps(report: BootStepReport): Promise<'taken' | 'unknown'>;
  /** Takes commands of this node. The answer is not checked yet. */
  claim(request: ClaimRequest): Promise<unknown>;
  /** Reports the end of a command; `late`: the command belongs to this agent no more, so it reports nothing more. */
  endCommand(id: number, report: CommandReport): Promise<'taken' | 'late'>;
  /** Asks for a certificate of this node by a request (PKCS #10, PEM). The answer is not checked yet. */
  certify(csr: string): Promise<unknown>;
  /** Asks for the certificate of the whole site with its key. The answer is not checked yet. */
  siteCertificate(): Promise<unknown>;
  /** Asks for a certificate of this rack's DHCP servers for their partners. The answer is not checked yet. */
  pairCertificate(csr: string): Promise<unknown>;
  /** Asks about a machine that nobody knows; `signal` gives it up. The answer is not checked yet. */
  enlist(question: EnlistQuestion, signal: AbortSignal): Promise<unknown>;
  /** Region nodes as the ledger knows them; the next call goes by them. */
  setRegions(regions: readonly { readonly address: string }[]): void;
  /** Ends all calls. */
  close(): void;
}

const REPORT_MS = 8_000;
/** What a pull may take beyond the time that it waits. */
const PULL_SLACK_MS = 8_000;
const PROBLEM_LIMIT = 500;
/** All tries of a call end within this many times what one may take: a region that dies late leaves time for another one. */
const DEADLINE_FACTOR = 2;
/** How often a call starts again because the connections to the regions changed under it. */
const RESTARTS_MAX = 5;

/** An answer, or the sentence that says why there is none. */
type Tried = RegionAnswer | string;

/** A region of an earlier release knows no commands, no certificates of sites and of pairs, and enlists nobody; another one may. */
function isUnknown(what: RegionCall, { status }: RegionAnswer): boolean {
  return status === 404 && (isCommandCall(what.path) || YOUNG.includes(what.path));
}

const YOUNG: readonly string[] = [ENLIST_PATH, SITE_CERTIFICATE_PATH, PAIR_CERTIFICATE_PATH];

/** Opens the channel; nothing is connected before the first call. Throws AppError `configuration` for a bad address. */
export function openChannel(options: ChannelOptions): RegionChannel {
  const connections = openConnections(options);

  /** Asks one region. An answer that another region may know better than is none. */
  const tryOne = async (connection: TrustedConnection, what: RegionCall, attempt: RegionAttempt): Promise<Tried> => {
    try {
      const answer = await ask(connection, what, attempt, () => headersOf(options, connection.target, what));
      checkEpoch(options, connection.target, answer);
      if (answer.status >= 500 || isUnknown(what, answer))
        throw new AppError('region_unreachable', refusalOf(connection.target, answer));
      connections.worked(connection);
      if (attempt.isLast || !isMaskedDenial(connection.target, what, answer))
        return checked(connection.target, what, answer);
      return refusalOf(connection.target, answer);
    } catch (error) {
      if (isFinal(error)) throw error;
      connections.failed(connection);
      return error instanceof AppError ? error.message : `${connection.target.url}: ${sentenceOf(error)}`;
    }
  };

  /** Tries all regions in turn, once each: what calls again and when is the agent's loops' affair. */
  const tryAll = async (what: RegionCall): Promise<RegionAnswer> => {
    const order = connections.order().filter((connection) => mayCarry(options, connection.target, what));
    const problems: string[] = [];
    const end = options.clock.monotonic() + DEADLINE_FACTOR * what.timeoutMs;
    let connection = order[0];
    for (let tries = 1; connection; tries += 1) {
      const leftMs = end - options.clock.monotonic();
      const attempt = { isLast: tries === order.length, hasOthers: order.length > 1 };
      const tried = await tryOne(connection, { ...what, timeoutMs: Math.min(what.timeoutMs, leftMs) }, attempt);
      if (typeof tried !== 'string') return tried;
      problems.push(tried);
      const next = decide({
        outcome: { kind: 'broken' },
        tries,
        addresses: order.length,
        rounds: 1,
        // Every call of the protocol may arrive twice: a report replaces, leases are numbered, the rest asks.
        isRepeatable: true,
        leftMs: end - options.clock.monotonic(),
        pauseMs: null,
        fraction: 0,
      });
      connection = next.kind === 'again' ? order[next.address] : undefined;
    }
    const none = 'no region is known: set MAAS_URL in /etc/regent/rack.conf, or REGION_URLS in /etc/regent/agent.conf';
    throw new AppError('region_unreachable', problems.join('; ').slice(0, 2 * PROBLEM_LIMIT) || none);
  };

  const call = async (what: RegionCall): Promise<RegionAnswer> => {
    for (let round = 1; ; round += 1) {
      try {
        return await tryAll(what);
      } catch (error) {
        if (!(error instanceof ConnectionReplaced) || connections.isClosed() || round === RESTARTS_MAX) throw error;
      }
    }
  };
  const post = (path: string, body: unknown, ended?: Pick<RegionCall, 'signal'>) =>
    call({ method: 'POST', path, body, timeoutMs: REPORT_MS, ...ended });

  return {
    pull: async (query) => {
      const timeoutMs = query.wait * 1000 + PULL_SLACK_MS;
      const answer = await call({ method: 'GET', path: pullPath(query), body: undefined, timeoutMs });
      return answer.status === 204 ? null : parse(answer.text);
    },
    parts: async (question) => parse((await post(PARTS_PATH, question)).text),
    report: async (observation, signal) => void (await post(OBSERVATION_PATH, observation, signal && { signal })),
    register: async (request) => parse((await post(REGISTER_PATH, request)).text),
    leases: async (report) => ((await post(LEASES_PATH, report)).status === 409 ? 'restart' : 'taken'),
    bootSteps: async (report) => ((await post(BOOT_STEPS_PATH, report)).status === 404 ? 'unknown' : 'taken'),
    claim: async (request) => parse((await post(CLAIM_PATH, request)).text),
    endCommand: async (id, report) => ((await post(reportPath(id), report)).status === 409 ? 'late' : 'taken'),
    siteCertificate: async () => parse((await post(SITE_CERTIFICATE_PATH, {})).text),
    pairCertificate: async (csr) => parse((await post(PAIR_CERTIFICATE_PATH, { csr })).text),
    enlist: async (question, signal) => parse((await post(ENLIST_PATH, question, { signal })).text),
    certify: async (csr) => {
      const answer = await post(CERTIFICATE_PATH, { csr }).catch((error: Error) => error);
      if (!(answer instanceof Error)) return parse(answer.text);
      return await certifyHere(options.hostSocket, csr, answer);
    },
    setRegions: (regions) => connections.setRegions(regions),
    close: () => connections.close(),
  };
}

/** Where no region can be reached, that of this host; `why`: what the others answered. */
async function certifyHere(socket: string | undefined, csr: string, why: Error): Promise<unknown> {
  if (!isAway(why) || socket === undefined) throw why;
  return await askOwnRegion(socket, csr, why);
}

const isAway = (error: Error): error is AppError => error instanceof AppError && error.code === 'region_unreachable';

/** No other region can answer it better. */
function isFinal(error: unknown): boolean {
  if (error instanceof ConnectionReplaced || error instanceof Overtaken) return true;
  return error instanceof AppError && error.code !== 'region_unreachable';
}

function pullPath({ generation, digest, wait, commands, parts = false }: PullQuery): string {
  const more = `${commands === undefined ? '' : `&commands=${commands}`}${parts ? '&parts=true' : ''}`;
  return `/agent/v1/desired?generation=${generation}&digest=${digest}&wait=${wait}${more}`;
}

/** By the socket of this host's own region, which knows its agent by the kernel (SO_PEERCRED). `before`: why no region answered. */
async function askOwnRegion(socketPath: string, csr: string, before: AppError): Promise<unknown> {
  const url = `unix:${socketPath}`;
  const target: RegionTarget = {
    url,
    base: new URL('http://region'),
    socketPath,
    proof: 'credential',
    rank: 0,
    isPublic: false,
  };
  const agent = new http.Agent();
  const what: RegionCall = { method: 'POST', path: HOST_CERTIFICATE_PATH, body: { csr }, timeoutMs: REPORT_MS };
  try {
    const answer = await sendTwice({ target, agent }, what, () => ({}), AbortSignal.timeout(REPORT_MS));
    return parse(checked(target, what, answer).text);
  } catch (error) {
    const isAnswer = error instanceof AppError && error.code !== 'region_unreachable';
    if (isAnswer) throw error;
    // A rack's host has no region.
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') throw before;
    throw new AppError(
      'region_unreachable',
      `${before.message}; ${url}: ${sentenceOf(error)}`.slice(0, 3 * PROBLEM_LIMIT),
    );
  } finally {
    agent.destroy();
  }
}

function checked(target: RegionTarget, what: RegionCall, answer: RegionAnswer): RegionAnswer {
  if (answer.status === 200 || answer.status === 204) return answer;
  if (answer.status === 404 && what.path === BOOT_STEPS_PATH) return answer;
  if (answer.status === 409 && (what.path === LEASES_PATH || isCommandCall(what.path))) return answer;
  const isDenied = answer.status === 401 || answer.status === 403;
  throw new AppError(isDenied ? 'region_denied' : 'region_refused', refusalOf(target, answer));
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new AppError('region_refused', 'the region answered with something that is not JSON');
  }
}

function refusalOf(target: RegionTarget, answer: RegionAnswer): string {
  let detail = '';
  try {
    const problem: unknown = JSON.parse(answer.text);
    if (typeof problem === 'object' && problem !== null && 'detail' in problem) detail = String(problem.detail);
  } catch {
    detail = '';
  }
  return `${target.url} answered ${answer.status} ${detail}`.trim().slice(0, PROBLEM_LIMIT);
}
