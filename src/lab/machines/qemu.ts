import type { LabMachine } from '../topology.ts';
import { cardArgs, diskArgs, type LabParts, USUAL_PARTS } from './parts.ts';

/** A sparse file: what is written takes room. */
export const DISK_GB = 4;

const OVMF = '/usr/share/OVMF';

/**
 * x86-64-v2, which images of other distributions ask for, and instructions for digests. No more: for each ability Linux searches for modules, and unpacking one
 * (KVM, AES) takes up to a second of emulation.
 */
const PROCESSOR = 'qemu64,-svm,+ssse3,+sse4.1,+sse4.2,+popcnt,+sha-ni';

/**
 * Arguments of a machine's QEMU, whose working directory is the machine's folder. Only emulation: a stock kernel hangs
 * under the KVM of some machines. Network and disk get their places in the boot order by `machine.sh`, which knows what
 * the BMC wants.
 */
export function qemuArgs(machine: LabMachine, processName: string, parts: LabParts = USUAL_PARTS): string[] {
  const isUefi = machine.firmware === 'uefi';
  return [
    ['-name', processName],
    [
      '-accel',
      'tcg,thread=multi,tb-size=128',
      '-cpu',
      PROCESSOR,
      '-m',
      String(parts.memory),
      '-smp',
      String(parts.cpus),
    ],
    ['-nodefaults', '-display', 'none', '-vga', 'std', '-uuid', machine.uuid],
    ['-smbios', `type=1,manufacturer=Regent,product=lab,serial=${machine.name}`],
    // Without graphics SeaBIOS also writes to the serial console. Nothing is at the board's own disk controller.
    ['-machine', isUefi ? 'q35,sata=off' : 'pc,graphics=off'],
    ['-chardev', 'file,id=console,path=console.log,append=on', '-serial', 'chardev:console'],
    ['-qmp', 'unix:qmp,server=on,wait=off', '-monitor', 'unix:hmp,server=on,wait=off'],
    cardArgs(machine.mac, tapOf(machine), isUefi, parts),
    diskArgs(machine.name, parts),
    // Without a source of randomness OVMF asks for no address.
    ['-device', 'virtio-rng-pci'],
    isUefi ? uefiArgs() : [],
  ].flat();
}

/** Firmware with variables that stay, and without the boot methods that nobody answers: IPv6 first costs a minute. */
function uefiArgs(): string[] {
  return [
    ['-drive', `if=pflash,format=raw,readonly=on,file=${OVMF}/OVMF_CODE_4M.fd`],
    ['-drive', 'if=pflash,format=raw,file=vars.fd'],
    ['-fw_cfg', 'name=opt/org.tianocore/IPv6PXESupport,string=n'],
    ['-fw_cfg', 'name=opt/org.tianocore/IPv6Support,string=n'],
  ].flat();
}

/** Its first cable's end in the host, on the bridge of its network. */
export function tapOf(machine: LabMachine): string {
  return `tap-${machine.name}`;
}
