import { Check } from 'typebox/value';
import { RenewalAnswer } from '../../contract/cluster/join.ts';
import { type BackOffLimits, backOffMs } from '../../core/back-off.ts';
import { AppError, isRejected, sentenceOf } from '../../core/errors.ts';
import type { HostFiles } from '../../host/interface.ts';
import { TRUST_FILES } from '../../model/cluster/trust-files.ts';
import { isSignedBy, readCertificate, renewalTime } from '../../pki/certificate.ts';
import { createKey, publicKeyDigestOf } from '../../pki/key.ts';
import type { RegionChannel } from '../channel/channel.ts';
import { isGoodAt, type Trust, type TrustStore } from '../channel/trust.ts';
import type { Findings } from '../findings.ts';
import type { LoopPorts } from '../ports.ts';
import { tendUntil } from './tend-loop.ts';

/** What keeping the certificate is built from. `onChange`: there is another one, be it ours or by somebody's hands. */
export interface CertificateOptions {
  readonly ports: LoopPorts;
  readonly channel: Pick<RegionChannel, 'certify'>;
  readonly trust: TrustStore;
  readonly files: Pick<HostFiles, 'install'>;
  readonly findings: Findings;
  readonly nodeId: string;
  readonly onChange: () => void;
}

/** Keeps this node's certificate good. */
export interface CertificateKeeper {
  /** One check: reads the files, and requests a certificate when it is due. Never throws. */
  tend(): Promise<void>;
  run(signal: AbortSignal): Promise<void>;
}

/** How much of its life earlier a certificate is renewed at most, so that nodes of one hour do not ask in one hour. */
const EARLIER = 0.05;
const FIRST: BackOffLimits = { firstMs: 2_000, mostMs: 60_000 };
const RENEWAL: BackOffLimits = { firstMs: 30_000, mostMs: 900_000 };
/** Code of the fault that this host's clock and that of the region do not agree. */
const WRONG_CLOCK = 'wrong_clock';
const EXPIRED: BackOffLimits = { firstMs: 5_000, mostMs: 60_000 };

/** Opens the keeper; it sends no request before its first check. */
export function openCertificateKeeper(options: CertificateOptions): CertificateKeeper {
  const { ports, trust, findings } = options;
  const lot = ports.random.fraction();
  let failures = 0;
  let notBefore = 0;

  const readTrust = async () => {
    if (await trust.refresh()) options.onChange();
    const problem = trust.problem();
    if (problem === null) findings.clear('certificate_unusable');
    else findings.raise('certificate_unusable', `${problem}. ${JOIN_AGAIN}`);
  };

  const tend = async () => {
    await readTrust();
    const held = trust.current();
    const now = ports.clock.now();
    reportValidity(findings, held, now);
    if (held && !isNeeded(held, now, lot)) {
      failures = 0;
      findings.clear('certificate_due');
      return;
    }
    if (ports.clock.monotonic() < notBefore) return;
    try {
      await renew(options, held);
      failures = 0;
      findings.clear('certificate_due');
      await readTrust();
      reportValidity(findings, trust.current(), now);
    } catch (error) {
      const isClock = error instanceof AppError && error.code === WRONG_CLOCK;
      const limits = held === null ? FIRST : held.isUsable || isClock ? RENEWAL : EXPIRED;
      notBefore = ports.clock.monotonic() + backOffMs(failures, limits, ports.random);
      failures += 1;
      ports.log.warn('no certificate was issued', { error: sentenceOf(error) });
      if (held) findings.raise('certificate_due', dueSentence(held, error));
    }
  };

  return { tend, run: (signal) => tendUntil({ ports, name: 'certificate', tend }, signal) };
}

const JOIN_AGAIN =
  'Remedy: run "regent token create" on a region node, then "regent join -" with that token on this host; its services keep running';

/**
 * Is another one wanted? It is due, or not good yet: signed while a clock was ahead. A clock that is behind the authority's own beginning is
 * wrong, and causes no request.
 */
function isNeeded(held: Trust, now: number, lot: number): boolean {
  if (now >= dueAt(held, lot)) return true;
  if (now >= held.facts.notBefore) return false;
  const authority = readCertificate(held.authority);
  return !isRejected(authority) && now >= authority.notBefore;
}

