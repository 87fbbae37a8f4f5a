import { describe, expect, it } from 'vitest';
import { isRejected } from '../../../../../src/core/errors.ts';
import { createTagMatcher, parseDefinition, subjectOf } from '../../../../../src/model/machines/tags/definition.ts';
import type { Hardware } from '../../../../../src/model/machines/tags/hardware.ts';
import { SERVER } from '../../../../kit/hardware.ts';
import { value } from '../../../../kit/store.ts';

const has = (text: string, hardware: Hardware = SERVER) =>
  createTagMatcher(value(parseDefinition(text))).has(subjectOf('m1', hardware));

describe('a definition by XPath', () => {
  it.each([
    ['//node[@id="cpu:0"]/capabilities/capability/@id = "vmx"', true],
    ['//capability[@id="svm"]', false],
    ['//node[@id="display"]/vendor[contains(.,"NVIDIA")]', true],
    ['//node[@class="display"]/product = "TU104GL [Tesla T4]"', true],
    ['//node[@id="memory"]/size[@units="bytes"] > 100000000000', true],
    ['count(//node[@class="disk"]) >= 3', true],
    ['//node[@class="disk"]/logicalname[contains(., "nvme")]', true],
    ['//node[@class="disk"][size > 2000000000000]', true],
    ['/list/node[@class="system"]/product[contains(., "PowerEdge")]', true],
    ['//node[@id="core"]/node[@id="firmware"]/version = "2.1"', true],
    ['//node[@class="network"][vendor="Mellanox Technologies"]/size >= 25000000000', true],
    ['//node[@class="network"]/configuration/setting[@id="driver" and @value="mlx5_core"]', true],
    ['//node[@class="network"]/configuration/setting[@id="link"]/@value = "no"', true],
    ['//node[@id="cpu:1"]/configuration/setting[@id="cores"]/@value = 8', true],
    ['not(//node[@class="display"])', false],
    ['count(//node[@class="processor"]) = 2', true],
    ['(//node[@class="disk"])[1]/serial = "d1"', true],
    ['boolean(//setting[@id="virtual"])', false],
    ['contains(//node[@class="system"]/vendor, "Dell")', true],
    ['//node[@class="disk"]/capabilities/capability[@id="ssd"]', true],
  ])('%s: %s', (text, isFit) => {
    expect(has(text)).toBe(isFit);
  });

  it('is told from a rule by how it is read', () => {
    const kind = (text: string) => value(parseDefinition(text)).kind;
    expect(['memory.kb >= 16M', 'not virtual', 'cpu.model ~ "a/b[@c]"', '(virtual == qemu)'].map(kind)).toEqual(
      Array.from({ length: 4 }, () => 'rule'),
    );
    expect(
      ['true()', '/list', '(//node)[1]', 'count(//node) > 3', 'not(//node)', '1 + 1 = 2 or true()'].map(kind),
    ).toEqual(Array.from({ length: 6 }, () => 'xpath'));
  });

  it.each([
    ['//node[@id="x"', 'it ends too early', 'XPath 1.0'],
    ['document("/etc/passwd")', 'document at 1 is not a function', 'XPath 1.0'],
    ['//node[matches(., "(a+)+$")]', 'matches at 8 is not a function', 'XPath 1.0'],
    ['memory.kb >=', 'it ends too early', 'comparisons of members'],
    ['memory.kb; drop', 'is not understood', 'comparisons of members'],
    [`//node${' '.repeat(1000)}`, 'characters', 'at most 1000'],
  ])('%s is refused: %s', (text, problem, rule) => {
    const refusal = parseDefinition(text);
    expect(isRejected(refusal) && refusal.fields?.[0]).toMatchObject({
      field: 'definition',
      problem: expect.stringContaining(problem),
      rule: expect.stringContaining(rule),
    });
  });

  it('that cannot be asked of a hardware is refused with the machine', () => {
    const many = { ...SERVER, usb: Array.from({ length: 256 }, (_, n) => ({ address: `1-${n}`, name: 'x' })) };
    const refusal = has('//*[//*[//*]]', many);
    expect(isRejected(refusal) && refusal.message).toContain(
      'for the hardware of m1, it visits more than 100000 nodes',
    );
    expect(isRejected(has('count(1) > 0'))).toBe(true);
    expect(has('//node', {})).toBe(true);
  });
});
