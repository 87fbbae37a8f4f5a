import { describe, expect, it } from 'vitest';
import { isRejected } from '../../../../src/core/errors.ts';
import {
  packageFiles,
  type PackageRepository,
  packagesFor,
  parseSigningKey,
  parseList,
  POCKETS,
} from '../../../../src/model/images/package-repository.ts';

const A: PackageRepository = {
  id: 1,
  name: 'in-house',
  enabled: true,
  sourceUrl: 'https://packages.example.net/debian',
  signingKey: '',
  distributions: '',
  components: '',
  arches: '',
  disabledPockets: '',
  disabledComponents: '',
  disableSources: true,
};
const ARMOURED = '-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nmDMEZ\n-----END PGP PUBLIC KEY BLOCK-----\n';

describe('package repositories', () => {
  it('are for a machine by its architecture; those of MAAS’s names stand in for the archive of the image', () => {
    const main = { ...A, id: 2, name: 'main_archive' };
    const ports = { ...A, id: 3, name: 'ports_archive' };
    const all = [
      A,
      main,
      ports,
      { ...A, id: 4, arches: 'arm64' },
      { ...A, id: 5, enabled: false },
      { ...A, id: 6, sourceUrl: '' },
    ];
    const ids = (architecture: string) => {
      const { main: own, others } = packagesFor(all, architecture);
      return [own?.id ?? null, ...others.map(({ id }) => id)];
    };
    expect([ids('amd64'), ids('arm64')]).toEqual([
      [2, 1],
      [3, 1, 4],
    ]);
    expect(packagesFor([], 'amd64')).toEqual({ main: null, others: [] });
  });

  it('become apt’s sources, with the release of the system where none is named', () => {
    const plain = packageFiles({ main: null, others: [A] });
    expect(plain).toEqual({
      'apt/sources/regent-1.sources':
        '# By Regent, when the machine was deployed.\nTypes: deb\nURIs: https://packages.example.net/debian\nSuites: @codename@\nComponents: main\n',
    });
    const signed = {
      ...A,
      signingKey: btoa(ARMOURED),
      distributions: 'stable next',
      components: 'main extra',
      arches: 'amd64',
      disableSources: false,
    };
    const files = packageFiles({ main: null, others: [signed] });
    expect(files['apt/sources/regent-1.sources']).toContain(
      'Types: deb deb-src\nURIs: https://packages.example.net/debian\nSuites: stable next\nComponents: main extra\nArchitectures: amd64\nSigned-By: /etc/apt/keyrings/regent-1.asc\n',
    );
    expect(Buffer.from(files['apt/keys/regent-1.asc'] ?? '').toString()).toBe(ARMOURED);
    const flat = packageFiles({ main: null, others: [{ ...A, distributions: './', components: 'x' }] });
    expect(flat['apt/sources/regent-1.sources']).not.toContain('Components');
  });

  it('say of the main archive what is not the usual', () => {
    const main = { ...A, name: 'main_archive', disabledPockets: 'updates backports', disabledComponents: 'multiverse' };
    expect(packageFiles({ main, others: [] })).toEqual({
      'apt/main/url': 'https://packages.example.net/debian\n',
      'apt/main/disabled-pockets': 'updates backports\n',
      'apt/main/disabled-components': 'multiverse\n',
      'apt/main/sources': 'off\n',
    });
  });

  it('have lists of words, and keys', () => {
    expect(parseList(' main,  extra main ', 'components')).toBe('main extra');
    for (const bad of ['a;b', 'a"', '$x', `${'x'.repeat(101)}`, '-x'])
      expect(isRejected(parseList(bad, 'f')), bad).toBe(true);
    const refusal = parseList('proposed', 'disabledPockets', POCKETS);
    expect(isRejected(refusal) && refusal.message).toContain(
      '"proposed" is unknown. Rule: updates, security, backports',
    );
    expect(parseSigningKey('', 'key')).toBe('');
    expect(parseSigningKey(btoa(ARMOURED), 'key')).toBe(btoa(ARMOURED));
    for (const bad of ['-----BEGIN', btoa('0xABCDEF12'), btoa('-----BEGIN PGP PRIVATE KEY BLOCK-----\n')])
      expect(isRejected(parseSigningKey(bad, 'key')), bad).toBe(true);
  });
});
