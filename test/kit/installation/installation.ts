import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { isRejected } from '../../../src/core/errors.ts';
import { ensureBase } from '../../../src/lab/base.ts';
import { planStorage } from '../../../src/model/machines/deployment/storage.ts';
import { storageFiles } from '../../../src/model/machines/deployment/storage-files.ts';
import { type DiskSeen, MIB, type StorageRequest } from '../../../src/model/machines/deployment/storage-types.ts';
import { DebianHost } from '../debian-root.ts';
import { until } from '../until.ts';
import { sha256Of } from './images.ts';
import { MAC, type MachineKind, TestMachine } from './machine.ts';
import { TestRack } from './rack.ts';

const PACKAGES = join(import.meta.dirname, '../../../scripts/packages.txt');
const ROOT_PATH = 'images/ephemeral/root.squashfs';
const SSH =
  '-o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR -o ConnectTimeout=30 -o BatchMode=yes'.split(
    ' ',
  );
/** Linux panics early where an emulated timer is late, as on a busy machine it may be (`IO-APIC + timer doesn't work!`): it is not to look. */
const NO_TIMER_CHECK = 'no_timer_check';
/** By emulation, on a machine that others load too. */
const STAGE_MS = 900_000;

/** The image that is deployed. `minBytes`: what it needs, unpacked. */
export interface TestFile {
  readonly file: string;
  readonly format: 'tar' | 'raw';
  readonly compression: string;
  readonly minBytes: number;
  readonly user: 'root' | 'debian';
}

/** What came of the system of the release: how it ended, which steps ended how, and seconds (of the clock, of QEMU's processor). */
export interface Ran {
  readonly status: string;
  readonly error: string;
  readonly steps: Readonly<Record<string, string>>;
  readonly logs: string;
  readonly seconds: readonly [number, number];
}

/** A machine on which a system is installed for real, and the stand-in for its rack. Needs root and Debian 13's root of the lab's machines. */
export class Installation implements AsyncDisposable {
  readonly rack: TestRack;
  readonly machine: TestMachine;
  readonly #folder: string;
  readonly #host: DebianHost;
  readonly #kind: MachineKind;
  readonly #ephemeral: { readonly folder: string; readonly sha256: string };

  private constructor(parts: {
    folder: string;
    host: DebianHost;
    rack: TestRack;
    kind: MachineKind;
    ephemeral: { folder: string; sha256: string };
  }) {
    this.#folder = parts.folder;
    this.#host = parts.host;
    this.#kind = parts.kind;
    this.#ephemeral = parts.ephemeral;
    this.rack = parts.rack;
    this.machine = new TestMachine(parts.host, parts.folder, parts.kind, 30_000 + (process.pid % 20_000));
  }

