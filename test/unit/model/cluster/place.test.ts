import { describe, expect, it } from 'vitest';
import { isRejected } from '../../../../src/core/errors.ts';
import type { Applicant } from '../../../../src/model/cluster/joining.ts';
import { type NodePlace, type PlaceSite, takePlace } from '../../../../src/model/cluster/place.ts';

const UUID = '6f9619ff-8b86-4011-b42d-00cf4fc964ff';
const OTHER = '7f9619ff-8b86-4011-b42d-00cf4fc964ff';
const HOST: Applicant = {
  name: 'spare',
  addresses: ['10.77.0.19'],
  isRegion: true,
  isRack: false,
  version: '1.0.0',
  keyDigest: 'mine',
  rack: null,
};
const RACK: Applicant = {
  ...HOST,
  isRegion: false,
  isRack: true,
  rack: { uuid: OTHER, publicKey: 'new', proof: 'none' },
};
const R3: NodePlace = { name: 'r3', isRegion: true, isRack: false, nodeId: null };
const K1: NodePlace = { name: 'k1', isRegion: false, isRack: true, nodeId: UUID };
const node = (name: string, id: string, isRack = false) => ({
  id,
  name,
  isRegion: !isRack,
  isRack,
  addresses: [],
  state: 'member' as const,
});
const k1 = {
  uuid: UUID,
  name: 'k1',
  nodeId: UUID,
  state: 'accepted' as const,
  publicKey: 'old',
  acceptedAt: null,
  mayRekey: false,
};
const SITE: PlaceSite = { places: [R3, K1], nodes: [node('k1', UUID, true)], racks: [k1], own: null };

/** Name and rack as which it is taken, or the refusal's sentence. */
const told = (name: string | null, host: Applicant, site: Partial<PlaceSite> = {}) => {
  const taken = takePlace({ ...SITE, ...site }, name, host);
  return isRejected(taken) ? taken.message : `${taken.name} ${taken.rack?.uuid ?? '-'} ${taken.addresses.join()}`;
};

describe('a host that takes a place', () => {
  it('of a region node has its name, and its own address', () => {
    expect(told('r3', HOST)).toBe('r3 - 10.77.0.19');
  });
  it('of a rack is that rack, with a key of its own', () => {
    expect(told('k1', RACK)).toBe(`k1 ${UUID} 10.77.0.19`);
    expect(takePlace(SITE, 'k1', RACK)).toMatchObject({ rack: { publicKey: 'new', proof: 'place' } });
  });
  it('asks again, when the place is taken by itself', () => {
    expect(told('r3', HOST, { places: [], nodes: [node('r3', 'n9')], own: 'n9' })).toBe('r3 - 10.77.0.19');
    expect(told('k1', RACK, { places: [], own: UUID })).toBe(`k1 ${UUID} 10.77.0.19`);
  });
  it('finds it given up, or taken by another one', () => {
    expect(told('r3', HOST, { places: [] })).toMatch(/^The place of r3 is no longer reserved\. .*token create\.$/);
  });
});

describe('a host without the token of a place', () => {
  it('is taken as it is', () => {
    expect(told(null, HOST)).toBe('spare - 10.77.0.19');
  });
  it('gets no name that is kept', () => {
    expect(told(null, { ...HOST, name: 'r3' })).toMatch(
      /^The name r3 is reserved .*node replace r3.*node remove r3\. .*--name/,
    );
  });
  it('keeps a name that is its own already', () => {
    const site = { nodes: [node('r3', 'n9')], own: 'n9' };
    expect(told(null, { ...HOST, name: 'r3' }, site)).toBe('r3 - 10.77.0.19');
  });
});
