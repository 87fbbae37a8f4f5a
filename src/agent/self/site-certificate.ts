import { Check } from 'typebox/value';
import { SiteCertificateAnswer } from '../../contract/cluster/join.ts';
import { backOffMs } from '../../core/back-off.ts';
import { AppError, isRejected, sentenceOf } from '../../core/errors.ts';
import { textDigest } from '../../core/stable-json.ts';
import type { HostFiles } from '../../host/interface.ts';
import { siteListText, TRUST_FILES } from '../../model/cluster/trust-files.ts';
import { readShownPair } from '../../pki/shown.ts';
import type { RegionChannel } from '../channel/channel.ts';
import type { Findings } from '../findings.ts';
import type { LoopPorts } from '../ports.ts';
import { tendUntil } from './tend-loop.ts';

/**
 * What keeping the site's certificate is built from. `read`: texts of site.pem and site.list, null if there is none;
 * the same array while nothing changed. `wanted`: digest of the certificate that this node is to show, null: none.
 * `isRegion`: is this host a region node by its certificate? `onChange`: it shows another one from now on; by its
 * digest, '' for none.
 */
export interface SiteKeeperOptions {
  readonly ports: LoopPorts;
  readonly channel: Pick<RegionChannel, 'siteCertificate'>;
  readonly files: Pick<HostFiles, 'install'>;
  readonly findings: Findings;
  readonly read: () => Promise<readonly (string | null)[]>;
  readonly wanted: () => string | null;
  readonly isRegion: () => boolean;
  readonly onChange: (digest: string) => void;
}

/** Keeps what haproxy shows to browsers as the site wants it. */
export interface SiteKeeper {
  /** Reads the files, and writes the list that haproxy needs. Asks no region. Throws nothing. */
  prepare(): Promise<void>;
  /** The same, and asks for the certificate where it is not the one that is wanted. Throws nothing. */
  tend(): Promise<void>;
  run(signal: AbortSignal): Promise<void>;
}

const AGAIN = { firstMs: 2_000, mostMs: 60_000 } as const;
const FINDING = 'site_certificate_due';
const KEY = '-----BEGIN PRIVATE KEY-----';

/** Opens the keeper; it reads nothing before its first call. */
export function openSiteKeeper(options: SiteKeeperOptions): SiteKeeper {
  const { ports, findings, files, channel } = options;
  let reportedDigest: string | null = null;
  let failures = 0;
  let notBefore = 0;

  /** Digest of what lies there and fits together; '' for nothing. Haproxy refuses a list that names a file which does not, so the list follows at once. */
  const settle = async (): Promise<string> => {
    const [text = null, list = null] = await options.read();
    const held = digestOfFile(text);
    const wanted = siteListText(held !== '');
    if (list !== wanted) await files.install({ ...TRUST_FILES.siteList, content: wanted });
    if (held !== reportedDigest) options.onChange(held);
    reportedDigest = held;
    return held;
  };

  const fetch = async (wanted: string) => {
    const answer = await channel.siteCertificate();
    if (!Check(SiteCertificateAnswer, answer))
      throw new AppError('region_refused', 'the answer does not fit the agent protocol');
    const { certificate, key } = answer;
    const pair = readShownPair(certificate, key);
    if (isRejected(pair)) throw new AppError('region_refused', `the region's answer cannot be used: ${pair.message}`);
    // Another region may not know the newest one yet, so the request is repeated.
    if (textDigest(certificate) !== wanted)
      throw new AppError('region_refused', 'the region sent a certificate that is not the current one of the site');
    await files.install({ ...TRUST_FILES.site, content: `${certificate}${key}` });
    await settle();
  };

  const guarded = async (act: () => Promise<void>) => {
    try {
      await act();
      failures = 0;
      findings.clear(FINDING);
    } catch (error) {
      notBefore = ports.clock.monotonic() + backOffMs(failures, AGAIN, ports.random);
      failures += 1;
      ports.log.warn("the site's certificate could not be fetched", { error: sentenceOf(error) });
      findings.raise(
        FINDING,
        `This node does not use the site's certificate yet: ${sentenceOf(error)}. The agent tries again.`,
      );
    }
  };
  const prepare = async () => {
    if (options.isRegion()) await guarded(async () => void (await settle()));
  };
  const tend = async () => {
    if (!options.isRegion() || ports.clock.monotonic() < notBefore) return;
    await guarded(async () => {
      const held = await settle();
      const wanted = options.wanted();
      if (wanted !== null && wanted !== held) await fetch(wanted);
    });
  };

  return { prepare, tend, run: (signal) => tendUntil({ ports, name: 'site certificate', tend }, signal) };
}

/** A damaged file counts as missing and is written again. */
function digestOfFile(text: string | null): string {
  const at = text?.indexOf(KEY) ?? -1;
  if (text === null || at < 0) return '';
  const [certificate, key] = [text.slice(0, at), text.slice(at)];
  return isRejected(readShownPair(certificate, key)) ? '' : textDigest(certificate);
}
