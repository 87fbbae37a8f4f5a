import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isRejected } from '../../../../../src/core/errors.ts';
import { fits, parseRule } from '../../../../../src/model/machines/tags/hardware-rule.ts';
import { value } from '../../../../kit/store.ts';

const MACHINE = {
  memory: { kb: 33_554_432 },
  cpu: { count: 8, architecture: 'x86_64', model: 'AMD EPYC 7543' },
  virtual: 'none',
  firmware: { kind: 'uefi', secureBoot: true },
  disks: [
    { name: 'sda', bytes: 2 ** 40, rotational: true },
    { name: 'nvme0n1', bytes: 2 ** 39, rotational: false, model: 'Fast NVMe' },
  ],
  interfaces: [{ name: 'eno1', speedMbps: 10_000, lldp: [{ system: 'leaf-3' }] }],
};
const holds = (text: string, inventory: unknown = MACHINE) => fits(value(parseRule(text)), inventory);

describe('a definition of a tag', () => {
  it.each([
    ['memory.kb >= 32M', true],
    ['memory.kb > 32M', false],
    ['disks.bytes >= 1T', true],
    ['disks.rotational == true and disks.rotational == false', true],
    ['cpu.model ~ "epyc"', true],
    ["cpu.model == 'AMD EPYC 7543'", true],
    ['cpu.architecture == X86_64', true],
    ['cpu.architecture != x86_64', false],
    ['cpu.count > 4 and (virtual == qemu or firmware.secureBoot)', true],
    ['not virtual', true],
    ['interfaces.lldp.system == "leaf-3"', true],
    // What it has not told fits nothing.
    ['bmc.kind == ipmi', false],
    ['bmc.kind != ipmi', false],
    ['not bmc.kind == ipmi', true],
    ['toString', false],
    ['disks.length > 0', false],
  ])('%s: %s', (text, isFit) => {
    expect(holds(text)).toBe(isFit);
  });

  it.each([
    '',
    '(',
    'a.b ==',
    'a == (',
    'a and',
    'or a',
    'a b',
    'a >= x',
    'a ~ 1',
    '__proto__',
    'A.b',
    'a;b',
    '//node',
    'a.b.c.d.e.f',
    `${'('.repeat(30)}a${')'.repeat(30)}`,
    Array(60).fill('a').join(' or '),
  ])('%s is refused', (text) => {
    expect(isRejected(parseRule(text))).toBe(true);
  });

  it('is read or refused whatever it is, and never throws on what machines tell', () => {
    const words = fc.array(
      fc.constantFrom('a', 'b.c', 'and', 'or', 'not', '(', ')', '==', '~', '>=', '1', '"x"', '2G'),
      { maxLength: 12 },
    );
    fc.assert(
      fc.property(words, fc.jsonValue(), (parts, inventory) => {
        const rule = parseRule(parts.join(' '));
        expect(isRejected(rule) || typeof fits(rule, inventory) === 'boolean').toBe(true);
      }),
    );
  });
});
