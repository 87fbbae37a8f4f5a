import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openTrustStore } from '../../src/agent/channel/trust.ts';
import { openFindings } from '../../src/agent/findings.ts';
import { openCertificateKeeper } from '../../src/agent/self/certificate.ts';
import { AppError, isRejected } from '../../src/core/errors.ts';
import type { FileContent } from '../../src/core/host-values.ts';
import { type Authority, serialFrom } from '../../src/pki/authority.ts';
import { readCertificate } from '../../src/pki/certificate.ts';
import { signRequest } from '../../src/pki/sign.ts';
import { testAuthority, testIdentity } from '../kit/cluster/pki.ts';
import { realRandom } from '../kit/postgres.ts';
import { evenRandom, memoryLog, virtualTime } from '../kit/virtual-time.ts';

const DAY = 86_400_000;
const START = Date.UTC(2026, 0, 1);

let authority: Authority;
beforeAll(async () => {
  authority = await testAuthority('c1', START - DAY);
});

interface RigOptions {
  readonly notBefore?: number;
  /** The host has a certificate. */
  readonly has?: boolean;
  /** What the region answers. */
  readonly fault?: Error | null;
  readonly of?: Authority;
}

/** A keeper on files in memory, against a region that signs for 30 days, with a clock that steps. */
async function rig({ notBefore = START, has = true, fault = null, of = authority }: RigOptions = {}) {
  const time = virtualTime();
  const { clock } = time;
  const identity = await testIdentity(of, { nodeId: 'k1', notBefore });
  const disk = new Map<string, FileContent>();
  const put = (name: string, content: string) =>
    disk.set(`/etc/regent/pki/${name}`, { path: name, content, mode: 0, owner: '', group: '' });
  if (has)
    for (const [name, text] of [
      ['ca.crt', identity.authority],
      ['node.crt', identity.certificate],
      ['node.key', identity.key],
    ] as const)
      put(name, text);
  const text = (name: string) => disk.get(`/etc/regent/pki/${name}`)?.content ?? null;
  const findings = openFindings(clock, memoryLog());
  let texts: (string | null)[] = [];
  const reading = { fault: null as Error | null };
  const read = async () => {
    if (reading.fault) throw reading.fault;
    const next = ['ca.crt', 'node.crt', 'node.key'].map(text);
    if (next.some((item, index) => item !== texts[index])) texts = next;
    return texts;
  };
  const trust = openTrustStore({ read, clock });
  const asked: number[] = [];
  const installed: string[] = [];
  const serials: (string | undefined)[] = [];
  const region = {
    fault,
    nodeId: 'k1',
    authority: of,
    /** How far its clock is behind the host's. */
    lateMs: 0,
    sign: async (csr: string): Promise<unknown> => {
      const certificate = await signRequest({
        authority: region.authority,
        csr,
        subject: { nodeId: region.nodeId, name: 'k1', isRegion: false, dnsNames: [], addresses: [] },
        serial: serialFrom(realRandom.hex(16)),
        notBefore: clock.now() - region.lateMs,
        notAfter: clock.now() - region.lateMs + 30 * DAY,
      });
      return isRejected(certificate) ? null : { certificate, authority: region.authority.certificate };
    },
  };
  const files = {
    fault: null as Error | null,
    install: async (file: FileContent) => {
      if (files.fault) throw files.fault;
      installed.push(`${file.path.split('/').at(-1)} ${file.owner}:${file.group} ${file.mode.toString(8)}`);
      disk.set(file.path, file);
    },
  };
  const keeper = openCertificateKeeper({
    ports: {
      clock,
      random: evenRandom,
      log: memoryLog(),
      wait: time.wait,
      loop: () => Object.assign(() => {}, { end: () => {} }),
    },
    channel: {
      certify: async (csr) => {
        asked.push((clock.now() - START) / DAY);
        if (region.fault) throw region.fault;
        return await region.sign(csr);
      },
    },
    trust,
    files,
    findings,
    nodeId: 'k1',
    onChange: () => serials.push(trust.current()?.facts.serial),
  });
  await keeper.tend();
  const codes = () => findings.all().map(({ code }) => code);
  return { time, identity, text, findings, codes, trust, asked, installed, serials, region, reading, files, keeper };
}

