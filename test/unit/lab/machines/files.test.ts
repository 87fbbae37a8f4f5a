import { describe, expect, it } from 'vitest';
import { layoutOf } from '../../../../src/lab/layout.ts';
import { ipmiFiles, networkFiles } from '../../../../src/lab/machines/config.ts';
import { qemuArgs } from '../../../../src/lab/machines/qemu.ts';
import { changeParts, USUAL_PARTS } from '../../../../src/lab/machines/parts.ts';
import { machinesJson, machinesText } from '../../../../src/lab/machines/text.ts';
import { withMachines } from '../../../../src/lab/machines/topology.ts';
import { CLUSTER } from '../../../../src/lab/topologies.ts';
import { type LabHost, type LabMachine, machinesHost } from '../../../../src/lab/topology.ts';

const host = machinesHost(withMachines(CLUSTER)) as LabHost & { readonly machines: readonly LabMachine[] };
const [m1, m2] = host.machines as readonly [LabMachine, LabMachine];
const after = (args: readonly string[], option: string) => args.filter((_, at) => args[at - 1] === option);

describe('the QEMU of a machine', () => {
  it('BIOS: the card’s own ROM, words on the serial console, no flash', () => {
    const args = qemuArgs(m1, 'rg-lab-m.m1');
    expect(after(args, '-name')).toEqual(['rg-lab-m.m1']);
    expect(after(args, '-machine')).toEqual(['pc,graphics=off']);
    expect(after(args, '-device')).toContain(`virtio-net-pci,id=net0,netdev=cable0,mac=${m1.mac}`);
    expect(args.join(' ')).not.toMatch(/pflash|fw_cfg/);
  });

  it('two cards have a cable each, on one network, and a MAC each', () => {
    const args = qemuArgs(m1, 'rg-lab-m.m1', changeParts(USUAL_PARTS, { cards: '2' }));
    const cables = after(args, '-netdev').map((cable) => /ifname=([^,]+)/.exec(cable)?.[1]);
    expect(cables).toEqual(['tap-m1', 'tap-m1-1']);
    const cards = after(args, '-device').filter((device) => device.startsWith('virtio-net-pci'));
    expect(cards.map((card) => /mac=(.+)$/.exec(card)?.[1])).toEqual([m1.mac, '52:54:01:ab:00:01']);
    expect(networkFiles(host)['10-tap-m1.network']).toContain('Name=tap-m1 tap-m1-*\n');
  });

  it('UEFI: OVMF with variables of its own, without the ROM and without IPv6, which costs a minute', () => {
    const args = qemuArgs(m2, 'rg-lab-m.m2');
    expect(after(args, '-machine')).toEqual(['q35,sata=off']);
    expect(after(args, '-device')).toContain(`virtio-net-pci,id=net0,netdev=cable0,mac=${m2.mac},romfile=`);
    expect(after(args, '-drive').filter((item) => item.includes('pflash'))).toHaveLength(2);
    expect(after(args, '-fw_cfg')).toHaveLength(2);
  });

  it.each([m1, m2])('emulates, has a source of randomness and leaves the boot order to the BMC: $name', (machine) => {
    const args = qemuArgs(machine, machine.name);
    expect(after(args, '-accel')[0]).toMatch(/^tcg,/);
    expect(after(args, '-device')).toContain('virtio-rng-pci');
    expect(after(args, '-uuid')).toEqual([machine.uuid]);
    expect(args.join(' ')).not.toMatch(/bootindex|kvm/);
    for (const id of ['net0', 'disk0']) expect(args.join(' ')).toContain(`id=${id},`);
  });
});

