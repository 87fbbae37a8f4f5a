import { digestOf } from '../../core/stable-json.ts';
import { invalid, type Rejected, rejected } from '../../core/errors.ts';
import { isSigned, signText } from '../../core/signature.ts';

/**
 * How a rack proves itself until the channel is mutual TLS: the header `Authorization: Regent-Rack uuid=…,time=…,nonce=…,signature=…`. The
 * signature covers method, path with query, digest of the body's value, UUID, time (ms since the epoch) and nonce.
 */
export interface RackProof {
  readonly uuid: string;
  readonly time: number;
  readonly nonce: string;
  readonly signature: string;
}

/** What is signed. `body`: the JSON value; undefined without one. */
export type SignedCall = { readonly method: string; readonly path: string; readonly body: unknown };

/** A rack's clock may be ahead of the region's, or behind it, by this much, ms. */
export const CLOCK_BOUND_MS = 300_000;

export const RACK_SCHEME = 'Regent-Rack';
const FORM =
  /^Regent-Rack uuid=([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}),time=(\d{1,15}),nonce=([0-9a-f]{16,64}),signature=([A-Za-z0-9_-]{86})$/;

/** The header's value for a call. `nonce`: hex, never used before with this key. */
export function rackAuthorization(call: SignedCall, proof: Omit<RackProof, 'signature'>, privateKey: string): string {
  const { uuid, time, nonce } = proof;
  const signature = signText(signedText(call, proof), privateKey);
  return `${RACK_SCHEME} uuid=${uuid},time=${time},nonce=${nonce},signature=${signature}`;
}

/** Reads the header; null when it is not of this form. */
export function parseRackAuthorization(header: string | undefined): RackProof | null {
  const [, uuid, time, nonce, signature] = FORM.exec(header ?? '') ?? [];
  if (!uuid || !time || !nonce || !signature) return null;
  return { uuid, time: Number(time), nonce, signature };
}

/** Is the call signed by the holder of the key? */
export function isProven(call: SignedCall, proof: RackProof, publicKey: string): boolean {
  return isSigned(signedText(call, proof), proof.signature, publicKey);
}

/** Null, or the refusal of a call whose clock is off: with both times, because one of them is wrong. */
export function checkClock(time: number, now: number): Rejected | null {
  if (Math.abs(time - now) <= CLOCK_BOUND_MS) return null;
  const seconds = Math.round(Math.abs(time - now) / 1000);
  const problem = `this host's clock says ${show(time)}, the region's says ${show(now)}: ${seconds} s apart`;
  const refusal = invalid('time', problem, `at most ${CLOCK_BOUND_MS / 1000} s apart; set the clock (chrony)`);
  return rejected('unauthenticated', refusal.message, refusal.fields);
}

function signedText({ method, path, body }: SignedCall, { uuid, time, nonce }: Omit<RackProof, 'signature'>): string {
  const digest = digestOf(body === undefined ? null : body);
  return ['regent-rack-1', method, path, digest, uuid, String(time), nonce].join('\n');
}

function show(time: number): string {
  const date = new Date(time);
  return Number.isNaN(date.getTime()) ? 'nonsense' : date.toISOString();
}

/** What proves to the region that a node is itself: its id and a secret of its own. */
export type NodeCredential = { readonly nodeId: string; readonly secret: string };

const CREDENTIAL_FORM = /^node:([a-z0-9][a-z0-9-]{0,62}):([A-Za-z0-9]{16,128})$/;

/** The bearer token of the agent channel, and the one line of the agent's credential file: `node:<nodeId>:<secret>`. */
export function formatNodeCredential(credential: NodeCredential): string {
  return `node:${credential.nodeId}:${credential.secret}`;
}

/** Reads a credential file's text; a refusal never shows it. */
export function parseNodeCredential(text: string): NodeCredential | Rejected {
  const [, nodeId, secret] = CREDENTIAL_FORM.exec(text.trim()) ?? [];
  if (nodeId !== undefined && secret !== undefined) return { nodeId, secret };
  return rejected('invalid_value', 'The node credential is not of the form node:<nodeId>:<secret>.');
}
