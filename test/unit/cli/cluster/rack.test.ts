import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { NOUNS } from '../../../../src/cli/nouns.ts';
import { FakeRegion, page, problem, run } from '../fake-region.ts';

const UUID = '6f9619ff-8b86-d011-b42d-00cf4fc964ff';
const K1 = {
  uuid: UUID,
  name: 'k1',
  state: 'waiting',
  isMaster: false,
  isPlaceholder: false,
  node: null,
  publicKey: 'a'.repeat(43),
  mayRekey: false,
  registeredAt: '2026-03-01T09:00:00Z',
  acceptedAt: null,
  seenAt: '2026-03-01T09:59:48Z',
  source: '10.77.0.21',
  machines: 0,
  vlans: [],
};
const MASTER = {
  ...K1,
  uuid: null,
  name: 'master',
  state: 'accepted',
  isMaster: true,
  isPlaceholder: true,
  publicKey: null,
  registeredAt: null,
  seenAt: null,
  source: null,
  machines: 3,
};
const ACCEPTED = {
  ...K1,
  state: 'accepted',
  isMaster: true,
  node: 'k1',
  acceptedAt: '2026-03-01T09:58:00Z',
  vlans: [{ vlan: 'fabric-1/vlan10', interface: 'eth1', addresses: ['10.10.10.2/24'] }],
};

let region: FakeRegion;
beforeAll(async () => {
  region = await FakeRegion.start();
});
beforeEach(() => region.clear());
afterAll(() => region.stop());
const regent = (line: string) => run(region, line.split(' '));

describe('racks on the command line', () => {
  it('every command has an example that names it', () => {
    const commands = NOUNS.find(({ noun }) => noun === 'rack')?.commands ?? [];
    expect(commands.map(({ verb }) => verb)).toEqual(['list', 'show', 'accept', 'reject', 'reset-key', 'delete']);
    for (const { verb, examples } of commands) expect(examples?.[0]).toMatch(`regent rack ${verb}`);
  });

  it('lists the placeholder and who waits, with when and from where', async () => {
    region.on('GET /racks', page(MASTER, K1));
    const { code, out } = await regent('rack list');
    expect(code).toBe(0);
    expect(out).toContain('accepted (master, placeholder)');
    expect(out).toMatch(new RegExp(`k1 +waiting +${UUID} .*12 s ago +10\\.77\\.0\\.21`));
    await regent('rack list --state waiting');
    expect(region.seen.at(-1)?.query.get('state')).toBe('waiting');
    expect((await regent('rack list -o name')).out).toBe(`master\n${UUID}\n`);
  });

  it('shows a rack with its VLANs', async () => {
    region.on('GET /racks/master', { body: ACCEPTED });
    const { out } = await regent('rack show master');
    expect(out).toContain('fabric-1/vlan10  eth1  10.10.10.2/24');
    expect(out).toContain('accepted (master)');
  });

  it.each([
    ['rack accept k1', 'POST /racks/k1/accept', 'rack k1 accepted; it is the master', {}],
    ['rack accept k1 --name k2', 'POST /racks/k1/accept', 'rack k1 accepted; it is the master', { name: 'k2' }],
    ['rack reject k1', 'POST /racks/k1/reject', `rack ${UUID} rejected`, undefined],
    ['rack reset-key k1', 'POST /racks/k1/reset-key', 'systemctl restart regent-agent', {}],
    ['rack reset-key k1 --key abc', 'POST /racks/k1/reset-key', 'has the key', { publicKey: 'abc' }],
    ['rack delete k1', 'DELETE /racks/k1', `rack ${UUID} deleted`, undefined],
  ])('%s', async (line, call, says, body) => {
    region.on(call, { body: ACCEPTED });
    const { code, out } = await regent(line);
    expect(code).toBe(0);
    expect(out).toContain(says);
    expect(region.seen.at(-1)?.body).toEqual(body);
  });

  it('a refusal says what to do next', async () => {
    region.on('DELETE /racks/k1', problem(409, 'in_use', 'The rack k1 is accepted.'));
    const refused = await regent('rack delete k1');
    expect(refused.code).toBe(4);
    expect(refused.err).toContain('regent rack reject <uuid>');
    region.on('POST /racks/k9/accept', problem(404, 'not_found', 'There is no rack "k9".'));
    expect((await regent('rack accept k9')).err).toContain('regent rack list');
  });
});