describe('the parts of a machine', () => {
  it.each([
    [
      'virtio',
      ['virtio-blk-pci,id=disk0,drive=drive0,serial=m1-disk0', 'virtio-blk-pci,id=disk1,drive=drive1,serial=m1-disk1'],
    ],
    ['nvme', ['nvme,id=disk0,drive=drive0,serial=m1-disk0', 'nvme,id=disk1,drive=drive1,serial=m1-disk1']],
    [
      'ahci',
      [
        'ich9-ahci,id=bus0',
        'ide-hd,bus=bus0.0,id=disk0,drive=drive0,serial=m1-disk0',
        'ide-hd,bus=bus0.1,id=disk1,drive=drive1,serial=m1-disk1',
      ],
    ],
  ] as const)('two disks on %s, each with a file and a serial number of its own', (controller, devices) => {
    const args = qemuArgs(
      m1,
      'x',
      changeParts(USUAL_PARTS, { controller, disks: '2', memory: '1024', cpus: '3', card: 'e1000e' }),
    );
    expect(after(args, '-device')).toEqual([
      `e1000e,id=net0,netdev=cable0,mac=${m1.mac}`,
      ...devices,
      'virtio-rng-pci',
    ]);
    expect(after(args, '-drive').map((drive) => /file=([^,]*)/.exec(drive)?.[1])).toEqual(['disk.raw', 'disk1.raw']);
    expect([after(args, '-m'), after(args, '-smp')]).toEqual([['1024'], ['3']]);
  });

  it.each([
    [{ card: 'ne2000' }, '--card ne2000 is none of virtio, e1000e, igb, vmxnet3.'],
    [{ disks: '9' }, '--disks 9 is not a whole number from 1 to 4.'],
    [{ cpus: '0' }, '--cpus 0 is not a whole number from 1 to 4.'],
    [{ memory: 'much' }, '--memory much is not a whole number from 256 to 4096.'],
  ])('refused: %o', (words, sentence) => {
    expect(() => changeParts(USUAL_PARTS, words)).toThrow(sentence);
  });

  it('that are not named stay', () => {
    const before = changeParts(USUAL_PARTS, { card: 'igb', disks: '3' });
    expect(changeParts(before, { disks: '2' })).toEqual({ ...USUAL_PARTS, card: 'igb', disks: 2 });
  });
});

describe('files of the machines’ host', () => {
  it('have every BMC on one NIC, and bridges that the host has no address on', () => {
    const files = networkFiles(host);
    const addresses = [...(files['10-eth0.network'] ?? '').matchAll(/^Address=(.*)$/gm)].map(([, address]) => address);
    expect(addresses).toEqual([100, 101, 102, 103, 104].map((number) => `10.88.0.${number}/24`));
    expect(files['10-eth1.network']).toContain('Bridge=br-vlan10');
    expect(files['10-tap-m3.network']).toContain('Bridge=br-vlan20');
    const addressed = Object.entries(files).filter(([, text]) => /^(Address|DHCP)=/m.test(text));
    expect(addressed.map(([name]) => name)).toEqual(['10-eth0.network']);
  });

  it('a BMC listens at its own address, and has its password in its own file alone', () => {
    const login = { power_address: '10.88.0.101', power_user: 'operator', power_pass: 'Geheim-17' };
    const files = ipmiFiles(m1, login);
    expect(files['lan.conf']).toContain('addr 10.88.0.101 623');
    expect(files['lan.conf']).toContain('"operator" "Geheim-17"');
    expect(files['lan.conf']).toMatch(/chassis_control "\S+chassis\.sh m1 0x20"/);
    expect(files['emulation']).not.toContain('Geheim-17');
  });
});

describe('the list of machines', () => {
  const layout = layoutOf('x');
  const machines = host.machines.map((machine) => ({ ...machine, isOn: machine === m2 }));

  it('says what each is, and how the product is told of it, with the password in a file', () => {
    const text = machinesText(layout, machines);
    expect(text).toContain('machine m1    off  BIOS  52:54:00:ab:00:01  vlan10  BMC 10.88.0.101 (ipmi, user operator)');
    expect(text).toContain('machine m2    on   UEFI');
    expect(text).toContain('m4/bmc/access.json | bin/regent bmc create m4-bmc --power-type redfish --parameters -');
    expect(text).toContain('bin/regent machine create m3 --mac 52:54:00:ab:00:03 --vlan vlan20 --bmc m3-bmc');
    expect(text).not.toMatch(/power_pass|--password/);
    expect(machinesText(layout, [])).toContain('no machines');
  });

  it('says the same to programs', () => {
    const rows: { name: string; isOn: boolean; create: string[] }[] = JSON.parse(machinesJson(layout, machines));
    expect(rows.map(({ name, isOn }) => [name, isOn])).toEqual([
      ['m1', false],
      ['m2', true],
      ['m3', false],
      ['m4', false],
    ]);
    expect(rows[0]?.create).toHaveLength(2);
  });
});
