import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { packageFiles, type PackageRepository } from '../../src/model/images/package-repository.ts';

/** The step of a deployment that writes where packages come from, on the files of a system. */

const STEP = join(import.meta.dirname, '../../scripts/machine/deploying/regent-install-35-packages');
const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true });
});

function place(root: string, files: Readonly<Record<string, string | Uint8Array>>): void {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
  }
}

/** Runs the step; gives what it said, and reads a file of the system. */
function run(system: Readonly<Record<string, string>>, deployment: Readonly<Record<string, string | Uint8Array>>) {
  const root = mkdtempSync(join(tmpdir(), 'regent-packages-'));
  folders.push(root);
  place(join(root, 'target'), system);
  place(join(root, 'deployment'), { hostname: 'm1\n', ...deployment });
  const env = {
    PATH: process.env['PATH'] ?? '',
    REGENT_TARGET: join(root, 'target'),
    REGENT_DEPLOYMENT: join(root, 'deployment'),
  };
  const ran = spawnSync('sh', [STEP], { env, encoding: 'utf8' });
  expect(ran.status, ran.stderr).toBe(0);
  return { said: ran.stdout, read: (path: string) => readFileSync(join(root, 'target', path), 'utf8') };
}

const REPOSITORY: PackageRepository = {
  id: 7,
  name: 'x',
  enabled: true,
  sourceUrl: 'http://mirror.example.net/ubuntu',
  signingKey: '',
  distributions: '',
  components: '',
  arches: '',
  disabledPockets: 'backports',
  disabledComponents: 'multiverse',
  disableSources: true,
};
const UBUNTU = {
  'etc/os-release': 'ID=ubuntu\nVERSION_CODENAME=noble\n',
  'etc/apt/sources.list':
    '# a note\ndeb http://de.archive.ubuntu.com/ubuntu noble main multiverse\ndeb-src http://archive.ubuntu.com/ubuntu noble main\ndeb [arch=amd64 lang=en] http://archive.ubuntu.com/ubuntu/ noble-backports main\ndeb http://archive.ubuntu.com/ubuntu noble multiverse\ndeb http://other.example.net/x ./\n',
  'etc/apt/sources.list.d/ubuntu.sources':
    'Types: deb deb-src\nURIs: http://archive.ubuntu.com/ubuntu/\nSuites: noble noble-updates noble-backports\nComponents: main universe multiverse\n',
};

describe('the step of the packages', () => {
  it('puts the main archive in place of the image’s own, in both forms, without what is disabled', () => {
    const { read } = run(UBUNTU, packageFiles({ main: REPOSITORY, others: [] }));
    expect(read('etc/apt/sources.list').split('\n')).toEqual([
      '# a note',
      'deb http://mirror.example.net/ubuntu noble main',
      '# By Regent, disabled: deb-src http://mirror.example.net/ubuntu noble main',
      '# By Regent, disabled: deb [arch=amd64 lang=en] http://mirror.example.net/ubuntu noble-backports main',
      '# By Regent, disabled: deb http://mirror.example.net/ubuntu noble multiverse',
      'deb http://other.example.net/x ./',
      '',
    ]);
    expect(read('etc/apt/sources.list.d/ubuntu.sources')).toBe(
      'Types: deb\nURIs: http://mirror.example.net/ubuntu\nSuites: noble noble-updates\nComponents: main universe\n',
    );
  });

  it('adds repositories with their keys, by the release of the system', () => {
    const key = btoa('-----BEGIN PGP PUBLIC KEY BLOCK-----\nx\n-----END PGP PUBLIC KEY BLOCK-----\n');
    const { read, said } = run(UBUNTU, packageFiles({ main: null, others: [{ ...REPOSITORY, signingKey: key }] }));
    expect(read('etc/apt/sources.list.d/regent-7.sources')).toContain(
      'Suites: noble\nComponents: main\nSigned-By: /etc/apt/keyrings/regent-7.asc\n',
    );
    expect(read('etc/apt/keyrings/regent-7.asc')).toContain('BEGIN PGP PUBLIC KEY');
    expect(said).toContain('regent-7.sources is added');
    expect(read('etc/apt/sources.list')).toBe(UBUNTU['etc/apt/sources.list']);
  });

  it('leaves alone what it is not for, and says so', () => {
    const debian = {
      'etc/os-release': 'ID=debian\n',
      'etc/apt/sources.list': 'deb http://deb.debian.org/debian trixie main\n',
    };
    const { read, said } = run(debian, packageFiles({ main: REPOSITORY, others: [REPOSITORY] }));
    expect(read('etc/apt/sources.list')).toBe(debian['etc/apt/sources.list']);
    expect(said).toContain('is of another distribution');
    expect(said).toContain('does not name its release');
    expect(run({ 'etc/os-release': 'ID=fedora\n' }, packageFiles({ main: REPOSITORY, others: [] })).said).toContain(
      'has no apt',
    );
    expect(run(debian, {}).said).toContain('its own package repositories alone');
  });
});
