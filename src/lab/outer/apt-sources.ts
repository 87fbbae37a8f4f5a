import { readdirSync, readFileSync } from 'node:fs';
import { run } from '../command.ts';

/** One archive that the outer machine uses: where it is and which suites are taken from it. */
type AptSource = { readonly uri: string; readonly suites: readonly string[] };

/** Archives named in one-line style (`deb [options] URI SUITE …`; sources.list(5)). */
export function parseOneLine(text: string): AptSource[] {
  return text.split('\n').flatMap((line) => {
    const match = /^\s*deb\s+(?:\[[^\]]*\]\s+)?(\S+)\s+(\S+)/.exec(line);
    return match?.[1] && match[2] ? [{ uri: match[1], suites: [match[2]] }] : [];
  });
}

/** Archives named in deb822 style (`Types:`, `URIs:`, `Suites:`; sources.list(5)). */
export function parseDeb822(text: string): AptSource[] {
  return text.split(/\n\s*\n/).flatMap((stanza) => {
    const lines = stanza.split('\n').filter((line) => !line.startsWith('#'));
    const field = (name: string) =>
      (lines.find((line) => line.toLowerCase().startsWith(`${name}:`))?.slice(name.length + 1) ?? '')
        .split(/\s+/)
        .filter(Boolean);
    if (!field('types').includes('deb') || field('enabled')[0] === 'no') return [];
    return field('uris').map((uri) => ({ uri, suites: field('suites') }));
  });
}

/**
 * `deb …` lines for a Debian suite from the mirrors that the machine itself uses; none for a machine that is no Debian, or whose
 * sources cannot be reached by HTTP: mmdebstrap then takes its own. Security and updates come from where the machine takes them.
 */
export function chooseSources(sources: readonly AptSource[], ownRelease: string, suite: string): string[] {
  const usable = sources.filter((source) => /^https?:\/\//.test(source.uri));
  const of = (name: string) => usable.find((source) => source.suites.includes(name))?.uri.replace(/\/$/, '');
  const main = ownRelease === '' ? undefined : (of(ownRelease) ?? of('stable'));
  if (!main) return [];
  const updates = of(`${ownRelease}-updates`);
  const security = of(`${ownRelease}-security`);
  return [
    `deb ${main} ${suite} main`,
    ...(updates ? [`deb ${updates} ${suite}-updates main`] : []),
    ...(security ? [`deb ${security} ${suite}-security main`] : []),
  ];
}

/** Reads the machine's sources and chooses from them. */
export function debianSources(suite: string): string[] {
  const release = osRelease();
  const list = textOf('/etc/apt/sources.list');
  const folder = '/etc/apt/sources.list.d';
  const more = namesIn(folder).flatMap((name) => {
    const text = textOf(`${folder}/${name}`);
    return name.endsWith('.sources') ? parseDeb822(text) : name.endsWith('.list') ? parseOneLine(text) : [];
  });
  const own = release.get('ID') === 'debian' ? (release.get('VERSION_CODENAME') ?? '') : '';
  return chooseSources([...parseOneLine(list), ...more], own, suite);
}

/** The machine's HTTP proxies for apt, as options for mmdebstrap, which does not read the machine's own settings. */
export async function aptProxyOptions(): Promise<string[]> {
  const result = await run(['apt-config', 'dump', '--format', '%F %v%n', 'Acquire'], { timeoutMs: 10_000 });
  return result.stdout.split('\n').flatMap((line) => {
    const match = /^(Acquire::https?::Proxy)\S*\s+(\S+)$/i.exec(line.trim());
    return match ? [`${match[1]} "${match[2]}"`] : [];
  });
}

function osRelease(): ReadonlyMap<string, string> {
  const pairs = textOf('/etc/os-release')
    .split('\n')
    .flatMap((line) => {
      const match = /^([A-Z_]+)="?([^"]*)"?$/.exec(line);
      return match?.[1] ? [[match[1], match[2] ?? ''] as const] : [];
    });
  return new Map(pairs);
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).toSorted();
  } catch {
    return [];
  }
}
