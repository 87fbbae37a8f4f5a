import { describe, expect, it } from 'vitest';
import { answerBoot } from '../../../src/boot/answer.ts';
import { renderAsk } from '../../../src/boot/script.ts';
import { encodeQuestion } from '../../../src/drills/probes/dhcp/packet.ts';
import { layoutOf } from '../../../src/lab/layout.ts';
import { CLUSTER, MIXED, SINGLE } from '../../../src/lab/topologies.ts';
import { decodeBoot } from '../../bench/fleet/lease.ts';
import { originsOf, placesOf } from '../../bench/fleet/places.ts';
import { failuresOf, type MachineResult, rowsOf, tableOf } from '../../bench/fleet/result.ts';
import { chainOf, parameterOf, readScript } from '../../bench/fleet/script.ts';
import { aQuestion, aRecord, BOOT_MAC, BOOT_NOW, knowledge, PLACE } from '../../kit/boot.ts';
import { goldenTemplates } from '../../kit/goldens.ts';

/** What the machines of the bench understand of what racks say. */

describe('scripts, as the product writes them', () => {
  it('leads from the first script to the machine’s own, with what the machine says of itself', () => {
    const settings = {
      'netX/mac': BOOT_MAC,
      uuid: 'u',
      'serial:uristring': 'SN-1',
      buildarch: 'i386',
      platform: 'pcbios',
    };
    const next = chainOf(renderAsk(goldenTemplates()), `${PLACE.scripts}/ipxe.cfg`, settings);
    expect(next).toBe(`${PLACE.scripts}/ipxe/script?mac=${BOOT_MAC}&uuid=u&serial=SN-1&arch=i386&platform=pcbios`);
    expect(chainOf('#!ipxe\nexit 1\n', PLACE.scripts, settings)).toBeNull();
  });

  it.each([
    ['commissioning', 'kernel'],
    ['deployed', 'end'],
    ['ready', 'end'],
    ['of-tomorrow', 'wait'],
  ])('knows what follows in the state %s', (state, kind) => {
    const { script } = answerBoot(aQuestion('ipxe-bios'), knowledge(aRecord(state)), { kind: 'no-region' }, BOOT_NOW);
    expect(readScript(script).kind).toBe(kind);
  });

  it('has kernel, initrd and parameters of a kernel, and the seconds of a pause', () => {
    const answer = (state: string) =>
      readScript(answerBoot(aQuestion('ipxe-bios'), knowledge(aRecord(state)), { kind: 'no-region' }, BOOT_NOW).script);
    const told = answer('commissioning');
    if (told.kind !== 'kernel') throw new Error(told.kind);
    expect(told.kernel).toMatch(/^http:\/\/10\.10\.10\.1:5248\/images\/[0-9a-f]{64}\/vmlinuz$/);
    expect(told.initrd).toMatch(/\/initrd\.img$/);
    expect(parameterOf(told.parameters, 'regent.metadata')).toBe(
      `${PLACE.files}/MAAS/metadata/latest/by-id/abc123/?op=get_preseed`,
    );
    expect(parameterOf(told.parameters, 'regent.root')).toBeNull();
    expect(answer('of-tomorrow')).toMatchObject({ kind: 'wait', says: expect.stringContaining('of-tomorrow') });
    expect(answer('of-tomorrow')).toMatchObject({ seconds: expect.toSatisfy((seconds) => seconds >= 15) });
  });
});

describe('packets', () => {
  const ack = (file: string, options: readonly (readonly [number, Buffer])[]) => {
    const packet = encodeQuestion({ kind: 'request', xid: 7, mac: BOOT_MAC, options: [[53, [5]], ...options] });
    packet[0] = 2;
    packet.set([10, 64, 4, 9], 16);
    packet.write(file, 108, 'latin1');
    return packet;
  };

  it('finds the boot file in its option and in the header', () => {
    expect(decodeBoot(ack('http://k1/a', []))).toMatchObject({
      kind: 'ack',
      address: '10.64.4.9',
      bootFile: 'http://k1/a',
    });
    expect(decodeBoot(ack('', [[67, Buffer.from('http://k1/b\0')]]))).toMatchObject({ bootFile: 'http://k1/b' });
    expect(decodeBoot(ack('', []))?.bootFile).toBe('');
    expect(decodeBoot(Buffer.alloc(300))).toBeNull();
  });

  it('says each option once: one that is given stands in for that of all machines', () => {
    const packet = encodeQuestion({
      kind: 'discover',
      xid: 7,
      mac: BOOT_MAC,
      options: [
        [55, [66, 67]],
        [77, Buffer.from('iPXE')],
      ],
    });
    expect(packet.subarray(240).toString('hex')).toBe('350101' + '37024243' + '4d0469505845' + 'ff');
  });
});

describe('where machines are', () => {
  it('is every network that the lab serves, with an address for each rack on it, and one block for all others', () => {
    const places = placesOf(layoutOf('lab'), CLUSTER, 1000);
    expect(places.map(({ cidr, first, last }) => [cidr, first, last])).toEqual([
      ['10.64.0.0/20', '10.64.4.0', '10.64.6.19'],
      ['10.65.0.0/20', '10.65.4.0', '10.65.6.19'],
    ]);
    expect(places[0]?.racks).toEqual(['10.10.10.1', '10.10.10.2']);
    expect(places[1]?.cards).toEqual([
      { host: 'k1', device: 'eth3', address: '10.65.0.1/20' },
      { host: 'k2', device: 'eth1', address: '10.65.0.2/20' },
      { host: null, device: 'eth0', address: '10.65.0.100/20' },
    ]);
    expect(places.flatMap((place) => originsOf(place, 5248))).toContain('http://10.20.20.2:5248');
  });

  it('is one network of smaller labs, and never more machines than it has addresses', () => {
    for (const topology of [SINGLE, MIXED]) expect(placesOf(layoutOf('lab'), topology, 20)).toHaveLength(1);
    expect(() => placesOf(layoutOf('lab'), SINGLE, 3000)).toThrow('too many');
    expect(() => placesOf(layoutOf('lab'), { ...SINGLE, networks: [] }, 1)).toThrow('there is no network');
  });
});

describe('the table', () => {
  const result = (changes: Partial<MachineResult> = {}): MachineResult => ({
    steps: { discover: { ms: 20, again: 0 }, lease: { ms: 10, again: 1 } },
    totalMs: 3000,
    bytes: 1,
    failed: null,
    ...changes,
  });

  it('has a row for each step, and counts in its last one whoever came to the end', () => {
    const slow = result({
      steps: { discover: { ms: 900, again: 2 } },
      failed: { step: 'lease', why: 'no acknowledgement' },
    });
    const all = [...Array.from({ length: 19 }, () => result()), slow];
    expect(rowsOf(all)).toEqual([
      { step: 'discover', count: 20, p50: 20, p95: 20, most: 900, again: 2 },
      { step: 'lease', count: 19, p50: 10, p95: 10, most: 10, again: 19 },
      { step: 'all of it', count: 19, p50: 3000, p95: 3000, most: 3000, again: 0 },
    ]);
    expect(tableOf(rowsOf(all)).split('\n')).toEqual([
      'step       machines  p50 s  p95 s  most s  tries again',
      'discover         20  0.020  0.020   0.900            2',
      'lease            19  0.010  0.010   0.010           19',
      'all of it        19  3.000  3.000   3.000            0',
    ]);
    expect(failuresOf(all)).toEqual(['1 at lease: no acknowledgement']);
  });

  it('says nothing where nobody was', () => {
    expect(rowsOf([])).toEqual([]);
    expect(failuresOf([result()])).toEqual([]);
  });
});
