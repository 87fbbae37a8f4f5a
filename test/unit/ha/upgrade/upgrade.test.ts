import { execFileSync } from 'node:child_process';
import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isOlder, statementOf, takeArchive, type UpgradePaths } from '../../../../ha/upgrade/archive.ts';
import { changesOf, packagesOf } from '../../../../ha/upgrade/packages.ts';
import { reasonOf } from '../../../../ha/upgrade/program.ts';
import { main, parseTask } from '../../../../ha/upgrade/upgrade.ts';
import { UPGRADE_UNIT, upgradeUnit } from '../../../../src/contract/site/upgrade-order.ts';

const SHA = 'a'.repeat(64);
const ARCHITECTURE = process.arch === 'arm64' ? 'arm64' : 'amd64';
const maker = generateKeyPairSync('ed25519');

/** A host with an installed release, and what its agent brought. */
describe('what the agent brought', () => {
  let folder: string;
  let paths: UpgradePaths;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'regent-upgrade-'));
    paths = { brought: join(folder, 'agent'), state: join(folder, 'state'), root: join(folder, 'opt') };
    mkdirSync(join(paths.root, 'releases/0.4.0+aaa'), { recursive: true });
    symlinkSync('releases/0.4.0+aaa', join(paths.root, 'current'));
    const key = maker.publicKey.export({ type: 'spki', format: 'pem' });
    writeFileSync(join(paths.root, 'current/release.pub'), key);
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  /** A tar with these scripts as regent-V/scripts/NAME, signed; gives its digest. */
  const bring = (
    changes: { version?: string; architecture?: string; key?: typeof maker.privateKey; script?: string } = {},
  ) => {
    const { version = '0.4.1+bbb', architecture = ARCHITECTURE, key = maker.privateKey, script = 'exit 0' } = changes;
    const tree = join(folder, 'tree/regent-x/scripts');
    mkdirSync(tree, { recursive: true });
    writeFileSync(join(tree, 'install'), `#!/bin/sh\necho "$@" >>${folder}/ran\n${script}\n`, { mode: 0o755 });
    const tar = join(folder, 'x.tar.gz');
    execFileSync('tar', ['-czf', tar, '-C', join(folder, 'tree'), 'regent-x']);
    const content = readFileSync(tar);
    const sha256 = createHash('sha256').update(content).digest('hex');
    const signature = sign(null, Buffer.from(statementOf({ version, architecture, sha256 })), key).toString('base64');
    mkdirSync(join(paths.brought, sha256), { recursive: true });
    writeFileSync(join(paths.brought, sha256, 'release.tar.gz'), content);
    writeFileSync(join(paths.brought, sha256, 'manifest.json'), JSON.stringify({ version, architecture, signature }));
    return sha256;
  };
  const state = () =>
    JSON.parse(readFileSync(join(paths.state, 'state.json'), 'utf8')) as { state: string; sentence: string };
  const ran = () => (existsSync(join(folder, 'ran')) ? readFileSync(join(folder, 'ran'), 'utf8') : '');

  it('is checked and installed by its own scripts/install, from the folder of root', async () => {
    const sha256 = bring();
    expect(await main(`check:${sha256}:7`, paths)).toBe(0);
    expect(state()).toMatchObject({ task: `check:${sha256}:7`, state: 'done', sentence: '0.4.1+bbb may be installed' });
    // What the agent has is of no interest any more.
    rmSync(paths.brought, { recursive: true });
    expect(await main(`install:${sha256}:7`, paths)).toBe(0);
    const own = join(paths.state, 'archive', `${sha256}.tar.gz`);
    expect(ran()).toBe(`--check ${own}\n${own}\n`);
    expect(state()).toMatchObject({ state: 'done', sentence: '0.4.1+bbb is installed', version: '0.4.0+aaa' });
    expect(existsSync(own)).toBe(false);
  });

  it.each<[string, (sha256: string) => string, RegExp]>([
    [
      'was changed',
      (sha256) => {
        writeFileSync(join(paths.brought, sha256, 'release.tar.gz'), 'another');
        return sha256;
      },
      /damaged: its SHA-256 is not the one/,
    ],
    [
      'is signed by another maker',
      () => bring({ key: generateKeyPairSync('ed25519').privateKey }),
      /not signed by the key/,
    ],
    ['is for another architecture', () => bring({ architecture: 's390x' }), /is for s390x, and this host is/],
    ['is older', () => bring({ version: '0.3.9+ccc' }), /is older than 0.4.0\+aaa. To go back: regent upgrade back/],
    [
      'is a link',
      (sha256) => {
        rmSync(join(paths.brought, sha256, 'release.tar.gz'));
        symlinkSync('/etc/shadow', join(paths.brought, sha256, 'release.tar.gz'));
        return sha256;
      },
      /has not brought the archive/,
    ],
    [
      'is a pipe',
      (sha256) => {
        rmSync(join(paths.brought, sha256, 'release.tar.gz'));
        execFileSync('/usr/bin/mkfifo', [join(paths.brought, sha256, 'release.tar.gz')]);
        return sha256;
      },
      /no plain file/,
    ],
    [
      'has a note that is none',
      (sha256) => {
        writeFileSync(
          join(paths.brought, sha256, 'manifest.json'),
          '{"version":"../../x","architecture":"amd64","signature":""}',
        );
        return sha256;
      },
      /note of the archive cannot be read/,
    ],
    ['is not there', () => SHA, /has not brought the archive/],
    [
      'comes to a host whose release names no key',
      (sha256) => {
        rmSync(join(paths.root, 'current/release.pub'));
        return sha256;
      },
      /has no release.pub: run scripts\/install/,
    ],
  ])('is refused, and nothing of it runs, when it %s', async (_name, change, sentence) => {
    const sha256 = change(bring());
    expect(await main(`check:${sha256}:7`, paths)).toBe(1);
    expect(state().state).toBe('failed');
    expect(state().sentence).toMatch(sentence);
    expect(ran()).toBe('');
    expect(existsSync(join(paths.state, 'archive'))).toBe(false);
  });

  it('is verified again before it is installed: a signature under another version is none', async () => {
    const sha256 = bring();
    await takeArchive(paths, sha256);
    const note = join(paths.state, 'archive', `${sha256}.json`);
    writeFileSync(note, readFileSync(note, 'utf8').replace('0.4.1+bbb', '0.4.2+bbb'));
    expect(await main(`install:${sha256}:7`, paths)).toBe(1);
    expect(state().sentence).toMatch(/not signed by the key/);
  });

  it('that was cut off while it was copied is copied again', async () => {
    const sha256 = bring();
    mkdirSync(join(paths.state, 'archive'), { recursive: true });
    writeFileSync(join(paths.state, 'archive', `${sha256}.tar.gz.new`), 'half');
    expect(await main(`check:${sha256}:7`, paths)).toBe(0);
    expect(readdirSync(join(paths.state, 'archive')).sort()).toEqual([`${sha256}.json`, `${sha256}.tar.gz`, 'scripts']);
  });

  it('reports why its scripts/install failed, without its progress', async () => {
    const script =
      'echo "[   1 s] packages" >&2; echo "install: /opt has 12 MB free" >&2; echo "  what to do: make room" >&2; exit 1';
    expect(await main(`install:${bring({ script })}:7`, paths)).toBe(1);
    expect(state().sentence).toBe('install: /opt has 12 MB free; what to do: make room');
  });

  it('goes back by the release that is still there, and to no other', async () => {
    const old = join(paths.root, 'releases/0.3.9+old/scripts');
    mkdirSync(old, { recursive: true });
    writeFileSync(join(old, 'install'), `#!/bin/sh\necho back >>${folder}/ran\n`, { mode: 0o755 });
    expect(await main('back:0.3.9_old:8', paths)).toBe(0);
    expect(ran()).toBe('back\n');
    expect(await main('back:0.3.8_old:8', paths)).toBe(1);
    expect(state().sentence).toContain('0.3.8+old is not in');
  });

  it('does nothing for a name that is no task', async () => {
    for (const name of [
      '',
      'install',
      `install:${SHA}`,
      `install:${SHA}:7;reboot`,
      'back:../../tmp:7',
      'packages:x',
      `check:${SHA.toUpperCase()}:7`,
    ]) {
      expect(parseTask(name), name).toBeNull();
      expect(await main(name, paths), name).toBe(2);
    }
    expect(existsSync(join(paths.state, 'state.json'))).toBe(false);
  });
});

