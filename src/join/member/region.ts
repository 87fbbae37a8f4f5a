import {
  JOIN_PATH,
  LEAVE_NAME,
  MEMBERSHIP_PATH,
  type JoinAnswer,
  type JoinRequest,
  MEMBER_PATH,
  RACK_PROOF_HEADER,
  UNDO_NAME,
  UNDO_PATH,
  type UndoRequest,
} from '../../contract/cluster/join.ts';
import { rackAuthorization } from '../../contract/cluster/rack-signature.ts';
import type { JoinToken } from '../../contract/cluster/token.ts';
import { parseConfFile } from '../../core/conf-file.ts';
import { AppError, isRejected, sentenceOf } from '../../core/errors.ts';
import { PORTS } from '../../model/cluster/cluster.ts';
import { TRUST_FILES } from '../../model/cluster/trust-files.ts';
import { createRequest } from '../../pki/request.ts';
import { PATHS } from '../paths.ts';
import { parseObject } from '../texts.ts';
import type { JoinNote } from './note.ts';
import type { RegionCall, CallAnswer, CallTrust, MemberPorts } from './ports.ts';

const CALL_MS = 20_000;
const PROBE_MS = 4_000;

/** A region before any change. `why`: why it could not be reached, '' if it was; `skewMs`: its clock minus ours. */
export interface RegionProbe {
  readonly url: string;
  readonly why: string;
  readonly isOtherCluster: boolean;
  readonly skewMs: number | null;
  readonly regionNow: number | null;
}

/** Probes a region of a token: does it answer, is it the token's cluster, what is its time? */
export async function probeRegion(ports: MemberPorts, url: string, pin: string): Promise<RegionProbe> {
  const before = ports.now();
  const call: RegionCall = {
    method: 'GET',
    url: `${url.replace(/\/$/, '')}/health/live`,
    trust: { pin },
    timeoutMs: PROBE_MS,
  };
  try {
    const { date } = await ports.call(call);
    const ours = (before + ports.now()) / 2;
    return { url, why: '', isOtherCluster: false, skewMs: date === null ? null : date - ours, regionNow: date };
  } catch (error) {
    const isOtherCluster = error instanceof AppError && error.code === 'wrong_cluster';
    return { url, why: sentenceOf(error), isOtherCluster, skewMs: null, regionNow: null };
  }
}

/**
 * Asks one region after the other to admit this host. A refusal is an AppError `refused` with the region's sentence; if another node is joining, it
 * is `busy`. `rackKey`: the private key of the rack, which signs the call.
 */
export async function askToJoin(
  ports: MemberPorts,
  token: JoinToken,
  { request, rackKey }: { readonly request: JoinRequest; readonly rackKey: string | null },
): Promise<JoinAnswer> {
  const failures: string[] = [];
  const headers = proofOf(ports, request, rackKey);
  for (const url of token.urls) {
    const call: RegionCall = {
      method: 'POST',
      url: `${url.replace(/\/$/, '')}${JOIN_PATH}`,
      trust: { pin: token.pin },
      authorization: `Bearer ${token.id}:${token.secret}`,
      headers,
      body: request,
      timeoutMs: CALL_MS,
    };
    try {
      return readAnswer(await ports.call(call));
    } catch (error) {
      if (error instanceof AppError && (error.code === 'refused' || error.code === 'busy')) throw error;
      failures.push(`${url}: ${sentenceOf(error)}`);
    }
  }
  throw new AppError('region_unreachable', `no region let this host in: ${failures.join('; ')}`);
}

/** The signature by which a rebuilt host is the rack that it was. */
function proofOf(ports: MemberPorts, body: JoinRequest, rackKey: string | null): Record<string, string> {
  if (body.rack === null || rackKey === null) return {};
  const proof = { uuid: body.rack.uuid, time: ports.now(), nonce: ports.hex(16) };
  return { [RACK_PROOF_HEADER]: rackAuthorization({ method: 'POST', path: JOIN_PATH, body }, proof, rackKey) };
}

function readAnswer(answer: CallAnswer): JoinAnswer {
  const value = parseObject(answer.text);
  if (answer.status !== 200) throw refusalOf(answer);
  if (value === null || typeof value['nodeId'] !== 'string' || typeof value['certificate'] !== 'string')
    throw new AppError('region_unreachable', 'the answer is not that of a region');
  return value as unknown as JoinAnswer;
}

/** The result of a call about this node's membership. */
export type MemberAnswer = { readonly kind: 'done' | 'gone' | 'refused' | 'unreachable'; readonly why: string };

/** Reports to a region that this node now does its part. */
export async function reportMembership(ports: MemberPorts, addresses: readonly string[]): Promise<MemberAnswer> {
  const trust = await readCallTrust(ports);
  if (trust === null) return { kind: 'unreachable', why: 'this host has no certificate' };
  const urls = addresses.map((address) => `https://${bracketed(address)}:${PORTS.agents}${MEMBER_PATH}`);
  return await firstAnswer(ports, urls, { method: 'POST', trust });
}