describe('a certificate', () => {
  let one: Awaited<ReturnType<typeof rig>>;
  const days = async (count: number, stepMs = DAY / 24) => {
    for (let at = 0; at < count * DAY; at += stepMs) {
      one.time.step(stepMs);
      await one.keeper.tend();
    }
  };
  beforeEach(async () => {
    one = await rig();
  });

  it('is renewed shortly before two thirds of its life, with the same key, and again and again', async () => {
    expect(one.asked).toEqual([]);
    const first = one.trust.current()?.facts.serial;
    await days(95);
    expect(one.asked.map((at) => Math.round(at))).toEqual([19, 39, 58, 77]);
    expect(one.installed.slice(0, 2)).toEqual(['node.pem root:regent-pki 640', 'node.crt root:root 644']);
    expect(one.installed).toHaveLength(8);
    expect(new Set(one.serials).size).toBe(5);
    expect(one.serials[0]).toBe(first);
    expect(one.text('node.key')).toBe(one.identity.key);
    expect(one.text('node.pem')).toBe(`${one.text('node.crt')}${one.text('ca.crt')}${one.identity.key}`);
    expect(one.codes()).toEqual([]);
  });

  it('that no region renews is told of, asked for with growing pauses, and renewed as soon as one does', async () => {
    one.region.fault = new AppError('region_unreachable', 'no region answers');
    await days(20);
    expect(one.codes()).toEqual(['certificate_due']);
    expect(one.findings.all()[0]?.sentence).toContain(
      'valid until 2026-01-31T00:00:00.000Z, could not be renewed: no region answers',
    );
    const count = one.asked.length;
    await days(0.5, 60_000);
    expect(one.asked.length - count).toBeLessThan(0.5 * 24 * 9);
    one.region.fault = null;
    await days(0.1);
    expect(one.codes()).toEqual([]);
    expect(one.trust.current()?.facts.notAfter).toBeGreaterThan(START + 45 * DAY);
  });

  it('that has ended is told with the remedy, is not shown any more, and is replaced when a region lets the node in', async () => {
    one.region.fault = new AppError('region_unreachable', 'no region answers');
    await days(31);
    expect(one.codes().sort()).toEqual(['certificate_due', 'certificate_expired']);
    const sentence = one.findings.all().find(({ code }) => code === 'certificate_expired')?.sentence;
    expect(sentence).toMatch(/Correct the clock if it is wrong\. Remedy: run "regent token create"/);
    expect(one.trust.current()?.isUsable).toBe(false);
    one.region.fault = null;
    await days(0.05, 60_000);
    expect(one.codes()).toEqual([]);
    expect(one.trust.current()?.isUsable).toBe(true);
  });

  it('of a time to come is one of a wrong clock', async () => {
    const fault = new AppError('region_unreachable', 'no region answers');
    one = await rig({ notBefore: START + 2 * DAY, fault });
    expect(one.codes()).toContain('certificate_expired');
    await days(3);
    expect(one.codes()).toEqual([]);
  });

  it('of a time to come, signed while a clock was ahead, is replaced when the clock is right again', async () => {
    one = await rig({ notBefore: START + 300 * DAY });
    expect(one.asked).toHaveLength(1);
    expect(one.trust.current()?.isUsable).toBe(true);
    expect(one.codes()).toEqual([]);
    await days(5);
    expect(one.asked).toHaveLength(1);
  });

  it('is not asked for by a clock that is behind the authority itself', async () => {
    const young = await testAuthority('c1', START + 5 * 365 * DAY);
    one = await rig({ of: young, notBefore: START + 5 * 365 * DAY });
    await days(3);
    expect(one.asked).toEqual([]);
    expect(one.codes()).toEqual(['certificate_expired']);
  });

  it('is not renewed again and again by a clock that is ahead of the region’s', async () => {
    one = await rig();
    one.region.lateMs = 400 * DAY;
    one.time.step(400 * DAY);
    const before = one.text('node.crt');
    await days(1, 30_000);
    expect(one.text('node.crt')).toBe(before);
    expect(one.asked.length).toBeLessThan(150);
    expect(
      one.findings
        .all()
        .map(({ sentence }) => sentence)
        .join(),
    ).toContain('one of the two clocks is wrong');
    one.region.lateMs = 0;
    await days(0.05, 60_000);
    expect(one.codes()).toEqual([]);
  });

  it('whose files cannot be read for a moment is told of, shown on, and not told of any more when they can', async () => {
    const before = one.trust.current();
    one.reading.fault = new AppError('io', 'node.crt could not be read: EMFILE');
    await one.keeper.tend();
    expect(one.codes()).toEqual(['certificate_unusable']);
    expect(one.trust.current()).toEqual(before);
    one.reading.fault = null;
    await one.keeper.tend();
    expect(one.codes()).toEqual([]);
  });

  it('is taken from other hands, too', async () => {
    const other = await rig();
    await one.files.install({
      path: '/etc/regent/pki/ca.crt',
      content: other.text('ca.crt') ?? '',
      mode: 0,
      owner: '',
      group: '',
    });
    await one.files.install({
      path: '/etc/regent/pki/node.key',
      content: other.identity.key,
      mode: 0,
      owner: '',
      group: '',
    });
    await one.keeper.tend();
    expect(one.codes()).toEqual(['certificate_unusable']);
    await one.files.install({
      path: '/etc/regent/pki/node.crt',
      content: other.identity.certificate,
      mode: 0,
      owner: '',
      group: '',
    });
    await one.keeper.tend();
    expect(one.codes()).toEqual([]);
    expect(one.serials).toHaveLength(2);
  });
});