it('the helper starts units of exactly the names that the program knows', () => {
  const pattern = new RegExp(`^(?:${UPGRADE_UNIT})$`, 'u');
  const names = [
    `check:${SHA}:7`,
    `install:${SHA}:123456789012`,
    'back:0.4.0_1a2b:7',
    'packages:7',
    'packages-check:7',
  ];
  for (const name of names)
    expect([parseTask(name) !== null, pattern.test(upgradeUnit(name))], name).toEqual([true, true]);
  const others = [
    `check:${SHA}`,
    `install:${SHA}:7.x`,
    'back:..:7',
    'packages:',
    'reboot:7',
    `install:${SHA}:7@`,
    'back:0/1:7',
  ];
  for (const name of others)
    expect([parseTask(name) !== null, pattern.test(upgradeUnit(name))], name).toEqual([false, false]);
});

it('compares releases by number; what follows has no order', () => {
  const older = [
    ['0.3.9', '0.4.0'],
    ['0.4.0+a', '0.10.0+b'],
    ['0.9.9', '1.0.0'],
  ] as const;
  for (const [one, other] of older) expect([isOlder(one, other), isOlder(other, one)]).toEqual([true, false]);
  expect(isOlder('0.4.0+a', '0.4.0+b')).toBe(false);
});

it('reads what apt would do, and the packages that it is asked for', () => {
  const text =
    'NOTE: This is only a simulation!\nInst bind9 [1:9.20.1-1] (1:9.20.2-1 Debian-Security:13/stable [amd64])\nInst libnew (2.0 Debian:13 [amd64])\nConf bind9 (1:9.20.2-1 x)\n';
  expect(changesOf(text)).toEqual(['bind9 1:9.20.1-1 1:9.20.2-1', 'libnew - 2.0']);
  const list = readFileSync(join(import.meta.dirname, '../../../../scripts/packages.txt'), 'utf8');
  expect(packagesOf(list, 'x64')).toEqual(expect.arrayContaining(['bind9', 'shim-signed', 'postgresql-17']));
  expect(packagesOf(list, 'arm64')).not.toContain('shim-signed');
  expect(packagesOf(list, 'x64')).not.toContain('dbus');
});

it('quotes the last lines of a failure', () => {
  expect(reasonOf('apt-get', 100, '')).toBe('apt-get ended with code 100');
  expect(reasonOf('x', 1, '[   3 s] a step\n\nE: no space\n')).toBe('E: no space');
});
