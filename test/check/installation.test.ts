import { createHash, randomBytes } from 'node:crypto';
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { DebianHost } from '../kit/debian-root.ts';
import { drawn } from '../kit/drawn.ts';
import { BUILD_MS, contentOf, imageFolder } from '../kit/installation/images.ts';
import { Installation } from '../kit/installation/installation.ts';
import { TestRack } from '../kit/installation/rack.ts';

/**
 * A deployment's steps (scripts/machine/deploying). The one that fetches the image: in Debian's root, against racks that fail. All of them: a virtual
 * machine with an empty disk, from the system of the release to a login; other layouts and firmware are test/story/installations.test.ts.
 */

const STEP = 'regent-install-20-image';
const SCRIPTS = join(import.meta.dirname, '../../scripts/machine/deploying');
/** More than sockets and pipes hold. */
const FILLING = randomBytes(20 << 20);

describe('the image is fetched', () => {
  let folder: string;
  let host: DebianHost;
  let rack: TestRack;
  let other: TestRack;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'regent-image-step-'));
    for (const path of ['etc', 'tree/etc']) execFileSync('mkdir', ['-p', join(folder, path)]);
    writeFileSync(join(folder, 'tree/etc/os-release'), 'ID=test\n');
    writeFileSync(join(folder, 'tree/filling'), FILLING);
    writeFileSync(join(folder, 'etc/outside'), 'x\n');
    const tar = execFileSync('tar', ['-c', '-C', join(folder, 'tree'), '.'], { maxBuffer: 1 << 26 });
    writeFileSync(join(folder, 'good'), gzipSync(tar, { level: 1 }));
    const wrong = Buffer.from(readFileSync(join(folder, 'good')));
    wrong.writeUInt8(wrong.readUInt8(wrong.length - 100) ^ 1, wrong.length - 100);
    writeFileSync(join(folder, 'damaged'), wrong);
    const climbing = execFileSync('tar', ['-c', '-P', '-C', join(folder, 'tree'), './etc', '../etc/outside'], {
      maxBuffer: 1 << 26,
    });
    writeFileSync(join(folder, 'climbing'), gzipSync(climbing));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  beforeEach(async () => {
    host = await DebianHost.open();
    rack = await TestRack.open();
    other = await TestRack.open();
    for (const one of [rack, other]) one.files.set('images/d/image', join(folder, 'good'));
  });
  afterEach(async () => {
    for (const one of [rack, other, host]) await one[Symbol.asyncDispose]();
  });

  /** Runs the step for an image of the folder, by what it is itself. */
  async function step(sources: readonly string[], image = 'good') {
    const bytes = readFileSync(join(folder, image));
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    const about = { name: 'test', format: 'tar', compression: 'gz', path: 'images/d/image', sha256 };
    const values = { ...about, size: String(bytes.length) };
    for (const [name, value] of Object.entries(values)) host.write(`/opt/run/deployment/image/${name}`, `${value}\n`);
    host.write('/opt/run/deployment/sources', sources.map((url) => `${url}\n`).join(''));
    host.write(`/opt/run/scripts/${STEP}`, readFileSync(join(SCRIPTS, STEP), 'utf8'));
    host.write('/run/regent-install/disks', '');
    host.write('/target/.keep', '');
    const [program = '', ...rest] = host.onOurNetwork(['env', 'REGENT_TRIES=2', 'sh', `/opt/run/scripts/${STEP}`]);
    return await new Promise<{ code: number; said: string }>((resolve) => {
      const child = spawn(program, rest, { stdio: ['ignore', 'pipe', 'pipe'] });
      let said = '';
      for (const stream of [child.stdout, child.stderr])
        stream.on('data', (chunk: Buffer) => (said += chunk.toString()));
      child.once('exit', (code) => resolve({ code: code ?? -1, said }));
    });
  }
  const isWhole = () => readFileSync(host.path('/target/filling')).equals(FILLING);
  const url = (one: TestRack) => one.urlAt('127.0.0.1');

  it('from the next rack where one is dead, and goes on at another where one breaks off in the middle', async () => {
    rack.cut = () => true;
    const ran = await step(['http://127.0.0.1:1', url(rack), url(other)]);
    expect(ran, ran.said).toMatchObject({ code: 0 });
    expect(isWhole()).toBe(true);
    expect(ran.said).toContain('Could not connect');
    expect(other.asked).toEqual([expect.stringMatching(/bytes=[1-9]\d{3,}-/)]);
  });

  it('again from another rack where one has a damaged copy', async () => {
    rack.files.set('images/d/image', join(folder, 'damaged'));
    const ran = await step([url(rack), url(other)]);
    expect(ran, ran.said).toMatchObject({ code: 0 });
    expect(ran.said).toContain('the image is damaged');
    expect(isWhole()).toBe(true);
  });

  it('and no system is started where each copy is damaged, short or not there', async () => {
    for (const one of [rack, other]) one.files.set('images/d/image', join(folder, 'damaged'));
    const damaged = await step([url(rack), url(other)]);
    expect(damaged).toMatchObject({
      code: 1,
      said: expect.stringContaining('Each rack gave a damaged image') as string,
    });
    for (const one of [rack, other]) one.files.clear();
    const gone = await step([url(rack), url(other)]);
    expect(gone).toMatchObject({ code: 1, said: expect.stringContaining('no rack gives it') as string });
  }, 60_000);

  it('and nothing is written outside of the new system', async () => {
    for (const one of [rack, other]) one.files.set('images/d/image', join(folder, 'climbing'));
    const ran = await step([url(rack)], 'climbing');
    expect(ran.said).toContain("Member name contains '..'");
    expect(ran).toMatchObject({ code: 1, said: expect.stringContaining('it cannot be unpacked') as string });
  });
});

describe.each(drawn('machine'))('a %s with an empty disk', () => {
  let ephemeral: string;
  let tiny: string;
  beforeAll(async () => {
    ephemeral = await imageFolder('ephemeral');
    tiny = await imageFolder('deployable-tiny');
  }, 2 * BUILD_MS);

  it('is installed, lets its owner in, and tells so, while one of its two racks is dead', async () => {
    await using site = await Installation.open({ firmware: 'bios', disks: [{ mib: 2048, serial: 'SN-0' }] }, ephemeral);
    const { file, compression, bytes } = contentOf(tiny);
    const image = { file: join(tiny, file), format: 'tar', compression, minBytes: bytes, user: 'root' } as const;
    await site.offer(image, { layout: 'flat', swapBytes: 64 << 20 }, ['http://10.0.2.2:1']);
    const ran = await site.run();
    expect(ran.status, ran.logs).toBe('OK');
    expect(new Set(Object.values(ran.steps))).toEqual(new Set(['0']));
    const login = await site.login('root');
    expect(await site.deployed()).toBe('none');
    const told = await site.ssh(
      'root',
      'hostname; cat /etc/hostname; findmnt -n -o FSTYPE /; findmnt -n -o FSTYPE /boot/efi; swapon --noheadings --show=TYPE',
    );
    expect(told.split('\n')).toEqual(['m1', 'm1', 'ext4', 'vfat', 'partition']);
    // Nothing of the deployment's credentials stays.
    expect(
      await site.ssh('root', 'ls /etc/regent-deployed /usr/local/sbin/regent-deployed 2>&1 | grep -c "No such file"'),
    ).toBe('2');
    const [clock, processor] = ran.seconds.map((s, index) => Math.round(s + (login[index] ?? 0)));
    console.log(`power → SSH ${clock} s, of which the machine's processor ran ${processor} s`);
  }, 1_800_000);
});