  static async open(kind: MachineKind, ephemeral: string): Promise<Installation> {
    const folder = mkdtempSync(join(tmpdir(), 'regent-install-'));
    const host = await DebianHost.open(await ensureBase(PACKAGES, () => undefined, 'machines'));
    for (const path of [folder, ephemeral]) {
      mkdirSync(host.path(path), { recursive: true });
      await host.show(path, path);
    }
    const rack = await TestRack.open();
    const root = join(ephemeral, 'root.squashfs');
    rack.files.set(ROOT_PATH, root);
    await promisify(execFile)('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(folder, 'key')]);
    return new Installation({
      folder,
      host,
      rack,
      kind,
      ephemeral: { folder: ephemeral, sha256: await sha256Of(root) },
    });
  }

  /** Plans the storage, as a region does, and lays out what the machine fetches. `sources`: before the rack's own. */
  async offer(image: TestFile, request: StorageRequest, sources: readonly string[] = []): Promise<void> {
    const { firmware } = this.#kind;
    const plan = planStorage(this.#disks, request, { firmware, minBytes: image.minBytes, format: image.format });
    if (isRejected(plan)) throw new Error(plan.message);
    this.rack.files.set('images/d/image', image.file);
    const key = readFileSync(join(this.#folder, 'key.pub'), 'utf8').trim();
    const lines: Readonly<Record<string, string>> = {
      hostname: 'm1',
      fqdn: 'm1.example.test',
      'image/name': 'debian-13',
      'image/format': image.format,
      'image/compression': image.compression,
      'image/size': String(statSync(image.file).size),
      'image/sha256': await sha256Of(image.file),
      'image/path': 'images/d/image',
      sources: [...sources, this.rack.url].join('\n'),
      'ssh-keys': key,
      'kernel-options': `net.ifnames=0 loglevel=4 ${NO_TIMER_CHECK}`,
      'seed/meta-data': JSON.stringify({ 'instance-id': 'i-1', 'local-hostname': 'm1', 'public-keys': [key] }),
      'seed/user-data': '#cloud-config\n{}',
      'network/networkd/10-regent-eth0.network': `[Match]\nMACAddress=${MAC}\n\n[Network]\nDHCP=ipv4`,
    };
    const ended = Object.fromEntries(Object.entries(lines).map(([path, text]) => [path, `${text}\n`]));
    this.rack.offer = { folder: 'deploying', deployment: { ...storageFiles(plan), ...ended } };
  }

  /** Has a disk erased, `quick` or `full`. */
  offerErase(how: 'quick' | 'full', disk: string): void {
    this.rack.offer = {
      folder: 'erasing',
      only: `regent-erase-${how}`,
      deployment: null,
      environment: [`PARAM_STORAGE=${disk}`],
    };
  }

  get #disks(): DiskSeen[] {
    return this.#kind.disks.map(({ mib, serial }, index) => ({ name: `vd${'abcd'[index]}`, bytes: mib * MIB, serial }));
  }

  /** Boots the system of the release, which does what is offered, and waits until the machine is off. */
  async run(): Promise<Ran> {
    const { folder, sha256 } = this.#ephemeral;
    this.rack.reset();
    this.machine.start({
      image: folder,
      parameters: [
        'console=ttyS0',
        'loglevel=4',
        NO_TIMER_CHECK,
        ...this.rack.parameters({ path: ROOT_PATH, sha256 }, MAC),
      ],
    });
    let processor = 0;
    await until(
      'the machine to end',
      () => {
        processor = Math.max(processor, this.machine.processorSeconds);
        return !this.machine.isOn;
      },
      { deadlineMs: STAGE_MS, everyMs: 200 },
    ).catch((error: unknown) => {
      throw new Error(`${String(error)}\n${this.machine.console.slice(-4000)}`);
    });
    const seconds = [this.rack.seconds, processor] as const;
    const fields = this.rack.told.map((one) => one.fields);
    const last = fields.findLast(({ script_result_id }) => script_result_id === undefined) ?? {};
    const ends = fields.filter(({ exit_status, error }) => exit_status !== undefined || error === 'timeout');
    const steps = ends.map((one) => [one['script_result_id'] ?? '', one['exit_status'] ?? 'timeout'] as const);
    const logs = ends
      .flatMap((one) => Object.entries(one).filter(([name]) => /\.(out|err)$/.test(name)))
      .map(([name, text]) => `${name}:\n${text}`);
    const names = this.rack.scripts;
    return {
      status: last['status'] ?? '',
      error: last['error'] ?? '',
      steps: Object.fromEntries(steps.map(([id, status]) => [names[Number(id) - 1] ?? id, status])),
      logs: logs.join('\n'),
      seconds,
    };
  }

  /** Starts the machine from its disk, and waits until somebody with the key is let in. Gives the seconds, of the clock and of QEMU's processor. */
  async login(user: TestFile['user'], without: readonly number[] = []): Promise<readonly [number, number]> {
    const began = performance.now();
    this.machine.start('disk', without);
    await until('a login', async () => (await this.ssh(user, 'true').catch(() => null)) !== null, {
      deadlineMs: STAGE_MS,
      everyMs: 500,
    }).catch((error: unknown) => {
      throw new Error(`${String(error)}\n${this.machine.console.slice(-4000)}`);
    });
    return [(performance.now() - began) / 1000, this.machine.processorSeconds];
  }

  /** What a command says on the deployed system. Throws where nobody is let in, or the command fails. */
  async ssh(user: TestFile['user'], command: string): Promise<string> {
    const argv = [
      '-i',
      join(this.#folder, 'key'),
      '-p',
      String(this.machine.sshPort),
      ...SSH,
      `${user}@127.0.0.1`,
      command,
    ];
    return (await promisify(execFile)('ssh', argv, { timeout: 60_000 })).stdout.trim();
  }

  /** Waits until the system has told that it is deployed; gives what it told of cloud-init. */
  async deployed(): Promise<string> {
    const told = await until(
      'the word that it is deployed',
      () => this.rack.told.find(({ fields }) => fields['status'] === 'DEPLOYED'),
      { deadlineMs: STAGE_MS, everyMs: 500 },
    );
    return told.fields['error'] ?? '';
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.machine[Symbol.asyncDispose]();
    await this.rack[Symbol.asyncDispose]();
    await this.#host[Symbol.asyncDispose]();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
