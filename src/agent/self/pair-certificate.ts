import { Check } from 'typebox/value';
import type { HostObservation } from '../../contract/cluster/agent.ts';
import { PairCertificateAnswer } from '../../contract/cluster/join.ts';
import { backOffMs } from '../../core/back-off.ts';
import { AppError, isRejected, sentenceOf } from '../../core/errors.ts';
import type { HostFiles } from '../../host/interface.ts';
import { TRUST_FILES } from '../../model/cluster/trust-files.ts';
import { isSignedBy, issuerOf, readCertificate, renewalTime } from '../../pki/certificate.ts';
import { createKey, publicKeyDigestOf } from '../../pki/key.ts';
import type { RegionChannel } from '../channel/channel.ts';
import { isGoodAt } from '../channel/trust.ts';
import type { Findings } from '../findings.ts';
import type { LoopPorts } from '../ports.ts';
import { tendUntil } from './tend-loop.ts';

/**
 * What keeping the certificate of DHCP servers for their partners is built from. `read`: text of `pair.crt`, null if
 * there is none. `wanted`: the name of the authority that is to have signed it, null: this rack is in no pair.
 * `authority`: the cluster's authority, PEM. `onChange`: there is another one, by its serial number.
 */
export interface PairKeeperOptions {
  readonly ports: LoopPorts;
  readonly channel: Pick<RegionChannel, 'pairCertificate'>;
  readonly files: Pick<HostFiles, 'install'>;
  readonly findings: Findings;
  readonly nodeId: string;
  readonly read: () => Promise<string | null>;
  readonly wanted: () => string | null;
  readonly authority: () => string | null;
  readonly onChange: (serial: string) => void;
}

/** Keeps the certificate by which partners know the DHCP servers of this rack. */
export interface PairKeeper {
  /** What is reported; null: none. */
  current(): NonNullable<HostObservation['pairCertificate']> | null;
  /** One check: reads the file, and requests a certificate when it is due. Throws nothing. */
  tend(): Promise<void>;
  run(signal: AbortSignal): Promise<void>;
}

const AGAIN = { firstMs: 2_000, mostMs: 300_000 } as const;
const FINDING = 'pair_certificate_due';

interface InstalledCertificate {
  readonly issuer: string;
  readonly serial: string;
  readonly notBefore: number;
  readonly notAfter: number;
}

/** Opens the keeper; it reads nothing before its first check. */
export function openPairKeeper(options: PairKeeperOptions): PairKeeper {
  const { ports, findings } = options;
  let held: InstalledCertificate | null = null;
  let failures = 0;
  let notBefore = 0;

  const take = (text: string | null) => {
    const before = held?.serial;
    held = heldOf(text);
    if (held !== null && held.serial !== before) options.onChange(held.serial);
  };
  const tend = async () => {
    try {
      take(await options.read());
      const wanted = options.wanted();
      if (wanted === null || !isDue(held, wanted, ports.clock.now())) {
        findings.clear(FINDING);
        failures = 0;
        return;
      }
      if (ports.clock.monotonic() < notBefore) return;
      take(await renew(options, wanted));
      findings.clear(FINDING);
      failures = 0;
    } catch (error) {
      notBefore = ports.clock.monotonic() + backOffMs(failures, AGAIN, ports.random);
      failures += 1;
      ports.log.warn('no certificate for DHCP partners was issued', { error: sentenceOf(error) });
      findings.raise(
        FINDING,
        `The DHCP servers of this rack have no valid certificate for their partners: ${sentenceOf(error)}. The agent tries again.`,
      );
    }
  };

  return {
    current: () =>
      held && { issuer: held.issuer, serial: held.serial, notAfter: new Date(held.notAfter).toISOString() },
    tend,
    run: (signal) => tendUntil({ ports, name: 'pair certificate', tend }, signal),
  };
}

/** One of another authority is taken by nobody: a certificate of this rack was revoked, or it joined again. */
function isDue(held: InstalledCertificate | null, wanted: string, now: number): boolean {
  return held === null || held.issuer !== wanted || now < held.notBefore || now >= renewalTime(held);
}

/** A damaged file counts as none: it is written again. */
function heldOf(text: string | null): InstalledCertificate | null {
  const facts = text === null ? null : readCertificate(text);
  const issuer = text === null ? null : issuerOf(text);
  if (facts === null || issuer === null || isRejected(facts)) return null;
  const { serial, notBefore, notAfter } = facts;
  return { issuer, serial, notBefore, notAfter };
}

/**
 * Asks with a new key, checks the answer, and has it installed: the certificate last, which says that the rest is
 * there.
 */
async function renew({ channel, files, nodeId, authority, ports }: PairKeeperOptions, wanted: string): Promise<string> {
  const key = await createKey();
  const { createRequest } = await import('../../pki/request.ts');
  const answer = await channel.pairCertificate(await createRequest(key, nodeId));
  if (!Check(PairCertificateAnswer, answer)) throw bad('it does not fit the agent protocol');
  const { certificate } = answer;
  const [facts, signer, cluster] = [certificate, answer.authority, authority() ?? ''].map((text) =>
    readCertificate(text),
  );
  const own = publicKeyDigestOf(key);
  if (isRejected(own)) throw new AppError('pki', own.message);
  if (!facts || !signer || !cluster || isRejected(facts) || isRejected(signer) || isRejected(cluster))
    throw bad('a certificate in the answer is damaged, or this host lacks the certificate of the authority');
  if (facts.publicKeyDigest !== own) throw bad('the certificate is not for the key of this rack');
  if (signer.publicKeyDigest !== cluster.publicKeyDigest || !isSignedBy(certificate, answer.authority))
    throw bad('the certificate was not signed by the authority of this cluster');
  // Another region may not know the newest one yet, so the request is repeated.
  if (signer.commonName !== wanted) throw bad('the certificate has a name that partners do not accept');
  if (!isGoodAt(facts, ports.clock.now())) throw bad('the certificate is not valid by the clock of this host');
  await files.install({ ...TRUST_FILES.pairBundle, content: `${certificate.trimEnd()}\n${key}` });
  await files.install({ ...TRUST_FILES.pairCertificate, content: certificate });
  return certificate;
}

const bad = (why: string) => new AppError('region_refused', `the region's answer cannot be used: ${why}`);