/** When a certificate is renewed, ms: at two thirds of its life, some nodes a little earlier (`lot`: 0 to 1). */
export function dueAt({ facts }: Pick<Trust, 'facts'>, lot: number): number {
  return renewalTime(facts) - lot * EARLIER * (facts.notAfter - facts.notBefore);
}

function reportValidity(findings: Findings, held: Trust | null, now: number): void {
  if (held === null || isGoodAt(held.facts, now)) return findings.clear('certificate_expired');
  const { serial, notBefore, notAfter } = held.facts;
  const span = `from ${new Date(notBefore).toISOString()} to ${new Date(notAfter).toISOString()}`;
  findings.raise(
    'certificate_expired',
    `The certificate of this node (serial ${serial}) is valid ${span}, but this host's clock shows ${new Date(now).toISOString()}: regions refuse ` +
      `this node. Its services keep running. Correct the clock if it is wrong. ${JOIN_AGAIN}.`,
  );
}

function dueSentence({ facts }: Trust, error: unknown): string {
  const until = new Date(facts.notAfter).toISOString();
  return `The certificate of this node, valid until ${until}, could not be renewed: ${sentenceOf(error)}. The agent tries again.`;
}

/** Sends a request with the existing key, checks the answer and installs it. The last file shows that all files are complete. */
async function renew({ channel, trust, files, nodeId, ports }: CertificateOptions, held: Trust | null): Promise<void> {
  const storedKey = trust.key();
  const key = storedKey ?? (await createKey());
  // The library of certificates is large, and this is done once in twenty days.
  const { createRequest } = await import('../../pki/request.ts');
  const answer = await channel.certify(await createRequest(key, nodeId));
  if (!Check(RenewalAnswer, answer)) throw new AppError('region_refused', 'the answer does not fit the agent protocol');
  const { certificate, authority } = answer;
  checkAnswer({ certificate, authority, key, nodeId, known: trust.authority(), held, now: ports.clock.now() });
  const install = (file: (typeof TRUST_FILES)[keyof typeof TRUST_FILES], content: string) =>
    files.install({ ...file, content });
  if (trust.authority() === null) await install(TRUST_FILES.authority, authority);
  if (storedKey === null) await install(TRUST_FILES.key, key);
  await install(TRUST_FILES.bundle, `${certificate.trimEnd()}\n${authority.trimEnd()}\n${key}`);
  await install(TRUST_FILES.certificate, certificate);
}

interface Answered {
  readonly certificate: string;
  readonly authority: string;
  readonly key: string;
  readonly nodeId: string;
  /** The authority's certificate that is installed. */
  readonly known: string | null;
  readonly held: Trust | null;
  /** This host's clock, ms. */
  readonly now: number;
}

/** Throws AppError `region_refused` for a certificate that this node could not use, `wrong_clock` for one that is not good by its clock. */
function checkAnswer({ certificate, authority, key, nodeId, known, held, now }: Answered): void {
  const bad = (why: string) => new AppError('region_refused', `the region's answer cannot be used: ${why}`);
  const facts = readCertificate(certificate);
  const own = publicKeyDigestOf(key);
  if (isRejected(own)) throw new AppError('configuration', `${TRUST_FILES.key.path}: ${own.message}`);
  if (isRejected(facts)) throw bad(facts.message);
  if (facts.publicKeyDigest !== own) throw bad("the certificate is not for this node's key");
  if (facts.nodeId !== nodeId) throw bad(`the certificate names node ${facts.nodeId}, this is ${nodeId}`);
  if (!isSignedBy(certificate, authority))
    throw bad('the certificate was not signed by the authority that came with it');
  if (known !== null && !isSignedBy(certificate, known))
    throw bad(`it was signed by another authority than the one in ${TRUST_FILES.authority.path}`);
  if (!isGoodAt(facts, now))
    throw new AppError(
      WRONG_CLOCK,
      `the region gave a certificate that is good from ${new Date(facts.notBefore).toISOString()} on, and this host's clock says ` +
        `${new Date(now).toISOString()}: one of the two clocks is wrong`,
    );
  if (held && held.facts.notBefore <= now && facts.notAfter <= held.facts.notAfter)
    throw bad('the certificate ends no later than the present one');
}
