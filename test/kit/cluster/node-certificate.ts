import { rename, writeFile } from 'node:fs/promises';
import { basename } from 'node:path';
import type { RegionChannel } from '../../../src/agent/channel/channel.ts';
import { openTrustStore, type TrustStore } from '../../../src/agent/channel/trust.ts';
import { type Findings, openFindings } from '../../../src/agent/findings.ts';
import { type CertificateKeeper, openCertificateKeeper } from '../../../src/agent/self/certificate.ts';
import { watchTexts } from '../../../src/host/observe/watched-texts.ts';
import { realClock, realRandom } from '../postgres.ts';
import { memoryLog } from '../virtual-time.ts';
import type { TestIdentity } from './pki.ts';

/** A node's certificate on its host: files, what the agent has read of them, and what keeps them good. */
export interface NodeCertificate {
  readonly trust: TrustStore;
  readonly findings: Findings;
  /** Replaces `ca.crt`, `node.crt` or `node.key`, as the helper does. */
  readonly put: (name: string, content: string) => Promise<void>;
  /** A new keeper, which asks by this channel. */
  readonly keeper: (channel: RegionChannel) => CertificateKeeper;
}

/** What to open. `at`: path of a file. `identity`: is put there first. */
interface NodeCertificateOptions {
  readonly nodeId: string;
  readonly at: (name: string) => string;
  readonly identity?: TestIdentity | null;
}

/** Opens it and reads the files once. */
export async function openNodeCertificate(options: NodeCertificateOptions): Promise<NodeCertificate> {
  const { nodeId, at, identity = null } = options;
  const put = async (name: string, content: string) => {
    await writeFile(`${at(name)}.new`, content);
    await rename(`${at(name)}.new`, at(name));
  };
  if (identity) {
    await put('ca.crt', identity.authority);
    await put('node.key', identity.key);
    await put('node.crt', identity.certificate);
  }
  const files = watchTexts(['ca.crt', 'node.crt', 'node.key'].map(at));
  const trust = openTrustStore({ read: () => files.read(), clock: realClock });
  await trust.refresh();
  const findings = openFindings(realClock, memoryLog());
  const beat = Object.assign(() => {}, { end: () => {} });
  return {
    trust,
    findings,
    put,
    keeper: (channel) =>
      openCertificateKeeper({
        ports: { clock: realClock, random: realRandom, log: memoryLog(), wait: async () => {}, loop: () => beat },
        channel,
        trust,
        files: { install: (file) => put(basename(file.path), file.content) },
        findings,
        nodeId,
        onChange: () => {},
      }),
  };
}
