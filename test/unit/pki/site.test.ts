import { X509Certificate } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { serialFrom } from '../../../src/pki/authority.ts';
import { isSignedBy, readCertificate } from '../../../src/pki/certificate.ts';
import { createKey } from '../../../src/pki/key.ts';
import { createRequest } from '../../../src/pki/request.ts';
import { signSite } from '../../../src/pki/sign.ts';
import { siteNames, covers } from '../../../src/model/cluster/site-names.ts';
import { testAuthority } from '../../kit/cluster/pki.ts';
import { realRandom } from '../../kit/postgres.ts';

const NAMED = {
  vip: '10.77.0.10/24',
  domain: 'site.test',
  nodes: [
    { name: 'r2', isRegion: true, addresses: ['10.77.0.12/24'] },
    { name: 'r1', isRegion: true, addresses: ['10.77.0.11'] },
    { name: 'k1', isRegion: false, addresses: ['10.77.0.21'] },
  ],
  recordNames: ['www.site.test', 'regent-region', '_x.site.test', '*.ui.site.test'],
};

describe('the names of the site', () => {
  it('are those of the floating address and of all region nodes, in a fixed order', () => {
    const names = siteNames(NAMED);
    expect(names).toEqual({
      dnsNames: ['localhost', 'r1', 'r1.site.test', 'r2', 'r2.site.test', '*.ui.site.test', 'www.site.test'],
      addresses: ['10.77.0.10', '10.77.0.11', '10.77.0.12', '127.0.0.1', '::1'],
    });
    expect(siteNames({ ...NAMED, nodes: NAMED.nodes.toReversed() })).toEqual(names);
    expect(siteNames({ ...NAMED, vip: null }).addresses).not.toContain('10.77.0.10');
  });

  it.each([
    ['www.site.test', true],
    ['WWW.site.test', true],
    ['a.ui.site.test', true],
    ['a.b.ui.site.test', false],
    ['ui.site.test', false],
    ['10.77.0.10', true],
    ['10.77.0.99', false],
  ])('cover %s: %s', (host, is) => {
    expect(covers(siteNames(NAMED), host)).toBe(is);
  });
});

describe("the site's certificate", () => {
  it('is for servers alone, names no node, and no region node', async () => {
    const authority = await testAuthority();
    const order = {
      authority,
      csr: await createRequest(await createKey(), 'site'),
      serial: serialFrom(realRandom.hex(16)),
      notBefore: Date.now(),
      notAfter: Date.now() + 86_400_000,
    };
    const signed = await signSite({ ...order, subject: siteNames(NAMED) });
    const pem = typeof signed === 'string' ? signed : '';
    expect(isSignedBy(pem, authority.certificate)).toBe(true);
    expect(readCertificate(pem)).toMatchObject({ nodeId: null, isRegion: false, isAuthority: false });
    const certificate = new X509Certificate(pem);
    expect(certificate.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1']);
    expect(certificate.checkIP('10.77.0.10')).toBe('10.77.0.10');
    expect(certificate.checkHost('regent-region')).toBeUndefined();
    const bad = await signSite({ ...order, subject: { dnsNames: ['Regent-Region'], addresses: [] } });
    expect(bad).toMatchObject({ code: 'invalid_value' });
  });
});
