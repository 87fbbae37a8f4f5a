import { describe, expect, it } from 'vitest';
import { parseHostLabel } from '../../../../src/model/names/names.ts';
import { formsOfUuid, namesFor, suggestBmc } from '../../../../src/model/machines/enlistment.ts';

const macOf = (index: number) =>
  `52:54:00:aa:${(index >> 8).toString(16).padStart(2, '0')}:${(index & 255).toString(16).padStart(2, '0')}`;

describe('names of machines that nobody has named', () => {
  it('are host names of two words, the same each time, and the MAC at the end', () => {
    const names = namesFor('52:54:00:aa:00:01');
    expect(names).toEqual(namesFor('52:54:00:aa:00:01'));
    expect(names.at(-1)).toBe('machine-525400aa0001');
    expect(names.length).toBeGreaterThan(4);
    for (const name of names) expect(parseHostLabel(name)).toBe(name);
    for (const name of names.slice(0, -1)) expect(name).toMatch(/^[a-z]+-[a-z]+$/);
  });

  it('are enough for a thousand cards of one batch, and differ from the first on', () => {
    const taken = new Set<string>();
    let byMac = 0;
    for (let index = 0; index < 1_000; index += 1) {
      const name = namesFor(macOf(index)).find((one) => !taken.has(one)) ?? '';
      taken.add(name);
      if (name.startsWith('machine-')) byMac += 1;
    }
    expect(taken.size).toBe(1_000);
    expect(byMac).toBeLessThan(20);
    expect(new Set(Array.from({ length: 16 }, (_, index) => namesFor(macOf(index))[0])).size).toBeGreaterThan(14);
  });
});

describe('the BMC that a machine tells of', () => {
  it.each([
    [
      { kind: 'ipmi', address: '10.88.0.1' },
      { type: 'ipmi', address: '10.88.0.1', mac: null },
    ],
    [
      { kind: 'ipmi-2', address: '10.88.0.1', mac: '52-54-00-AA-00-01' },
      { type: 'ipmi', address: '10.88.0.1', mac: '52:54:00:aa:00:01' },
    ],
    [
      { kind: 'redfish', address: 'fd00:0:0::1', mac: 'ff:ff:ff:ff:ff:ff' },
      { type: 'redfish', address: 'fd00::1', mac: null },
    ],
  ])('is %j', (told, bmc) => {
    expect(suggestBmc(told)).toEqual(bmc);
  });

  it.each([
    undefined,
    {},
    { kind: 'ipmi' },
    { address: '10.88.0.1' },
    { kind: 'amt', address: '10.88.0.1' },
    { kind: 'ipmi', address: '0.0.0.0' },
    { kind: 'ipmi', address: '127.0.0.1' },
    { kind: 'ipmi', address: '224.0.0.1' },
    { kind: 'ipmi', address: '255.255.255.255' },
    { kind: 'ipmi', address: 'bmc.example.test' },
    { kind: 'ipmi', address: '::1' },
  ])('is none: %j', (told) => {
    expect(suggestBmc(told)).toBeNull();
  });
});

describe('forms of a UUID', () => {
  it('are its own and the one of old firmware, each the form of the other', () => {
    const [own, turned = ''] = formsOfUuid('564d1a2b-0102-4003-8000-525400aa0001');
    expect(own).toBe('564d1a2b-0102-4003-8000-525400aa0001');
    expect(turned).toBe('2b1a4d56-0201-0340-8000-525400aa0001');
    expect(formsOfUuid(turned)).toEqual([turned, own]);
  });
});
