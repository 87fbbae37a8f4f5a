import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { basePath, parsePackages } from '../../../src/lab/base.ts';
import { layoutOf, ownsNetns, switchPort } from '../../../src/lab/layout.ts';
import { SINGLE } from '../../../src/lab/topologies.ts';
import { hostsFile } from '../../../src/lab/topology.ts';

describe('names of a lab', () => {
  it.each(['', 'a/b', '..', 'A', '-a', 'a b', 'a\n', 'a'.repeat(21)])('refuses the instance %j', (name) => {
    expect(() => layoutOf(name)).toThrow(/cannot name a lab/);
  });

  it('tells instances apart whose names begin alike', () => {
    const one = layoutOf('a');
    const two = layoutOf('a-r1');
    expect(ownsNetns(one, one.hostNetns('r1'), ['r1'])).toBe(true);
    expect(ownsNetns(one, two.switchNetns, ['r1'])).toBe(false);
    expect(ownsNetns(one, two.hostNetns('r1'), ['r1'])).toBe(false);
  });

  it('fit the kernel’s limit for devices', () => {
    expect(switchPort('c.a-very-long-name', 12).length).toBeLessThanOrEqual(15);
  });
});

describe('packages of the base', () => {
  it('are read from one list, and give its cache a name', () => {
    const names = parsePackages('# comment\nhost  bind9\nlab dbus\n\nhost bind9\n');
    expect(names).toEqual(['bind9', 'dbus']);
    expect(basePath(names)).not.toBe(basePath(['bind9']));
  });

  it.each(['bind9', 'guest bind9', 'host bind9 chrony', 'host --x', 'host x [mips]'])('refuses the line %j', (line) => {
    expect(() => parsePackages(line)).toThrow(/is not "host NAME", "lab NAME", "machines NAME" or "stores NAME"/);
  });

  it('leaves out what is for another architecture', () => {
    const text = 'host ipxe\nhost shim-signed [amd64]\n';
    expect(parsePackages(text, 'hosts', 'amd64')).toEqual(['ipxe', 'shim-signed']);
    expect(parsePackages(text, 'hosts', 'arm64')).toEqual(['ipxe']);
  });

  it('the list of this checkout can be read', () => {
    const text = readFileSync(new URL('../../../scripts/packages.txt', import.meta.url), 'utf8');
    expect(parsePackages(text)).toContain('postgresql-17');
    expect(parsePackages(text)).not.toContain('qemu-system-x86');
    expect(parsePackages(text, 'machines')).toContain('qemu-system-x86');
  });
});

it('hosts know each other by name', () => {
  expect(hostsFile(SINGLE)).toBe('127.0.0.1 localhost\n::1 localhost\n10.77.0.11 r1\n');
});