/** Takes this host's join back at a region, with the key that joined; `isQuestion`: only asks whether that is possible. */
export async function askToUndo(ports: MemberPorts, note: JoinNote, isQuestion: boolean): Promise<MemberAnswer> {
  const key = await ports.host.files.read(TRUST_FILES.key.path);
  // The key exists before any question.
  if (key === null) return { kind: 'gone', why: 'this host never sent a request to join' };
  const known = (note.admission?.regions ?? []).map(({ address }) => `https://${bracketed(address)}:${PORTS.https}`);
  const bases = [...new Set([...note.urls.map((url) => url.replace(/\/$/, '')), ...known])];
  const body: UndoRequest = { csr: await createRequest(key, UNDO_NAME), isQuestion };
  const urls = bases.map((url) => `${url}${UNDO_PATH}`);
  return await firstAnswer(ports, urls, { method: 'POST', trust: { pin: note.pin }, body });
}

/** Whether the cluster counts this host as a node. `name`: of the node, null if no region named it. */
export interface MembershipState {
  readonly kind: 'member' | 'out' | 'unreachable';
  readonly name: string | null;
  readonly why: string;
}

/** Asks one region after the other whether this host is a node still. A region without its database cannot answer. */
export async function askMembership(
  ports: MemberPorts,
  bases: readonly string[],
  pin: string,
): Promise<MembershipState> {
  const [key, certificate] = await Promise.all(
    [TRUST_FILES.key, TRUST_FILES.certificate].map(({ path }) => ports.host.files.read(path)),
  );
  if (!key || !certificate) return { kind: 'unreachable', name: null, why: 'this host has no certificate or no key' };
  const body = { csr: await createRequest(key, LEAVE_NAME), certificate };
  let why = 'no region is known';
  for (const base of bases) {
    const { host } = new URL(base);
    try {
      const call: RegionCall = {
        method: 'POST',
        url: `${base}${MEMBERSHIP_PATH}`,
        trust: { pin },
        body,
        timeoutMs: CALL_MS,
      };
      const answer = await ports.call(call);
      const membership = answer.status === 200 ? parseObject(answer.text) : null;
      const name = typeof membership?.['name'] === 'string' ? membership['name'] : null;
      if (typeof membership?.['isMember'] === 'boolean')
        return { kind: membership['isMember'] ? 'member' : 'out', name, why: '' };
      why = `${host}: ${answer.status === 200 ? 'the answer is not that of a region' : refusalOf(answer).message}`;
    } catch (error) {
      why = `${host}: ${sentenceOf(error)}`;
    }
  }
  return { kind: 'unreachable', name: null, why };
}

/** The regions as the agent knew them last, and as its configuration names them: over TLS, by their API. */
export async function regionUrls({ host }: MemberPorts): Promise<readonly string[]> {
  const ledger = parseObject((await host.files.read(PATHS.ledger)) ?? '');
  const body = ledger?.['body'];
  const known =
    typeof body === 'object' && body !== null && 'regions' in body && Array.isArray(body.regions) ? body.regions : [];
  const addresses = known.flatMap((region: unknown) =>
    typeof region === 'object' && region !== null && 'address' in region && typeof region.address === 'string'
      ? [region.address]
      : [],
  );
  const conf = parseConfFile(PATHS.agentConf, (await host.files.read(PATHS.agentConf)) ?? '');
  const configured = isRejected(conf) ? '' : (conf.get('REGION_URLS') ?? '');
  const named = configured.split(',').flatMap((url) => URL.parse(url.trim())?.hostname ?? []);
  const hosts = [...addresses.map((address) => (address.includes(':') ? `[${address}]` : address)), ...named];
  return [...new Set(hosts)].map((name) => `https://${name}:${PORTS.https}`);
}

async function firstAnswer(
  ports: MemberPorts,
  urls: readonly string[],
  call: Omit<RegionCall, 'url' | 'timeoutMs'>,
): Promise<MemberAnswer> {
  let why = 'no region is known';
  for (const url of urls) {
    const { host } = new URL(url);
    try {
      const answer = await ports.call({ ...call, url, timeoutMs: CALL_MS });
      if (answer.status === 200) return { kind: 'done', why: '' };
      const refusal = refusalOf(answer);
      if (answer.status === 404) return { kind: 'gone', why: refusal.message };
      if (refusal.code === 'refused') return { kind: 'refused', why: refusal.message };
      why = `${host}: ${refusal.message}`;
    } catch (error) {
      why = `${host}: ${sentenceOf(error)}`;
    }
  }
  return { kind: 'unreachable', why };
}

async function readCallTrust({ host }: MemberPorts): Promise<CallTrust | null> {
  const [authority, certificate, key] = await Promise.all(
    [TRUST_FILES.authority, TRUST_FILES.certificate, TRUST_FILES.key].map(({ path }) => host.files.read(path)),
  );
  return authority && certificate && key ? { authority, certificate, key } : null;
}

/** A problem document (RFC 9457) as a fault: 5xx and 429 (`busy`) are temporary, every other one is a final refusal. */
function refusalOf({ status, text }: CallAnswer): AppError {
  const problem = parseObject(text);
  const detail = problem?.['detail'] ?? problem?.['title'];
  const reason = typeof detail === 'string' ? detail : `status ${status}`;
  if (status === 429) return new AppError('busy', reason);
  return new AppError(status >= 500 ? 'region_unreachable' : 'refused', reason);
}

function bracketed(address: string): string {
  return address.includes(':') ? `[${address}]` : address;
}
