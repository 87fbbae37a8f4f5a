import type { FileSpec, ManagedService } from './contract.ts';
import type { JsonRule } from './grammar/json.ts';

/** Checks that a file is JSON; python3 is there for Patroni. */
export const JSON_CHECK: readonly string[] = ['/usr/bin/python3', '-I', '-m', 'json.tool'];
/** Our own program has the version of the release. That Node answers shows that it can run. */
const VERSION = ['/opt/regent/current/bin/node', '--version'];
const VERSION_MS = 5_000;
const CHECK_MS = 10_000;

/** Members that all services with a program of ours share. */
type Alike = 'version' | 'folder' | 'commands' | 'users' | 'files' | 'lint' | 'view' | 'check';

/**
 * The service of a program of ours (`ha/`) that reads one JSON file and checks for changes by itself. `file`: its name in the service's `folder`; its
 * template is `FILE.hbs`. `user`: who may read and check it; `members`: what its values may be.
 */
export function ownProgram<Desired extends object>({
  folder,
  file,
  user,
  members,
}: {
  readonly folder: string;
  readonly file: string;
  readonly user: string;
  readonly members: Readonly<Record<string, JsonRule>>;
}): Pick<ManagedService<Desired, Desired, unknown>, Alike> {
  const spec: FileSpec<Desired> = {
    template: `${file}.hbs`,
    format: 'json',
    mode: 0o640,
    owner: 'root',
    group: user,
    grammar: { names: file.replaceAll('.', '\\.'), members },
    instances: (view) => [{ target: `${folder}/${file}`, view }],
  };
  const staged = `${folder}/\\.stage/${file.replaceAll('.', '\\.')}`;
  return {
    version: { argv: VERSION, timeoutMs: VERSION_MS },
    folder,
    commands: [{ argv: [...JSON_CHECK, { pattern: staged }], isChecker: true }, { argv: VERSION }],
    users: [user],
    files: [spec],
    lint: () => [],
    view: (desired) => desired,
    check: (files) => files.map((one) => ({ argv: [...JSON_CHECK, one.staged], user, timeoutMs: CHECK_MS })),
  };
}
