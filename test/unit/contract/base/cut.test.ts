import fc from 'fast-check';
import Type from 'typebox';
import { Check } from 'typebox/value';
import { describe, expect, it } from 'vitest';
import { cutTo } from '../../../../src/contract/base/wire/cut.ts';
import { Inventory } from '../../../../src/contract/machines/machine-inventory.ts';

const WHOLE = {
  teller: 'micro 1.0',
  uptime: 7,
  bootMac: '52:54:00:aa:00:01',
  cpu: { count: 4, cores: 2, sockets: 1, mhz: 2400, model: 'QEMU Virtual CPU', architecture: 'x86_64' },
  memory: { kb: 1_048_576 },
  numa: [{ node: 0, cpus: '0-3', memoryKb: 1_048_576 }],
  disks: [
    {
      name: 'vda',
      bytes: 1_153_433_600,
      serial: 'd1',
      model: 'virtio',
      rotational: false,
      path: '/dev/disk/by-id/virtio-d1',
      bus: 'virtio',
    },
  ],
  interfaces: [
    {
      name: 'eth0',
      mac: '52:54:00:aa:00:01',
      link: true,
      speedMbps: 1000,
      driver: 'virtio_net',
      lldp: [{ chassis: 'sw1', port: 'Eth1/1', vlan: 10 }],
    },
  ],
  pci: [{ address: '0000:00:02.0', vendor: '1af4', device: '1000', class: '020000', driver: 'virtio-pci' }],
  usb: [{ address: '1-1', vendor: '0627', product: '0001', name: 'QEMU USB Tablet' }],
  bmc: { kind: 'ipmi', address: '10.88.0.1' },
  virtual: 'qemu',
  firmware: { kind: 'uefi', vendor: 'EDK II', version: '2025.02', date: '02/02/2025', secureBoot: false },
  system: { uuid: '564d1a2b-0000-4000-8000-525400aa0001', serial: 'S1', vendor: 'QEMU', product: 'Standard PC' },
};

describe('an inventory', () => {
  it('that is right stays as it is', () => {
    expect(cutTo(Inventory, WHOLE)).toEqual({ value: WHOLE, problems: [] });
    expect(Check(Inventory, WHOLE)).toBe(true);
  });

  it('loses the members that break their grammar, each alone, and says which', () => {
    const told = {
      ...WHOLE,
      uptime: -1,
      bootMac: '52:54:00:AA',
      surprise: 1,
      memory: { kb: 1.5 },
      disks: [
        { name: 'vda\u001b[2J', serial: 'lost' },
        { name: 'vdb', path: '/dev/../etc/passwd\n', bytes: '5', serial: 'S\u0000\u001b[31m1' },
        null,
      ],
      interfaces: [{ name: 'eth0' }, { name: 'eth1', mac: '52:54:00:aa:00:02', link: 'yes' }],
      firmware: { kind: 'coreboot', vendor: null },
      system: 'none',
      virtual: 'QEMU; rm -rf /',
    };
    const { value, problems } = cutTo(Inventory, told);
    expect(value).toMatchObject({
      memory: {},
      disks: [{ name: 'vdb', serial: 'S?[31m1' }],
      interfaces: [{ name: 'eth1', mac: '52:54:00:aa:00:02' }],
      firmware: {},
    });
    for (const gone of ['uptime', 'bootMac', 'surprise', 'system', 'virtual']) expect(value).not.toHaveProperty(gone);
    expect((value as typeof WHOLE).disks[0]).not.toHaveProperty('path');
    expect(problems).toEqual(
      expect.arrayContaining([
        'inventory.uptime: left out, it breaks its grammar',
        'inventory.disks[0]: left out, it has no usable name',
        'inventory.interfaces[0]: left out, it has no usable mac',
        'inventory.firmware.kind: left out, it breaks its grammar',
        'inventory.system: left out, it is no object',
        'inventory: 1 members that are not known are left out',
      ]),
    );
    expect(Check(Inventory, value)).toBe(true);
  });

  it('is cut where it is too long', () => {
    const lldp = Array.from({ length: 500 }, () => ({ chassis: 'x'.repeat(400), system: 'y'.repeat(400) }));
    const disks = Array.from({ length: 1000 }, (_, index) => ({ name: `d${index}`, wrong: 1 }));
    const { value, problems } = cutTo(Inventory, { interfaces: [{ ...WHOLE.interfaces[0], lldp }], disks });
    const { interfaces, disks: kept } = value as typeof WHOLE;
    expect(interfaces[0]?.lldp).toHaveLength(8);
    expect(interfaces[0]?.lldp[0]?.chassis).toHaveLength(128);
    expect(kept).toHaveLength(256);
    expect(problems.length).toBeLessThanOrEqual(51);
    expect(problems.at(-1)).toMatch(/^and \d+ more$/);
  });

  it('is nothing when it is no object', () => {
    for (const told of [null, [], 'x', 5, undefined]) expect(cutTo(Inventory, told).value).toEqual({});
  });

  it('takes no names from a prototype', () => {
    const told = JSON.parse('{"__proto__":{"virtual":"qemu"},"constructor":1}') as unknown;
    expect(cutTo(Inventory, told).value).toEqual({});
  });

  it('fits its schema whatever was told, and its problems never hold what was told', () => {
    const member = fc.constantFrom(
      ...Object.keys(WHOLE),
      'name',
      'mac',
      'kind',
      'vendor',
      'serial',
      'lldp',
      'kb',
      'path',
    );
    const value = fc.letrec((tie) => ({
      any: fc.oneof(
        { maxDepth: 4 },
        fc.constantFrom('SECRET\u001b', 'uefi', 'eth0', '52:54:00:aa:00:01', '', 'x'.repeat(300)),
        fc.integer(),
        fc.double(),
        fc.boolean(),
        fc.constant(null),
        fc.array(tie('any'), { maxLength: 4 }),
        fc.dictionary(member, tie('any'), { maxKeys: 6 }),
      ),
    })).any;
    fc.assert(
      fc.property(fc.dictionary(member, value), (told) => {
        const { value: cut, problems } = cutTo(Inventory, told);
        expect(Check(Inventory, cut)).toBe(true);
        expect(problems.join()).not.toContain('SECRET');
        expect(cutTo(Inventory, cut)).toEqual({ value: cut, problems: [] });
      }),
    );
  });

  it('has a bound on every text and list', () => {
    interface Shape {
      readonly type?: string;
      readonly properties?: Readonly<Record<string, Shape>>;
      readonly items?: Shape;
      readonly maxLength?: number;
      readonly maxItems?: number;
      readonly pattern?: string;
      readonly enum?: readonly string[];
    }
    const unbounded = (schema: Shape, at: string): string[] => {
      const { type, properties = {}, items = {}, maxLength = Infinity, maxItems = Infinity, pattern = '' } = schema;
      if (type === 'object')
        return Object.entries(properties).flatMap(([name, member]) => unbounded(member, `${at}.${name}`));
      if (type === 'array') return [...(maxItems <= 1024 ? [] : [at]), ...unbounded(items, `${at}[]`)];
      const isText = type === 'string' && schema.enum === undefined;
      return isText && !(maxLength <= 512 && /^\^.*\$$/.test(pattern)) ? [at] : [];
    };
    expect(unbounded(Inventory as Shape, 'inventory')).toEqual([]);
    expect(unbounded(Type.Object({ a: Type.Array(Type.String()) }) as Shape, 'x')).toEqual(['x.a', 'x.a[]']);
  });
});
