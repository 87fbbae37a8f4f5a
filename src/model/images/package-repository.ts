import { invalid, type Rejected, show } from '../../core/errors.ts';

/** Where deployed systems get packages from. Lists are names with blanks between, in the order in which they were given. */
export interface PackageRepository {
  readonly id: number;
  readonly name: string;
  readonly enabled: boolean;
  readonly sourceUrl: string;
  readonly signingKey: string;
  readonly distributions: string;
  readonly components: string;
  readonly arches: string;
  readonly disabledPockets: string;
  readonly disabledComponents: string;
  readonly disableSources: boolean;
}

/** Names of MAAS: such a repository stands in for the archive that an image has itself, and is none beside it. */
const MAIN: Readonly<Record<string, readonly string[]>> = {
  main_archive: ['amd64', 'i386'],
  ports_archive: ['arm64', 'armhf', 'ppc64el', 's390x'],
};

export const ARCHES = ['amd64', 'i386', 'armhf', 'arm64', 'ppc64el', 's390x'] as const;
export const POCKETS = ['updates', 'security', 'backports'] as const;
/** Characters of lists and of a key in base64. */
export const REPOSITORY_BOUNDS = { list: 500, key: 65_536 } as const;

/** Parses a list of names with blanks or commas between; `known`: the only valid ones. */
export function parseList(text: string, field: string, known?: readonly string[]): string | Rejected {
  const items = [...new Set(text.split(/[\s,]+/).filter((item) => item !== ''))];
  for (const item of items) {
    if (known !== undefined && !known.includes(item))
      return invalid(field, `${show(item)} is unknown`, known.join(', '));
    if (!/^[A-Za-z0-9][A-Za-z0-9./_:+~-]{0,99}$/.test(item))
      return invalid(
        field,
        `${show(item)} is not usable`,
        'names of letters, digits and . / _ : + ~ -, with blanks between',
      );
  }
  return items.join(' ');
}

const ARMOUR = /^\s*-----BEGIN PGP PUBLIC KEY BLOCK-----\r?\n[\s\S]*-----END PGP PUBLIC KEY BLOCK-----\s*$/;

/** Parses a public key in base64: what `gpg --export` writes, with armour or without. Empty: the system's own keys count. */
export function parseSigningKey(text: string, field: string): string | Rejected {
  if (text === '') return '';
  const rule = 'a public key in base64, on one line: gpg --export KEY | base64 -w0';
  if (!/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(text))
    return invalid(field, 'it is not base64', rule);
  const bytes = atob(text);
  const first = bytes.charCodeAt(0);
  const type = (first & 0x40) === 0 ? (first >> 2) & 0x0f : first & 0x3f;
  const isKey = ARMOUR.test(bytes) || ((first & 0x80) !== 0 && type === 6);
  return isKey ? text : invalid(field, 'it is not a public key', rule);
}

const splitList = (text: string) => text.split(' ').filter((item) => item !== '');

/** The package sources of a machine's system. `main`: what becomes of the image's own archives; null: they stay. */
export type Packages = { readonly main: PackageRepository | null; readonly others: readonly PackageRepository[] };

/** The repositories for a machine, by its architecture as Debian names it. Pure. */
export function packagesFor(all: readonly PackageRepository[], architecture: string): Packages {
  const usable = all.filter(({ enabled, sourceUrl }) => enabled && sourceUrl !== '');
  const main = usable.find(({ name }) => MAIN[name]?.includes(architecture) === true) ?? null;
  const others = usable.filter(
    ({ name, arches }) => !Object.hasOwn(MAIN, name) && (arches === '' || splitList(arches).includes(architecture)),
  );
  return { main, others };
}

/** Stands where the system's own release has its name: only the system knows it. */
const CODENAME = '@codename@';

/** Files of `deployment/apt/` that the step of the packages reads. Pure. */
export function packageFiles({ main, others }: Packages): Readonly<Record<string, string | Uint8Array>> {
  return {
    ...(main === null ? {} : mainFiles(main)),
    ...Object.fromEntries(others.flatMap((repository) => Object.entries(filesOf(repository)))),
  };
}

function mainFiles(main: PackageRepository): Record<string, string | Uint8Array> {
  const lines: readonly (readonly [string, string])[] = [
    ['apt/main/url', main.sourceUrl],
    ['apt/main/disabled-pockets', main.disabledPockets],
    ['apt/main/disabled-components', main.disabledComponents],
    ['apt/main/sources', main.disableSources ? 'off' : ''],
  ];
  return Object.fromEntries(lines.filter(([, line]) => line !== '').map(([path, line]) => [path, `${line}\n`]));
}

function filesOf(repository: PackageRepository): Record<string, string | Uint8Array> {
  const { id, sourceUrl, signingKey, disableSources } = repository;
  const key = signingKey === '' ? null : Uint8Array.from(atob(signingKey), (letter) => letter.charCodeAt(0));
  // apt knows by the suffix whether a key has armour.
  const keyName = key === null ? '' : `regent-${id}.${key[0] === 0x2d ? 'asc' : 'gpg'}`;
  const suites = repository.distributions === '' ? CODENAME : repository.distributions;
  const isFlat = suites.endsWith('/');
  const lines = [
    '# By Regent, when the machine was deployed.',
    `Types: deb${disableSources ? '' : ' deb-src'}`,
    `URIs: ${sourceUrl}`,
    `Suites: ${suites}`,
    ...(isFlat ? [] : [`Components: ${repository.components === '' ? 'main' : repository.components}`]),
    ...(repository.arches === '' ? [] : [`Architectures: ${repository.arches}`]),
    ...(key === null ? [] : [`Signed-By: /etc/apt/keyrings/${keyName}`]),
  ];
  return {
    [`apt/sources/regent-${id}.sources`]: lines.map((line) => `${line}\n`).join(''),
    ...(key === null ? {} : { [`apt/keys/${keyName}`]: key }),
  };
}
