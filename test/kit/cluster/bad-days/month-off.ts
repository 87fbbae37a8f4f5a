import { expect } from 'vitest';
import { isRejected } from '../../../../src/core/errors.ts';
import { execHost } from '../../../../src/lab/exec.ts';
import { TRUST_FILES } from '../../../../src/model/cluster/trust-files.ts';
import { type Authority, serialFrom } from '../../../../src/pki/authority.ts';
import { readCertificate, subjectOf } from '../../../../src/pki/certificate.ts';
import { createRequest } from '../../../../src/pki/request.ts';
import { signRequest } from '../../../../src/pki/sign.ts';
import { RANDOM } from '../../dice.ts';
import { realRandom } from '../../postgres.ts';
import { until } from '../../until.ts';
import { REGION_NAMES } from '../nodes.ts';
import { RACK, type Story } from './story.ts';

const DAY_MS = 86_400_000;

/** A host cannot be given a clock of its own here: the certificates are what they are after a month without power. */
export async function monthOff(story: Story): Promise<void> {
  const { hosts, site, needRack, tell } = story;
  await needRack();
  await site().well(120_000);
  const all = RANDOM.shuffled([...REGION_NAMES, RACK.name]);
  const read = async (host: string, path: string) => `${await hosts.lab.ask(host, ['cat', path])}\n`;
  const authority = {
    certificate: await read('r1', TRUST_FILES.authority.path),
    key: await read('r1', '/var/lib/regent/region/pki/ca.key'),
  };
  // Else it would get another one before the power goes.
  for (const host of all) await hosts.lab.ask(host, ['systemctl', 'stop', 'regent-agent']);
  for (const host of all) await endCertificate(story, authority, host);
  await Promise.all(all.map((host) => hosts.power.kill(host)));
  for (const host of all) await hosts.power.start(host);
  const start = performance.now();
  await site().well(240_000);
  const seconds = ((performance.now() - start) / 1000).toFixed(0);
  for (const host of all) {
    const facts = readCertificate(await read(host, TRUST_FILES.certificate.path));
    if (isRejected(facts)) throw new Error(`${host}: ${facts.message}`);
    expect(facts.notAfter, host).toBeGreaterThan(Date.now() + 20 * DAY_MS);
  }
  const rows = async () =>
    (await site().regent('certificate', 'list', '-o', 'json')).stdout.match(/"state": "good"/g) ?? [];
  await until('every certificate in the table', async () => (await rows()).length >= all.length);
  tell(
    'a month without power',
    `all certificates had ended; well ${seconds} s after the last of ${all.join(', ')} booted`,
  );
}

/** The node's own key and names, signed for the month that ended yesterday. */
async function endCertificate({ hosts }: Story, authority: Authority, host: string): Promise<void> {
  const { layout } = hosts.lab;
  const read = async ({ path }: { path: string }) => `${await hosts.lab.ask(host, ['cat', path])}\n`;
  const before = await read(TRUST_FILES.certificate);
  const subject = subjectOf(before);
  if (isRejected(subject)) throw new Error(`${host}: ${subject.message}`);
  const now = Date.now();
  const ended = await signRequest({
    authority,
    csr: await createRequest(await read(TRUST_FILES.key), subject.name),
    subject,
    serial: serialFrom(realRandom.hex(16)),
    notBefore: now - 31 * DAY_MS,
    notAfter: now - DAY_MS,
  });
  if (isRejected(ended)) throw new Error(`${host}: ${ended.message}`);
  const bundle = (await read(TRUST_FILES.bundle)).replace(before.trim(), ended.trim());
  for (const [file, input] of [
    [TRUST_FILES.certificate, ended],
    [TRUST_FILES.bundle, bundle],
  ] as const) {
    // Owner and mode stay.
    const argv = ['sh', '-c', 'cat >"$1" && sync "$1"', 'sh', file.path];
    const { code, stderr } = await execHost(layout, host, argv, { timeoutMs: 20_000, input });
    expect(code, stderr).toBe(0);
  }
}
