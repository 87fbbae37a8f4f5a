import { describe, expect, it } from 'vitest';
import { REASON_MAX } from '../../../../src/contract/machines/enlist.ts';
import { type EnlistSite, judgeUnknownMachine } from '../../../../src/region/machines/enlistment/judge.ts';
import type { KnownMachine } from '../../../../src/store/queries/machines/enlistments.ts';
import { aStranger } from '../../../kit/enlistment.ts';

const UUID = '564d1a2b-0000-4000-8000-525400bb0001';

function known(changes: Partial<KnownMachine> = {}): KnownMachine {
  const named = { id: 'abc123', fqdn: 'm1.regent.internal', hostname: 'm1' };
  return { ...named, state: 'ready', uuid: UUID, serial: 'SN-B1', isEnlisting: false, isWaiting: false, ...changes };
}

function judge(site: Partial<EnlistSite> = {}, changes: object = {}) {
  const usual = {
    owner: null,
    twins: [],
    isIgnored: false,
    isOn: true,
    offVlan: null,
    hasImage: true,
    lease: { address: '10.10.10.41', isVia: true },
    fresh: 0,
  };
  return judgeUnknownMachine(aStranger(changes), { ...usual, waiting: 3, limit: 4, ...site });
}

describe('judgeStranger', () => {
  const fresh = known({ state: 'new', isWaiting: true, isEnlisting: true });
  it.each<[string, Partial<EnlistSite>, object, object]>([
    ['nobody knows it', {}, {}, { kind: 'create', note: '' }],
    ['an operator ignores it', { isIgnored: true }, {}, { kind: 'ignore' }],
    ['ignored, though it is off', { isIgnored: true, isOn: false }, {}, { kind: 'ignore' }],
    ['it is off', { isOn: false }, {}, { kind: 'ignore', reason: expect.stringContaining('enlist_machines') }],
    [
      'off on its VLAN',
      { isOn: false, offVlan: 'f/web' },
      {},
      { kind: 'ignore', reason: expect.stringContaining('VLAN f/web') },
    ],
    ['there is no image', { hasImage: false }, {}, { kind: 'refuse', reason: expect.stringContaining('amd64') }],
    ['enough wait', { waiting: 4 }, {}, { kind: 'refuse', reason: expect.stringContaining('enlist_limit') }],
    [
      'no lease of this rack',
      { lease: null },
      {},
      { kind: 'refuse', reason: expect.stringContaining('no address by DHCP') },
    ],
    [
      'another address',
      { lease: { address: '10.0.0.9', isVia: false } },
      { via: '10.0.0.5' },
      { kind: 'refuse', reason: expect.stringContaining('10.0.0.5') },
    ],
    [
      'too many within a minute',
      { fresh: 60 },
      {},
      { kind: 'refuse', reason: expect.stringContaining('within a minute') },
    ],
    ['it is enlisted just now', { owner: fresh }, {}, { kind: 'offer', machineId: 'abc123' }],
    [
      'just now, and the image has gone',
      { owner: fresh, hasImage: false },
      {},
      { kind: 'refuse', reason: expect.stringContaining('image') },
    ],
    ['just now, though enough wait', { owner: fresh, waiting: 9 }, {}, { kind: 'offer' }],
    ['just now, and it is off by now', { owner: fresh, isOn: false }, {}, { kind: 'offer' }],
    [
      'its inventory is there',
      { owner: { ...fresh, isEnlisting: false } },
      {},
      { kind: 'refuse', reason: expect.stringContaining('commission m1') },
    ],
    ['it was missing', { owner: known({ state: 'missing' }) }, {}, { kind: 'return', machineId: 'abc123' }],
    ['missing, without a UUID', { owner: known({ state: 'missing' }) }, { uuid: null }, { kind: 'return' }],
    [
      'missing, and the card is elsewhere',
      { owner: known({ state: 'missing', uuid: `1${UUID.slice(1)}` }) },
      {},
      { kind: 'refuse' },
    ],
    [
      'it is commissioned',
      { owner: known({ state: 'commissioning' }) },
      {},
      { kind: 'refuse', reason: expect.stringContaining('is commissioning') },
    ],
    ['known and ignored', { owner: known(), isIgnored: true }, {}, { kind: 'refuse' }],
    ['another card of one just enlisted', { twins: [fresh] }, {}, { kind: 'add-card', machineId: 'abc123' }],
    [
      'another card of an accepted one',
      { twins: [known()] },
      {},
      { kind: 'refuse', reason: expect.stringContaining('has no card') },
    ],
    [
      'a board of the same UUID',
      { twins: [known({ serial: 'X' })] },
      {},
      { kind: 'create', note: expect.stringContaining('m1.regent.internal') },
    ],
    [
      'boards of the same UUID and serial number',
      { twins: [known(), known({ id: 'abc124' })] },
      {},
      { kind: 'create' },
    ],
    ['nobody tells a serial number', { twins: [known({ serial: null })] }, { serial: null }, { kind: 'create' }],
  ])('%s', (_, site, changes, verdict) => {
    expect(judge(site, changes)).toMatchObject(verdict);
  });

  it('says all that it says within what a console shows', () => {
    const long = known({ fqdn: `${'m'.repeat(63)}.${'d'.repeat(180)}`, hostname: 'm'.repeat(63) });
    const sites = [
      { owner: { ...long, uuid: `1${UUID.slice(1)}` } },
      { twins: [long] },
      { isOn: false, offVlan: 'f'.repeat(130) },
    ];
    for (const site of sites) {
      const verdict = judge(site);
      const length = 'reason' in verdict ? (verdict.reason ?? '').length : 0;
      expect(length).toBeGreaterThan(100);
      expect(length).toBeLessThanOrEqual(REASON_MAX);
    }
  });
});
