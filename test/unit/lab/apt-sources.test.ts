import { describe, expect, it } from 'vitest';
import { chooseSources, parseDeb822, parseOneLine } from '../../../src/lab/outer/apt-sources.ts';

const BOOKWORM = `
# comment
deb http://mirror.example/debian bookworm main contrib
deb [arch=amd64 signed-by=/k.gpg] http://mirror.example/debian bookworm-updates main
deb http://sec.example/debian-security/ bookworm-security main
deb-src http://mirror.example/debian bookworm main
deb https://other.example/apt stable main
`;

const DEB822 = `Types: deb
URIs: http://mirror.example/debian
Suites: trixie trixie-updates
Components: main

Types: deb deb-src
# comment
URIs: http://sec.example/debian-security
Suites: trixie-security
Components: main

Types: deb
Enabled: no
URIs: http://off.example/debian
Suites: trixie
`;

describe('the machine’s own Debian mirror', () => {
  it('is read from one-line sources', () => {
    expect(chooseSources(parseOneLine(BOOKWORM), 'bookworm', 'trixie')).toEqual([
      'deb http://mirror.example/debian trixie main',
      'deb http://mirror.example/debian trixie-updates main',
      'deb http://sec.example/debian-security trixie-security main',
    ]);
  });

  it('is read from deb822 sources, without what is switched off', () => {
    expect(parseDeb822(DEB822).map((source) => source.uri)).not.toContain('http://off.example/debian');
    expect(chooseSources(parseDeb822(DEB822), 'trixie', 'trixie')).toEqual([
      'deb http://mirror.example/debian trixie main',
      'deb http://mirror.example/debian trixie-updates main',
      'deb http://sec.example/debian-security trixie-security main',
    ]);
  });

  it('is left to mmdebstrap where the machine is no Debian or reads from a medium', () => {
    expect(chooseSources(parseOneLine('deb http://archive.example/ubuntu noble main'), '', 'trixie')).toEqual([]);
    expect(chooseSources(parseOneLine('deb cdrom:[Debian]/ bookworm main'), 'bookworm', 'trixie')).toEqual([]);
    expect(chooseSources([], 'bookworm', 'trixie')).toEqual([]);
  });
});
