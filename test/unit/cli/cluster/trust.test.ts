import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { FakeRegion, page, problem, run } from '../fake-region.ts';

const TOKEN = {
  id: 'abcdefabcdef',
  isRegion: true,
  isRack: false,
  state: 'open',
  createdBy: 'ada',
  createdAt: '2026-03-01T10:00:00Z',
  expiresAt: '2026-03-01T10:15:00Z',
  usedAt: null,
  usedBy: null,
};
const CERTIFICATE = {
  serial: '4f0c',
  nodeId: 'n1',
  node: 'r2',
  state: 'good',
  notBefore: '2026-03-01T10:00:00Z',
  notAfter: '2026-03-31T10:00:00Z',
  revokedAt: null,
  revokedWhy: null,
};

let region: FakeRegion;
beforeAll(async () => {
  region = await FakeRegion.start();
});
beforeEach(() => region.clear());
afterAll(() => region.stop());
const regent = (line: string) => run(region, line.split(' '));

describe('join tokens on the command line', () => {
  it('creates one, prints it with the next command, and as JSON', async () => {
    region.on('POST /tokens', { status: 201, body: { ...TOKEN, token: 'regent-join-1.abc' } });
    const made = await regent('token create --role region');
    expect(made.code).toBe(0);
    expect(made.out).toMatch(/regent join -.*\nregent-join-1\.abc\n/);
    expect(region.seen.at(-1)?.body).toEqual({ isRegion: true, isRack: false });
    expect(JSON.parse((await regent('token create --role region,rack --minutes 5 -o json')).out)).toMatchObject({
      token: 'regent-join-1.abc',
    });
    expect(region.seen.at(-1)?.body).toEqual({ isRegion: true, isRack: true, minutes: 5 });
  });

  it('wants a role, and never sends a whole token as an id', async () => {
    expect((await regent('token create')).err).toContain('--role region');
    const whole = await regent('token revoke regent-join-1.abcdefgh');
    expect(whole.err).toContain('not the id of a join token');
    expect(region.seen).toEqual([]);
  });

  it('lists and revokes', async () => {
    region.on('GET /tokens', page(TOKEN));
    expect((await regent('token list --state open')).out).toMatch(/abcdefabcdef\s+region\s+open\s+ada/);
    region.on('DELETE /tokens/abcdefabcdef', { status: 200, body: { ...TOKEN, state: 'revoked' } });
    expect((await regent('token revoke abcdefabcdef')).out).toBe('join token abcdefabcdef revoked\n');
  });
});

describe('certificates and nodes on the command line', () => {
  it('lists and revokes certificates', async () => {
    region.on('GET /certificates', page(CERTIFICATE));
    expect((await regent('certificate list --node r2')).out).toMatch(/4f0c\s+r2\s+good/);
    // Without a filter it says what browsers see, too.
    const site = {
      isOwn: true,
      subject: 'CN=regent.example',
      issuer: 'CN=Example authority',
      notAfter: '2026-03-20T10:00:00.000Z',
      daysLeft: 19,
      state: 'warning',
      detail: 'It ends in 19.0 days.',
    };
    region.on('GET /cluster', { body: { site } });
    expect((await regent('certificate list')).out).toContain(
      '\n\nSite: an own certificate (CN=regent.example), issued by CN=Example authority, ends in 19 days, 2026-03-20T10:00:00.000Z; warning: It ends in 19.0 days.\n',
    );
    expect(JSON.parse((await regent('certificate list -o json')).out)).toHaveLength(1);
    region.on('GET /cluster', { body: { site: null } });
    expect((await regent('certificate list')).out).toContain('Site: no certificate for browsers yet');
    // A region of an earlier release.
    region.on('GET /cluster', { body: {} });
    expect((await regent('certificate list')).out).not.toContain('Site:');
    region.on('POST /certificates/4f0c/revoke', { status: 200, body: { ...CERTIFICATE, state: 'revoked' } });
    const revoked = await regent('certificate revoke 4f0c --why stolen');
    expect(revoked.out).toContain('certificate 4f0c of r2 is revoked');
    expect(region.seen.at(-1)?.body).toEqual({ why: 'stolen' });
  });

  it('forgets a node that never finished joining, and says why it does not forget another', async () => {
    const body = { id: 'n1', name: 'r2', isRegion: true, isRack: false, revoked: 2 };
    region.on('DELETE /nodes/r2', { status: 200, body });
    expect((await regent('node delete r2')).out).toBe('node r2 deleted; certificates revoked: 2\n');
    region.on('DELETE /nodes/r1', problem(409, 'in_use', 'r1 is a region node with a copy of the database.'));
    const refused = await regent('node delete r1');
    expect(refused.code).not.toBe(0);
    expect(refused.err).toContain('regent certificate list');
  });
});
