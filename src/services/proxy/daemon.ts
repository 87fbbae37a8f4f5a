import type { Command, CommandRule, ExecResult } from '../../core/host-values.ts';
import type { Activation, FileChange, OutsideNeed, RoleChange, ServiceHealth, StagedFile } from '../kit/contract.ts';
import { checkEach, startOrReload } from '../kit/steps.ts';
import type { ProxyDesired } from './desired.ts';
import { markOf, SQUID_CONF } from './view.ts';

const USER = 'proxy';
const CHECK = ['/usr/sbin/squid', '-k', 'parse', '-f'];
const ASK_MS = 2000;
const PARENT_MS = 3000;
/** The node's own API, which is always there on a region node. It is the only address of the node that Squid fetches. */
export const ORIGIN = 'http://127.0.0.1:5240/health/live';
/** Squid's messages that it got no answer from the origin. They do not affect its own health. */
const ORIGIN_FAULTS =
  /^ERR_(?:CONNECT_FAIL|READ_TIMEOUT|READ_ERROR|ZERO_SIZE_OBJECT|WRITE_ERROR|INVALID_RESP|LIFETIME_EXP|CANNOT_FORWARD|GATEWAY_FAILURE)$/;

/** Command lines that the helper accepts for `proxy`. */
export const PROXY_COMMANDS: readonly CommandRule[] = [
  { argv: [...CHECK, { pattern: '/etc/squid/regent/\\.stage/squid\\.conf' }], isChecker: true },
  { argv: ['/usr/sbin/squid', '-v'] },
];

/** Squid reads the staged file as its own user. */
export function checkProxy(staged: readonly StagedFile[]): readonly Command[] {
  return checkEach(staged, { argv: () => CHECK, user: USER, timeoutMs: 20_000 });
}

/**
 * A reload takes every setting that varies (port, networks, parent, name servers, size of the cache). Downloads go on, and new connections are
 * refused for some hundredths of a second. Only a Squid without our file must restart.
 */
export function activateProxy(changes: readonly FileChange[]): Activation {
  return startOrReload(changes, SQUID_CONF, {
    added: 'squid.conf is new: Squid starts with it',
    changed: 'squid.conf changed: Squid reloads it, downloads go on',
    none: 'no file that Squid reads has changed',
  });
}

/** Squid listens on every address and uses no database. */
export function roleChangeProxy(role: RoleChange): Activation {
  const what = role.kind === 'vip' ? 'listens on every address, the floating one too' : 'does not use the database';
  return { kind: 'none', why: `Squid ${what}` };
}

/** Asks Squid for the state of its cache, to fetch something from an origin, and for its counters, which do not affect its health. */
export function probeProxy(desired: ProxyDesired): readonly Command[] {
  const proxy = `http://127.0.0.1:${desired.port}`;
  return [
    { url: `${proxy}/squid-internal-mgr/storedir`, timeoutMs: ASK_MS },
    { url: ORIGIN, proxy, timeoutMs: ASK_MS },
    { url: `${proxy}/squid-internal-mgr/counters`, timeoutMs: ASK_MS },
  ];
}

/**
 * Healthy: Squid answers with the published configuration and has tried to fetch. An origin that is down or silent is reported and not judged,
 * because a restart of Squid would not help.
 */
export function parseProbeProxy(answers: readonly ExecResult[], desired: ProxyDesired): ServiceHealth {
  const [own, relayed] = answers;
  const bad = (detail: string) => ({
    isHealthy: false,
    detail: `Squid on port ${desired.port}: ${detail}`,
  });
  const problem = ownProblem(own, desired);
  if (problem !== null) return bad(problem);
  const cache = cacheState(own?.stdout ?? '', desired);
  const failed = relayProblem(relayed);
  if (failed === null) return { isHealthy: true, detail: `Squid fetches on port ${desired.port}; ${cache}` };
  if (!failed.isOrigin) return bad(failed.what);
  return {
    isHealthy: true,
    detail: `Squid answers on port ${desired.port}, but not the origin of the probe, ${ORIGIN} (${failed.what}); ${cache}`,
  };
}

function ownProblem(answer: ExecResult | undefined, desired: ProxyDesired): string | null {
  const silent = silence(answer);
  if (silent !== null) return silent;
  const { mark, status } = headOf(answer?.stdout ?? '');
  if (mark === null) return "something else than Regent's Squid answers there";
  const wanted = markOf(desired);
  if (mark !== wanted) return `it runs the configuration ${mark}, published is ${wanted}`;
  return status === 200 ? null : `it does not report the state of its cache (status ${status})`;
}

/** The fault of the fetch; `isOrigin`: it is not Squid's. */
function relayProblem(answer: ExecResult | undefined): { readonly what: string; readonly isOrigin: boolean } | null {
  if (answer?.timedOut) return { what: 'no answer in time', isOrigin: true };
  const silent = silence(answer);
  if (silent !== null) return { what: `the fetch of ${ORIGIN} failed: ${silent}`, isOrigin: false };
  const { status, error, isRelayed } = headOf(answer?.stdout ?? '');
  if (error !== null) return { what: error, isOrigin: ORIGIN_FAULTS.test(error) };
  if (!isRelayed) return { what: `the answer of ${ORIGIN} did not come through Squid`, isOrigin: false };
  return status === 200 ? null : { what: `status ${status}`, isOrigin: true };
}

function silence(answer: ExecResult | undefined): string | null {
  if (!answer) return 'no query was sent';
  if (answer.failure !== null) return answer.failure;
  return answer.timedOut ? 'no answer within 2 seconds' : null;
}

/** The head of an answer, which Squid writes. */
function headOf(text: string) {
  const [head] = text.split('\r\n\r\n', 1);
  const field = (name: string) => new RegExp(`^${name}: *([^\\r]*)$`, 'im').exec(head ?? '')?.[1] ?? null;
  return {
    status: Number(/^HTTP\/1\.[01] (\d{3})/.exec(text)?.[1] ?? 0),
    mark: field('Regent-Configuration'),
    error: field('X-Squid-Error')?.split(' ')[0] ?? null,
    isRelayed: field('Via')?.includes('(squid') ?? false,
  };
}

function cacheState(text: string, desired: ProxyDesired): string {
  const number = (name: string) => Number(new RegExp(`^${name} *: *([0-9.]+) KB`, 'm').exec(text)?.[1] ?? 0);
  const most = Math.floor(number('Maximum Swap Size') / 1024);
  const used = Math.ceil(number('Current Store Swap Size') / 1024);
  if (most === 0) return 'it stores nothing on disk, because the disk is full or cannot be written (see its journal)';
  const cut = most < desired.cacheMb ? `, cut from ${desired.cacheMb} MB because its disk has no more room` : '';
  return `cache ${used} of ${most} MB${cut}`;
}

/** The parent proxy (`http_proxy`): any answer to a call shows that it answers. */
export function outsideProxy({ parent }: ProxyDesired): readonly OutsideNeed[] {
  if (parent === null) return [];
  const host = parent.host.includes(':') ? `[${parent.host}]` : parent.host;
  const place = `${host}:${parent.port}`;
  return [{ place, question: { url: `http://${place}/`, timeoutMs: PARENT_MS } }];
}
