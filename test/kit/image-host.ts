import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process';
import { appendFileSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import type { CommandResult } from '../../src/lab/command.ts';
import { execInHost } from '../../src/lab/exec.ts';
import { containerInit, type ProcessId } from '../../src/lab/process.ts';
import { cgroupStyle, makeGroups, removeGroups } from '../../src/lab/outer/cgroup.ts';
import { sendSignal } from './send-signal.ts';
import { until } from './until.ts';

/** Addresses of the wire between this machine and the container; a range for tests of benchmarks (RFC 2544). */
export const WIRE = { ours: '198.18.77.1', theirs: '198.18.77.2', mac: '52:54:00:00:00:01' } as const;

const CMDLINE_UNIT = `[Unit]
DefaultDependencies=no
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=mount --bind /etc/kernel-cmdline /proc/cmdline
`;

const command = promisify(execFile);

/** A root file system of an image, booted as a container: all that runs in it is real, but for kernel and firmware. */
export class ImageHost implements AsyncDisposable {
  readonly #folder: string;
  readonly #name: string;
  #nspawn: ChildProcess | null = null;

  private constructor(folder: string) {
    this.#folder = folder;
    this.#name = basename(folder)
      .toLowerCase()
      .replace(/[^a-z0-9-]/g, '');
  }

  /** Unpacks the squashfs, and lays the wire. Needs root. */
  static async open(squashfs: string): Promise<ImageHost> {
    const host = new ImageHost(mkdtempSync(join(tmpdir(), 'rgi-')));
    await command('unsquashfs', ['-quiet', '-no-progress', '-dest', host.root, squashfs], { timeout: 120_000 });
    const ip = (...words: string[]) => execFileSync('ip', words);
    ip('netns', 'add', host.#name);
    ip('link', 'add', 'rgi0', 'type', 'veth', 'peer', 'name', 'eth0', 'netns', host.#name, 'address', WIRE.mac);
    ip('address', 'add', `${WIRE.ours}/30`, 'dev', 'rgi0');
    ip('link', 'set', 'rgi0', 'up');
    return host;
  }

  get root(): string {
    return join(this.#folder, 'root');
  }

  /** What it has said on its console. */
  get console(): string {
    return readFileSync(join(this.#folder, 'console'), 'utf8');
  }

  /** Writes a file of the root. */
  write(path: string, text: string): void {
    writeFileSync(join(this.root, path), text);
  }

  /** Boots it with these words, as a kernel's command line has them. */
  boot(words: readonly string[]): void {
    writeFileSync(join(this.#folder, 'console'), '');
    // Scripts read /proc/cmdline, which is this machine's; cloud-init and systemd know better.
    this.write('/etc/kernel-cmdline', `${words.join(' ')}\n`);
    this.write('/etc/systemd/system/kernel-cmdline.service', CMDLINE_UNIT);
    symlinkSync(
      '../kernel-cmdline.service',
      join(this.root, 'etc/systemd/system/sysinit.target.wants/kernel-cmdline.service'),
    );
    const argv = [
      'systemd-nspawn --quiet --boot --register=no --keep-unit --link-journal=no --console=read-only'.split(' '),
      '--resolv-conf=off --timezone=off --capability=CAP_NET_ADMIN,CAP_NET_RAW'.split(' '),
      [`--directory=${this.root}`, `--machine=${this.#name}`, `--network-namespace-path=/run/netns/${this.#name}`],
      words,
    ].flat();
    const groups = makeGroups(cgroupStyle(), this.#name, 0);
    const script = 'while [ "$1" != -- ]; do echo $$ >"$1" || exit 1; shift; done; shift; exec "$@"';
    const env = { PATH: process.env['PATH'] ?? '', SYSTEMD_NSPAWN_API_VFS_WRITABLE: 'network' };
    this.#nspawn = spawn('sh', ['-c', script, 'sh', ...groups, '--', ...argv], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env,
    });
    for (const stream of [this.#nspawn.stdout, this.#nspawn.stderr])
      stream?.on('data', (bytes: Buffer) => appendFileSync(join(this.#folder, 'console'), bytes));
  }

  /** Runs a command in it. */
  async run(argv: readonly string[]): Promise<CommandResult> {
    const init = await until('the container to have a first program', () => this.#init);
    return await execInHost(init, argv, { timeoutMs: 60_000 });
  }

  /** Waits until it has switched itself off. */
  async off(timeoutMs: number): Promise<void> {
    const code = () => this.#nspawn?.exitCode ?? null;
    await until('the machine to switch itself off', () => code() !== null, { deadlineMs: timeoutMs, everyMs: 200 });
    if (code() !== 0) throw new Error(`the container ended with ${code()}: ${this.console.slice(-400)}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const nspawn = this.#nspawn;
    if (nspawn !== null && nspawn.exitCode === null && nspawn.signalCode === null) {
      const isGone = new Promise((resolve) => nspawn.once('exit', resolve));
      const init = this.#init;
      if (init !== null) sendSignal(init.pid, 'SIGKILL');
      nspawn.kill('SIGKILL');
      await isGone;
    }
    execFileSync('ip', ['link', 'delete', 'rgi0']);
    execFileSync('ip', ['netns', 'delete', this.#name]);
    await until('its groups to be empty', () => removeGroups(cgroupStyle(), this.#name));
    rmSync(this.#folder, { recursive: true, force: true });
  }

  get #init(): ProcessId | null {
    return containerInit(this.#nspawn?.pid ?? 0);
  }
}
