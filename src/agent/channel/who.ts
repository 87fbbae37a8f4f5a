import { isCommandCall } from '../../contract/base/command.ts';
import { CERTIFICATE_PATH } from '../../contract/cluster/join.ts';
import { rackAuthorization } from '../../contract/cluster/rack-signature.ts';
import { NODE_CREDENTIAL_HEADER, REGISTER_PATH } from '../../contract/cluster/registration.ts';
import { AppError } from '../../core/errors.ts';
import type { TrustedConnection } from './connections.ts';
import type { ChannelOptions } from './options.ts';
import type { RegionAnswer, RegionCall, Headers } from './send.ts';
import type { RegionTarget } from './targets.ts';

/**
 * A node with a certificate shows it; what is public is for registration then, and last for another certificate: the regions may find the one
 * that is held expired, and what they answer must be signed by the known authority.
 */
export function mayCarry(
  { credential, rack }: ChannelOptions,
  { proof, isPublic, hasSecure }: TrustedConnection['target'],
  what: RegionCall,
) {
  const isRegistration = what.path === REGISTER_PATH;
  const isPublicCall = isRegistration || what.path === CERTIFICATE_PATH;
  if (isPublic && hasSecure && !isPublicCall) return false;
  // Commands may hold secrets, and a call that a rack signs may go over a port without TLS.
  if (isCommandCall(what.path) && proof === 'signature') return false;
  if (proof === 'certificate') return !isRegistration || rack !== null;
  return proof === 'signature' || isRegistration ? rack !== null : credential !== null;
}

/** A region may not let a rejected rack in by its certificate; the rack still learns by its signature what became of it. */
export function isMaskedDenial(target: RegionTarget, what: RegionCall, { status }: RegionAnswer): boolean {
  return what.path === REGISTER_PATH && target.proof === 'certificate' && (status === 401 || status === 403);
}

/** Who calls. A registration is always signed; on the own region's socket the credential says which node it is. */
export function headersOf(
  { credential, rack, random }: ChannelOptions,
  { proof }: RegionTarget,
  call: RegionCall,
): Headers {
  const isRegistration = call.path === REGISTER_PATH;
  if (proof === 'certificate' && !isRegistration) return {};
  if (proof === 'credential' && !isRegistration) return { authorization: `Bearer ${credential}` };
  if (rack === null) throw new AppError('configuration', 'this node has no certificate, no credential and no key');
  // The region digests what it parses: a member without a value is not there.
  const value: unknown = call.body === undefined ? undefined : JSON.parse(JSON.stringify(call.body));
  const signed = { uuid: rack.uuid, time: rack.clock.now(), nonce: random.hex(16) };
  const authorization = rackAuthorization(
    { method: call.method, path: call.path, body: value },
    signed,
    rack.privateKey,
  );
  return { authorization, ...(proof === 'credential' && credential ? { [NODE_CREDENTIAL_HEADER]: credential } : {}) };
}

/** Throws AppError `region_unreachable` when its epoch is over. Only a region that has shown a certificate, or that of this host, makes a new epoch known. */
export function checkEpoch({ epoch, trust }: ChannelOptions, target: RegionTarget, answer: RegionAnswer): void {
  const authority = trust?.()?.authority;
  if (epoch === undefined || authority === undefined) return;
  const isProven = target.base.protocol === 'https:' || target.socketPath !== null;
  const over = epoch.judge(answer.epoch ?? null, authority, isProven);
  if (over !== null) throw new AppError('region_unreachable', `${target.url}: ${over}`);
}
