import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process';
import {
  chownSync,
  closeSync,
  constants,
  existsSync,
  fchownSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmdirSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import {
  type Command,
  type ExecResult,
  isOpenQuestion,
  isQuestion,
  nameOfCommand,
  type OpenQuestion,
  type ProcessCommand,
} from '../../src/core/host-values.ts';
import { askAt } from '../../src/host/ask/socket.ts';

const LAB = fileURLToPath(new URL('../../scripts/lab', import.meta.url));
/** A first build of the root file system takes minutes. */
const BUILD_TIMEOUT_MS = 900_000;
const OPEN_TIMEOUT_MS = 20_000;
const ASK = fileURLToPath(new URL('./ask-inside.ts', import.meta.url));
/** What starting a process may take on a busy machine. */
const START_MS = 10_000;

/** What came of a command inside the root. */
export interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The Debian 13 root file system: `REGENT_DEBIAN_ROOT`, or the lab's base, built when it is not there. */
function debianRoot(): string {
  const root = process.env['REGENT_DEBIAN_ROOT'] ?? builtRoot();
  if (!existsSync(join(root, 'usr/sbin/named'))) throw new Error(`${root} is not a Debian root with BIND in it`);
  return root;
}

function builtRoot(): string {
  const output = execFileSync(LAB, ['base'], {
    encoding: 'utf8',
    timeout: BUILD_TIMEOUT_MS,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return output.trim().split('\n').at(-1) ?? '';
}

/** The first command of a private host: its own file system over the root, its own network, its own processes. */
const SETUP = `
set -e
read -r pid rest < /proc/self/stat
mount --make-rprivate /
mount -t tmpfs -o mode=755 tmpfs "$1"
mkdir "$1/upper" "$1/work" "$1/root"
mount -t overlay overlay -o "lowerdir=$2,upperdir=$1/upper,workdir=$1/work" "$1/root"
mount -t proc proc "$1/root/proc"
mount --rbind /dev "$1/root/dev"
ip link set lo up
# Ready only once inside: before the chroot, /proc/<pid>/root is still the machine's own file system.
# bash collects processes whose parents have ended; a dead server that nobody collects seems to live.
exec chroot "$1/root" bash -c 'echo "ready $1"; while read -r line; do :; done' bash "$pid"`;

/** A network of its own beside a private host; the rest it shares with that host. */
const STRANGER_SETUP = `
set -e
read -r pid rest < /proc/self/stat
ip link set lo up
echo "ready $pid"
exec cat`;

/**
 * The Debian root as a private throw-away host (needs root): what is written is gone afterwards, and everything that
 * runs in it ends with it, also when the test process dies, because it then loses its standard input.
 */
export class DebianHost implements AsyncDisposable {
  readonly #folder: string;
  readonly #holder: ChildProcess;
  readonly #pid: number;
  readonly #strangers: ChildProcess[] = [];

  private constructor(folder: string, holder: ChildProcess, pid: number) {
    this.#folder = folder;
    this.#holder = holder;
    this.#pid = pid;
  }

  /** Starts a host over a root file system. */
  static async open(root = debianRoot()): Promise<DebianHost> {
    if (process.getuid?.() !== 0) throw new Error('the checks need root: they run daemons in a root of their own');
    const folder = mkdtempSync(join(tmpdir(), 'regent-check-'));
    const options = ['--mount', '--net', '--pid', '--ipc', '--uts', '--fork', '--kill-child'];
    const holder = spawn('unshare', [...options, 'sh', '-c', SETUP, 'sh', folder, root], {
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    const host = new DebianHost(folder, holder, await readyPid(holder));
    host.#refuseMachineRoot();
    host.write('/etc/resolv.conf', 'nameserver 127.0.0.1\n');
    return host;
  }

  /** Writes a file, making folders; owner and group are the root's own names. */
  write(path: string, content: string, access: { mode?: number; owner?: string; group?: string } = {}): void {
    const owner = this.#id('passwd', access.owner ?? 'root');
    const group = this.#id('group', access.group ?? 'root');
    const file = this.path(path);
    this.#makeFolder(dirname(path), owner, group);
    // An absolute symbolic link would be followed on this machine, not in the host.
    const flag = constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | constants.O_NOFOLLOW;
    const opened = openSync(file, flag, access.mode ?? 0o644);
    writeFileSync(opened, content);
    fchownSync(opened, owner, group);
    closeSync(opened);
  }

  /** A host whose root is this machine's would write into this machine's own files. */
  #refuseMachineRoot(): void {
    const [own, theirs] = [statSync('/'), statSync(this.path('/.'))];
    if (own.dev !== theirs.dev || own.ino !== theirs.ino) return;
    this.#holder.kill('SIGKILL');
    throw new Error('the private host has not changed its root; nothing was written');
  }

  /** Shows a file or folder of this machine at a path of the host that is there. */
  async show(source: string, path: string): Promise<void> {
    const inside = ['--target', String(this.#pid), '--mount', '--'];
    const target = `${this.#folder}/root${path}`;
    const ran = await collect('nsenter', [...inside, 'mount', '--bind', source, target], START_MS);
    if (ran.code !== 0) throw new Error(`${source} cannot be shown: ${ran.stderr}`);
  }

  /** Its first process, as this machine counts. */
  get pid(): number {
    return this.#pid;
  }

  /** Where a path of the host is seen from outside. */
  path(path: string): string {
    return `/proc/${this.#pid}/root${path}`;
  }

  /** The command line of a program of the host on this machine's network. It ends with the host at the latest. */
  onOurNetwork(argv: readonly string[]): string[] {
    return [
      'nsenter',
      '--target',
      String(this.#pid),
      '--mount',
      '--pid',
      '--ipc',
      '--uts',
      '--root',
      '--wd',
      '--',
      ...argv,
    ];
  }

  /** Runs a command to its end; `user` as the checkers run. Never throws for an exit code. */
  run(argv: readonly string[], options: { user?: string; timeoutMs?: number } = {}): Promise<Ran> {
    return collect('nsenter', [...this.#enter(), ...asUser(options.user), ...argv], options.timeoutMs ?? 20_000);
  }

  /** Does what the root helper does with a command of a service, and asks from within what the agent asks itself. */
  async exec(command: Command): Promise<ExecResult> {
    if (isQuestion(command)) return await askAt(this.path(command.socket), command);
    if (isOpenQuestion(command)) return await this.#askInside(command);
    const { right } = command;
    const user = command.user === undefined || right !== undefined ? {} : { user: command.user };
    const ran = await this.run([...this.#withRight(command), ...command.argv], {
      timeoutMs: command.timeoutMs,
      ...user,
    });
    return { ...ran, signal: null, timedOut: false, failure: null };
  }

  async #askInside(question: OpenQuestion): Promise<ExecResult> {
    const asked = 'path' in question ? { ...question, path: this.path(question.path) } : question;
    const argv = [process.execPath, ASK, JSON.stringify(asked), this.path('/')];
    const inside = ['--target', String(this.#pid), '--net', '--'];
    const ran = await collect('nsenter', [...inside, ...argv], question.timeoutMs + START_MS);
    if (ran.code !== 0) throw new Error(`${nameOfCommand(question)} could not be asked: ${ran.stderr}`);
    return JSON.parse(ran.stdout) as ExecResult;
  }

  /** Starts a daemon that stays in the foreground. */
  start(argv: readonly string[]): ChildProcess {
    return spawn('nsenter', [...this.#enter(), ...argv], { stdio: ['ignore', 'pipe', 'pipe'] });
  }

  /** Starts a program of this machine in the host's network; its standard input ends with the test. */
  startBeside(argv: readonly string[]): ChildProcess {
    return spawn('nsenter', ['--target', String(this.#pid), '--net', '--', ...argv], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
  }

  /**
   * A second host on the network: the first one gets `own`, the stranger `theirs` (both with prefix). Gives a function
   * that runs commands as the stranger.
   */
  async stranger(own: string, theirs: string): Promise<(argv: readonly string[]) => Promise<Ran>> {
    const child = spawn('nsenter', [...this.#enter(), 'unshare', '--net', 'sh', '-c', STRANGER_SETUP], {
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    this.#strangers.push(child);
    const inner = await readyPid(child);
    const name = `v${this.#strangers.length}`;
    const must = async (argv: readonly string[]) => {
      const ran = await this.run(argv);
      if (ran.code !== 0) throw new Error(`${argv.join(' ')}: ${ran.stderr}`);
    };
    await must(['ip', 'link', 'add', name, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', String(inner)]);
    await must(['ip', 'address', 'add', own, 'dev', name]);
    await must(['ip', 'link', 'set', name, 'up']);
    const asStranger = ['nsenter', '--target', String(inner), '--net'];
    await must([...asStranger, 'ip', 'address', 'add', theirs, 'dev', 'eth0']);
    await must([...asStranger, 'ip', 'link', 'set', 'eth0', 'up']);
    return (argv) => this.run([...asStranger, ...argv]);
  }

  /** A wire to another private host: this one gets `own` on it, the other one `theirs` (both with prefix). */
  async wire(other: DebianHost, own: string, theirs: string): Promise<void> {
    const inNet = (host: DebianHost) => ['--target', String(host.#pid), '--net', '--', 'ip'];
    const must = async (host: DebianHost, argv: readonly string[]) => {
      const ran = await collect('nsenter', [...inNet(host), ...argv], 20_000);
      if (ran.code !== 0) throw new Error(`ip ${argv.join(' ')}: ${ran.stderr}`);
    };
    await must(this, ['link', 'add', 'w0', 'type', 'veth', 'peer', 'name', 'w0', 'netns', String(other.#pid)]);
    for (const [host, address] of [
      [this, own],
      [other, theirs],
    ] as const) {
      await must(host, ['address', 'add', address, 'dev', 'w0']);
      await must(host, ['link', 'set', 'w0', 'up']);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const child of [...this.#strangers, this.#holder]) {
      const isGone = new Promise((resolve) => child.once('exit', resolve));
      if (child.exitCode !== null || child.signalCode !== null) continue;
      child.stdin?.end();
      await isGone;
    }
    rmdirSync(this.#folder);
  }

  #enter(): string[] {
    return ['--target', String(this.#pid), '--mount', '--net', '--pid', '--ipc', '--uts', '--root', '--wd', '--'];
  }

  /** As `host/exec.ts` starts a command that has one right. */
  #withRight({ right, user = 'root' }: ProcessCommand): string[] {
    if (right === undefined) return [];
    const id = this.#id('passwd', user);
    const rights = `-all,+${right}`;
    const ids = [`--reuid=${id}`, `--regid=${id}`, '--clear-groups'];
    return ['setpriv', ...ids, `--inh-caps=${rights}`, `--ambient-caps=${rights}`, '--no-new-privs', '--'];
  }

  #id(file: 'passwd' | 'group', name: string): number {
    const line = readFileSync(this.path(`/etc/${file}`), 'utf8')
      .split('\n')
      .find((text) => text.startsWith(`${name}:`));
    if (!line) throw new Error(`the root has no ${name} in /etc/${file}`);
    return Number(line.split(':')[2]);
  }

  #makeFolder(path: string, owner: number, group: number): void {
    if (existsSync(this.path(path))) return;
    this.#makeFolder(dirname(path), owner, group);
    // As the helper makes them (host/safe-folder.ts): nft looks in as nobody.
    mkdirSync(this.path(path), { mode: 0o755 });
    chownSync(this.path(path), owner, group);
  }
}

function asUser(user: string | undefined): string[] {
  return user === undefined ? [] : ['runuser', '-u', user, '--'];
}

function readyPid(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    const errors: string[] = [];
    const timer = setTimeout(() => reject(new Error('the private host did not start in time')), OPEN_TIMEOUT_MS);
    child.stderr?.on('data', (chunk: Buffer) => errors.push(chunk.toString()));
    if (child.stdout) {
      createInterface(child.stdout).on('line', (line) => {
        const pid = /^ready (\d+)$/.exec(line)?.[1];
        if (pid === undefined) return;
        clearTimeout(timer);
        resolve(Number(pid));
      });
    }
    child.once('exit', () => {
      clearTimeout(timer);
      reject(new Error(`the private host ended: ${errors.join('').trim()}`));
    });
  });
}

function collect(program: string, argv: readonly string[], timeoutMs: number): Promise<Ran> {
  return new Promise((resolve) => {
    const options = {
      timeout: timeoutMs,
      killSignal: 'SIGKILL' as const,
      encoding: 'utf8' as const,
      maxBuffer: 1 << 26,
    };
    const child = execFile(program, argv, options, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : child.exitCode, stdout, stderr });
    });
  });
}
