import { describe, expect, it } from 'vitest';
import { isRejected } from '../../../../../src/core/errors.ts';
import { KERNEL_OPTIONS_MAX, parseKernelOptions } from '../../../../../src/model/machines/tags/kernel-options.ts';
import { parseSetting } from '../../../../../src/model/site/settings.ts';
import { bootToken } from '../../../../../src/template/quoting.ts';

const parse = (text: string) => parseKernelOptions(text, 'kernelOptions');

describe('options of the kernel', () => {
  it.each([
    ['', ''],
    ['  nomodeset ', 'nomodeset'],
    ['console=ttyS1,115200n8   intel_iommu=on', 'console=ttyS1,115200n8 intel_iommu=on'],
    ['rd.lvm.lv=vg0/root crashkernel=512M-2G:64M,2G-:128M', 'rd.lvm.lv=vg0/root crashkernel=512M-2G:64M,2G-:128M'],
    ['memmap=4G!4G acpi_osi=! isolcpus=1-3', 'memmap=4G!4G acpi_osi=! isolcpus=1-3'],
    ['netconsole=6666@10.0.0.1/eth0,@10.0.0.9/ dyndbg=+p', 'netconsole=6666@10.0.0.1/eth0,@10.0.0.9/ dyndbg=+p'],
  ])('%j is %j, and boot scripts take each word of it', (given, canonical) => {
    expect(parse(given)).toBe(canonical);
    for (const word of canonical.split(' ').filter(Boolean)) expect(bootToken(word)).toBe(word);
  });

  it.each([
    ['a=1\nreboot', 'it has a line break or another control character'],
    ['a=1\tb', 'it has a line break or another control character'],
    ['a=\u007f', 'control character'],
    ['a=\u2028b', 'control character'],
    ['a=é', '"a=é" is not usable'],
    ['memmap=64K$0x18690000', 'is not usable'],
    ['a="b c"', 'is not usable'],
    ["a='b'", 'is not usable'],
    ['a;reboot', 'is not usable'],
    ['a && b', '"&&" is not usable'],
    ['a=${net0/mac}', 'is not usable'],
    ['#a', 'is not usable'],
    ['a=\\', 'is not usable'],
    ['--', 'is not usable'],
    [`a=${'x'.repeat(200)}`, 'is not usable'],
    ['regent.end=off', '"regent.end" is set by Regent itself'],
    ['bootif=01-02', 'is set by Regent itself'],
    ['cloud-config-url=http://x/', 'is set by Regent itself'],
    ['x '.repeat(KERNEL_OPTIONS_MAX), `it has ${2 * KERNEL_OPTIONS_MAX - 1} characters`],
  ])('%j is refused: %s', (given, why) => {
    const refusal = parse(given);
    expect(isRejected(refusal) && refusal.message).toContain(why);
    expect(isRejected(refusal) && refusal.fields?.[0]?.field).toBe('kernelOptions');
  });

  it('of the site are a setting', () => {
    expect(parseSetting('kernel_opts', ' quiet  splash')).toBe('quiet splash');
    expect(isRejected(parseSetting('kernel_opts', 'a|b'))).toBe(true);
    expect(isRejected(parseSetting('kernel_opts', 1))).toBe(true);
  });
});
