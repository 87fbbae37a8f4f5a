import { describe, expect, it } from 'vitest';
import { openEndpoints } from '../../../src/agent/channel/endpoints.ts';
import { targetsOf, type TargetInputs } from '../../../src/agent/channel/targets.ts';
import { virtualTime } from '../../kit/virtual-time.ts';

const NONE: TargetInputs = {
  urls: [],
  apiUrls: [],
  regions: [],
  own: new Set(),
  hasCredential: false,
  hasCertificate: false,
  hasAuthority: false,
  agentPort: 5250,
};
const REGIONS = [{ address: '10.77.0.11' }, { address: '10.77.0.12' }, { address: 'fd00::13' }];
const SOCKET = 'unix:/run/regent/agent-api.sock';
const waysTo = (changes: Partial<TargetInputs>) =>
  targetsOf({ ...NONE, ...changes }).map(({ proof, url, rank }) => `${rank} ${proof} ${url}`);

describe('the ways to the regions', () => {
  it('are the own socket and every region of the ledger by certificate', () => {
    const own = new Set(['10.77.0.12', '127.0.0.1']);
    expect(waysTo({ urls: [SOCKET], regions: REGIONS, own, hasCredential: true, hasCertificate: true })).toEqual([
      `0 credential ${SOCKET}`,
      '2 certificate https://10.77.0.11:5250',
      '1 certificate https://10.77.0.12:5250',
      '2 certificate https://[fd00::13]:5250',
    ]);
  });

  it('are never the agents’ ports by signature: when the certificate has ended, the API over TLS, or what rack.conf says', () => {
    const urls = ['https://10.77.0.11:5250'];
    const apiUrls = ['http://10.77.0.10:5240'];
    expect(waysTo({ urls, apiUrls, regions: REGIONS.slice(0, 2), hasAuthority: true })).toEqual([
      '3 signature http://10.77.0.10:5240',
      '3 signature https://10.77.0.11:5443',
      '3 signature https://10.77.0.12:5443',
    ]);
  });

  it('are those of the configuration before there is a ledger, and the hosts of rack.conf before that', () => {
    const urls = ['https://10.77.0.11:5250', 'https://10.77.0.12:5250'];
    const apiUrls = ['http://10.77.0.10:5240'];
    expect(waysTo({ urls, apiUrls, hasCertificate: true })).toEqual([
      '2 certificate https://10.77.0.11:5250',
      '2 certificate https://10.77.0.12:5250',
      '3 signature http://10.77.0.10:5240',
    ]);
    expect(waysTo({ apiUrls, hasCertificate: true })).toEqual([
      '2 certificate https://10.77.0.10:5250',
      '3 signature http://10.77.0.10:5240',
    ]);
  });

  it('are signed where there is no certificate, and by the ledger where nothing was configured', () => {
    expect(waysTo({ apiUrls: ['http://10.77.0.10:5240'], regions: REGIONS })).toEqual([
      '3 signature http://10.77.0.10:5240',
    ]);
    expect(waysTo({ apiUrls: ['http://10.77.0.10:5240'], regions: REGIONS.slice(0, 2), hasAuthority: true })).toEqual([
      '3 signature http://10.77.0.10:5240',
      '3 signature https://10.77.0.11:5443',
      '3 signature https://10.77.0.12:5443',
    ]);
    expect(waysTo({ regions: REGIONS })).toEqual([]);
  });
});

describe('which region is asked', () => {
  const time = virtualTime();
  const lots = [0.5, 0.1, 0.9, 0.3];
  const random = { fraction: () => lots.shift() ?? 0.5, hex: () => '' };
  const endpoints = openEndpoints({ clock: time.clock, random });
  const own = targetsOf({ ...NONE, urls: [SOCKET], regions: REGIONS, hasCredential: true, hasCertificate: true });
  const order = () => endpoints.order().map(({ url }) => url.replace(/^.*[./:](1[123]|sock)(?:\]?:5250)?$/, '$1'));
  const target = (end: string) => {
    const found = own.find(({ url }) => url.includes(end));
    if (!found) throw new Error(end);
    return found;
  };

  it('is the own one first, then the others by lot, then the one that answered', () => {
    endpoints.setTargets(own);
    expect(order()).toEqual(['sock', '11', '13', '12']);
    endpoints.worked(target('.12'));
    expect(order()).toEqual(['sock', '12', '11', '13']);
  });

  it('is one that failed last, for longer each time, and at once again when it answered', () => {
    endpoints.failed(target('sock'));
    expect(order()).toEqual(['12', '11', '13', 'sock']);
    time.step(500);
    expect(order()[0]).toBe('sock');
    endpoints.failed(target('sock'));
    time.step(500);
    expect(order()[0]).toBe('12');
    time.step(500);
    expect(order()[0]).toBe('sock');
    for (let count = 0; count < 20; count += 1) endpoints.failed(target('sock'));
    time.step(10_000);
    expect(order()[0]).toBe('sock');
    endpoints.worked(target('sock'));
    endpoints.failed(target('sock'));
    time.step(500);
    expect(order()[0]).toBe('sock');
  });

  it('is every one in turn when all failed, the one that failed first before the others', () => {
    for (const end of ['.11', '.12', ':13', 'sock']) {
      endpoints.failed(target(end));
      time.step(10);
    }
    expect(order()).toHaveLength(4);
    expect(order()[0]).toBe('11');
  });

  it('keeps what it knows of a region when the list changes', () => {
    time.step(20_000);
    endpoints.failed(target('.11'));
    endpoints.setTargets(own.filter(({ url }) => !url.includes('.12')));
    expect(order()).toEqual(['sock', '13', '11']);
  });
});
