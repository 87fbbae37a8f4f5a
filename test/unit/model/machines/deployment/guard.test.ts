import { describe, expect, it } from 'vitest';
import {
  GUARD_RULES,
  guardFindings,
  guardRefusal,
  type GuardSite,
} from '../../../../../src/model/machines/deployment/guard.ts';

const VLAN = { name: 'lan', dhcpOn: true, servedBy: 'k1', isPair: true, isWhole: true, why: '' };
/** A site that can deploy m1. */
const GOOD: GuardSite = {
  machine: 'm1',
  vlans: [VLAN],
  hasEphemeral: true,
  image: 'debian-13',
  imageOn: 3,
  regions: 3,
  bmc: 'm1-bmc',
  hasSwitch: true,
  powerError: null,
  isFirmwareKnown: true,
  storage: null,
  network: null,
  name: null,
  addresses: [],
  hasKeys: true,
  hasUserData: false,
  liveRegions: 3,
  racks: 2,
};

/** Each rule by what breaks it: of each cause one. */
const CASES: readonly (readonly [code: string, level: 'refuse' | 'warn', change: Partial<GuardSite>, words: string])[] =
  [
    ['vlan-unknown', 'refuse', { vlans: [] }, 'The VLAN of m1 is not known.'],
    [
      'vlan-without-dhcp',
      'refuse',
      { vlans: [{ ...VLAN, dhcpOn: false, servedBy: null }] },
      'Its VLAN lan has no DHCP',
    ],
    [
      'vlan-unserved',
      'refuse',
      { vlans: [{ ...VLAN, servedBy: null, why: 'k1 is silent.' }] },
      'No rack answers DHCP on its VLAN lan. k1 is silent.',
    ],
    ['rack-unknown', 'refuse', { racks: 0 }, 'No rack that serves it has an address on its VLAN.'],
    [
      'pair-half',
      'warn',
      { vlans: [{ ...VLAN, isWhole: false, why: 'k2 is silent.' }] },
      'served only by k1. k2 is silent.',
    ],
    ['no-ephemeral', 'refuse', { hasEphemeral: false }, 'no default image of the kind ephemeral'],
    ['image-missing', 'refuse', { imageOn: 0 }, 'No region node has a complete copy of the image debian-13.'],
    ['image-single', 'warn', { imageOn: 1 }, 'Only one region node has a complete copy of the image debian-13'],
    [
      'bmc-error',
      'refuse',
      { powerError: 'Its password is wrong.' },
      'Its BMC m1-bmc cannot be reached. Its password is wrong.',
    ],
    ['by-hand', 'warn', { hasSwitch: false, bmc: null }, 'a person must start it from the network'],
    ['firmware-unknown', 'refuse', { isFirmwareKnown: false }, 'BIOS or UEFI'],
    ['disk-misfit', 'refuse', { storage: 'sda is too small.' }, 'sda is too small.'],
    ['network-misfit', 'refuse', { network: 'bond0 stands on nothing.' }, 'bond0 stands on nothing.'],
    ['address-taken', 'refuse', { addresses: ['10.0.0.5 is taken: x has it by DHCP.'] }, '10.0.0.5 is taken'],
    ['name-taken', 'refuse', { name: 'm1.example.test is the name of a node.' }, 'is the name of a node'],
    ['no-way-in', 'warn', { hasKeys: false }, 'Nobody could log in'],
    ['region-alone', 'warn', { liveRegions: 2 }, 'Of 3 region nodes 2 answer: '],
  ];

describe('the guard of deployments', () => {
  it('says nothing where all is well', () => {
    expect(guardFindings(GOOD)).toEqual([]);
    expect(guardRefusal('m1', [], false)).toBeNull();
    expect(
      guardFindings({ ...GOOD, hasKeys: false, hasUserData: true, regions: 1, imageOn: 1, liveRegions: 1 }),
    ).toEqual([]);
  });

  it('has a case for each of its rules', () => {
    expect(CASES.map(([code]) => code)).toEqual(Object.keys(GUARD_RULES));
  });

  it.each(CASES)('%s: %s', (code, level, change, words) => {
    const found = guardFindings({ ...GOOD, ...change });
    expect(found).toEqual([
      { code, level, sentence: expect.stringContaining(words), remedy: expect.stringMatching(/\S/) },
    ]);
    const refusal = guardRefusal('m1', found, false);
    expect(refusal).toContain(words);
    expect(refusal?.includes('--force')).toBe(level === 'warn');
    expect(guardRefusal('m1', found, true)).toBe(level === 'warn' ? null : refusal);
  });

  it.each([
    [1, 1, false],
    [2, 2, false],
    [3, 3, false],
    [3, 1, true],
    [5, 4, false],
    [5, 3, true],
  ])('of %i region nodes %i answer: it warns: %s', (regions, liveRegions, isTold) => {
    const codes = guardFindings({ ...GOOD, regions, liveRegions }).map(({ code }) => code);
    expect(codes).toEqual(isTold ? ['region-alone'] : []);
  });

  it('does not ask each time where one rack alone is to serve', () => {
    const vlans = [{ ...VLAN, isPair: false, isWhole: false, why: 'k1 serves alone: nobody takes over when it dies.' }];
    expect(guardFindings({ ...GOOD, vlans })).toEqual([]);
  });

  it('tells of warnings only where nothing refuses', () => {
    const found = guardFindings({ ...GOOD, hasKeys: false, imageOn: 0 });
    expect(guardRefusal('m1', found, false)).not.toContain('log in');
  });
});
