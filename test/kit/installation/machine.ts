import { type ChildProcess, spawn } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  truncateSync,
  writeFileSync,
  closeSync,
} from 'node:fs';
import { join } from 'node:path';
import type { DebianHost } from '../debian-root.ts';
import { sendSignal } from '../send-signal.ts';

export const MAC = '52:54:00:ab:00:01';
const UUID = '564d1a2b-0000-4000-8000-525400ab0001';
const MEMORY_MB = 1024;
/** Of the kernel's clock per second, for what it tells of processes (CLK_TCK). */
const TICKS = 100;
const OVMF = '/usr/share/OVMF';

/** A virtual machine: its firmware and its disks, sizes in MiB by name (vda, vdb …); an empty serial number is none. */
export interface MachineKind {
  readonly firmware: 'bios' | 'uefi';
  readonly disks: readonly { readonly mib: number; readonly serial: string }[];
}

/** What it starts: a kernel of an image, or its disk. */
export type Start = { readonly image: string; readonly parameters: readonly string[] } | 'disk';

/** A machine of QEMU 10 by emulation, in Debian 13's root; its files are in a folder that the root sees at the same path. */
export class TestMachine implements AsyncDisposable {
  readonly #host: DebianHost;
  readonly #folder: string;
  readonly #kind: MachineKind;
  readonly sshPort: number;
  #qemu: ChildProcess | null = null;

  constructor(host: DebianHost, folder: string, kind: MachineKind, sshPort: number) {
    [this.#host, this.#folder, this.#kind, this.sshPort] = [host, folder, kind, sshPort];
    mkdirSync(folder, { recursive: true });
    for (const [index, { mib }] of kind.disks.entries()) {
      closeSync(openSync(this.disk(index), 'a'));
      truncateSync(this.disk(index), mib * 1_048_576);
    }
  }

  /** The file of a disk. */
  disk(index: number): string {
    return join(this.#folder, `disk${index}.raw`);
  }

  /** What it has written on its serial console since its start. */
  get console(): string {
    const file = join(this.#folder, 'console.log');
    return existsSync(file) ? readFileSync(file, 'latin1') : '';
  }

  get isOn(): boolean {
    return this.#qemu !== null && this.#qemu.exitCode === null && this.#qemu.signalCode === null;
  }

  /** Switches it on. It goes off where it would start anew. `without`: disks that are pulled. */
  start(what: Start, without: readonly number[] = []): void {
    const { firmware, disks } = this.#kind;
    const drives = disks.flatMap(({ serial }, index) => {
      const drive = `if=none,id=d${index},file=${this.disk(index)},format=raw,cache=unsafe,discard=unmap,detect-zeroes=unmap`;
      const named = serial === '' ? '' : `,serial=${serial}`;
      const device = `virtio-blk-pci,drive=d${index},bootindex=${index + 1}${named}`;
      return without.includes(index) ? [] : ['-drive', drive, '-device', device];
    });
    const argv = [
      ['qemu-system-x86_64', '-accel', 'tcg,thread=multi,tb-size=128', '-cpu', 'qemu64', '-m', String(MEMORY_MB)],
      ['-nodefaults', '-display', 'none', '-vga', 'std', '-no-reboot', '-uuid', UUID],
      ['-machine', firmware === 'uefi' ? 'q35' : 'pc,graphics=off'],
      ['-chardev', `file,id=console,path=${join(this.#folder, 'console.log')}`, '-serial', 'chardev:console'],
      ['-netdev', `user,id=n0,hostfwd=tcp:127.0.0.1:${this.sshPort}-:22`],
      ['-device', `virtio-net-pci,netdev=n0,mac=${MAC},romfile=`, '-device', 'virtio-rng-pci'],
      drives,
      firmware === 'uefi' ? this.#uefi() : [],
      what === 'disk' ? [] : ['-kernel', join(what.image, 'vmlinuz'), '-initrd', join(what.image, 'initrd.img')],
      what === 'disk' ? [] : ['-append', what.parameters.join(' ')],
    ].flat();
    writeFileSync(join(this.#folder, 'console.log'), '');
    const [program = '', ...rest] = this.#host.onOurNetwork(argv);
    this.#qemu = spawn(program, rest, { stdio: ['ignore', 'ignore', 'inherit'] });
  }

  /** Seconds of processor that it has used since its start: by emulation about what it takes on an idle machine. */
  get processorSeconds(): number {
    const pid = this.#pid;
    const words =
      pid === null
        ? []
        : readFileSync(`/proc/${pid}/stat`, 'utf8')
            .replace(/^.*\) /s, '')
            .split(' ');
    return (Number(words[11] ?? 0) + Number(words[12] ?? 0)) / TICKS;
  }

  /** Pulls its plug. */
  async kill(): Promise<void> {
    const qemu = this.#qemu;
    if (qemu === null || !this.isOn) return;
    const isGone = new Promise((resolve) => qemu.once('exit', resolve));
    const pid = this.#pid;
    if (pid === null) qemu.kill('SIGKILL');
    else sendSignal(pid, 'SIGKILL');
    await isGone;
  }

  /** QEMU's own: nsenter stays above what it has started in another process namespace. */
  get #pid(): number | null {
    const above = this.#qemu?.pid;
    if (above === undefined || !this.isOn) return null;
    const children = readFileSync(`/proc/${above}/task/${above}/children`, 'utf8').trim();
    return children === '' ? null : Number(children.split(' ')[0]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }

  #uefi(): string[] {
    const vars = join(this.#folder, 'vars.fd');
    if (!existsSync(vars)) copyFileSync(this.#host.path(`${OVMF}/OVMF_VARS_4M.fd`), vars);
    const code = `if=pflash,format=raw,readonly=on,file=${OVMF}/OVMF_CODE_4M.fd`;
    return ['-drive', code, '-drive', `if=pflash,format=raw,file=${vars}`];
  }
}
