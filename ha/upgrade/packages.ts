import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ARCHITECTURES, type UpgradePaths } from './archive.ts';
import { run } from './program.ts';

/** Debian's packages of the managed daemons by apt, which checks its own signatures. */
export async function updatePackages(
  verb: 'packages' | 'packages-check',
  { root }: UpgradePaths,
): Promise<{ readonly sentence: string; readonly changes: readonly string[] }> {
  await run(['/usr/bin/dpkg', '--configure', '-a']);
  await run([
    '/usr/bin/apt-get',
    '-qq',
    '-o',
    'DPkg::Lock::Timeout=120',
    '-o',
    'APT::Update::Error-Mode=any',
    'update',
  ]);
  const names = packagesOf(readFileSync(join(root, 'current/scripts/packages.txt'), 'utf8'), process.arch);
  const installed = await installedOf(names);
  const argv = ['/usr/bin/apt-get', '-y', '--no-install-recommends', '--only-upgrade', '-o', 'DPkg::Lock::Timeout=120'];
  const keep = ['-o', 'Dpkg::Options::=--force-confdef', '-o', 'Dpkg::Options::=--force-confold'];
  const changes = changesOf(await run([...argv, '--simulate', 'install', ...installed]));
  if (changes.length === 0) return { sentence: 'no package changes', changes };
  if (verb === 'packages') await run([...argv, ...keep, 'install', ...installed]);
  return { sentence: `${changes.length} packages ${verb === 'packages' ? 'are changed' : 'would change'}`, changes };
}

/** Packages of the managed daemons, from scripts/packages.txt. Pure. */
export function packagesOf(text: string, architecture: string): string[] {
  const own = `[${ARCHITECTURES[architecture] ?? architecture}]`;
  return text.split('\n').flatMap((line) => {
    const [who, name, only] = line.split(/\s+/);
    return who === 'host' && name !== undefined && (only === undefined || only === '' || only === own) ? [name] : [];
  });
}

/** What `apt-get --simulate` would install, as `NAME OLD NEW`: lines `Inst bind9 [1:9.20.1] (1:9.20.2 Debian… [amd64])`. Pure. */
export function changesOf(text: string): string[] {
  return text.split('\n').flatMap((line) => {
    const found = /^Inst (\S+) (?:\[(\S+)\] )?\((\S+) /.exec(line);
    return found ? [`${found[1]} ${found[2] ?? '-'} ${found[3]}`] : [];
  });
}

async function installedOf(names: readonly string[]): Promise<string[]> {
  const list = await run(['/usr/bin/dpkg-query', '--show', '--showformat=${Package} ${db:Status-Status}\\n']);
  const there = new Set(list.split('\n').flatMap((line) => (line.endsWith(' installed') ? [line.split(' ')[0]] : [])));
  return names.filter((name) => there.has(name));
}