describe('what a region answers', () => {
  it.each([
    { name: 'names another node', change: { nodeId: 'k2' }, words: 'names node k2, this is k1' },
    {
      name: 'is not of the protocol',
      change: { sign: async () => ({ certificate: 1 }) },
      words: 'not fit the agent protocol',
    },
    {
      name: 'is for another key',
      change: {
        sign: async () => {
          const { certificate } = await testIdentity(authority, {
            nodeId: 'k1',
            notBefore: START,
            notAfter: START + 30 * DAY,
          });
          return { certificate, authority: authority.certificate };
        },
      },
      words: "not for this node's key",
    },
  ])('and $name is refused, and nothing is written', async ({ change, words }) => {
    const one = await rig();
    Object.assign(one.region, change);
    one.time.step(21 * DAY);
    await one.keeper.tend();
    expect(one.findings.all()[0]?.sentence).toContain(words);
    expect(one.installed).toEqual([]);
  });

  it('and was signed by another authority is refused', async () => {
    const one = await rig();
    one.region.authority = await testAuthority('c2', START - DAY);
    one.time.step(21 * DAY);
    await one.keeper.tend();
    expect(one.findings.all()[0]?.sentence).toContain('another authority than the one in /etc/regent/pki/ca.crt');
    expect(one.installed).toEqual([]);
  });

  it('and cannot be written is asked for again', async () => {
    const one = await rig();
    one.files.fault = new AppError('unreachable', 'the root helper cannot be reached');
    one.time.step(21 * DAY);
    await one.keeper.tend();
    expect(one.codes()).toEqual(['certificate_due']);
    one.files.fault = null;
    one.time.step(60_000);
    await one.keeper.tend();
    expect(one.codes()).toEqual([]);
  });
});

describe('a rack that was accepted', () => {
  it('makes a key, asks for a certificate, and writes it last', async () => {
    const one = await rig({ has: false });
    expect(one.installed).toEqual([
      'ca.crt root:root 644',
      'node.key root:regent-pki 640',
      'node.pem root:regent-pki 640',
      'node.crt root:root 644',
    ]);
    const facts = readCertificate(one.text('node.crt') ?? '');
    expect(facts).toMatchObject({ nodeId: 'k1' });
    expect(one.trust.current()?.isUsable).toBe(true);
    one.time.step(60_000);
    await one.keeper.tend();
    expect(one.asked).toHaveLength(1);
  });

  it('says nothing while it is not: it asks again with pauses', async () => {
    const one = await rig({ has: false, fault: new AppError('region_unreachable', 'the rack is not accepted') });
    expect(one.installed).toEqual([]);
    expect(one.codes()).toEqual([]);
    for (let count = 0; count < 60; count += 1) {
      one.time.step(1_000);
      await one.keeper.tend();
    }
    expect(one.asked.length).toBeGreaterThan(3);
    expect(one.asked.length).toBeLessThan(10);
    one.region.fault = null;
    one.time.step(60_000);
    await one.keeper.tend();
    expect(one.installed).toHaveLength(4);
  });
});
