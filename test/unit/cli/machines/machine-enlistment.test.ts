import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { FakeRegion, problem, run } from '../fake-region.ts';

/** `regent machine ignore` and its like, and the BMC that a machine tells of. */

const AT = '2026-03-01T09:58:00.000Z';
const MAC = '52:54:00:bb:00:01';
const machine = {
  id: 'abc123',
  hostname: 'brave-otter',
  domain: 'example.test',
  fqdn: 'brave-otter.example.test',
  rack: null,
  interfaces: [],
  tags: [],
  state: 'new',
  suggestedBmc: { type: 'ipmi', address: '10.88.0.41', mac: null },
};
const row = { mac: MAC, hostname: machine.fqdn, comment: 'a \u001b[31mprinter', ignoredBy: 'ada', ignoredAt: AT };

let region: FakeRegion;
beforeAll(async () => {
  region = await FakeRegion.start();
});
beforeEach(() => region.clear());
afterAll(() => region.stop());
const regent = (...words: string[]) => run(region, words);

describe('regent machine ignore', () => {
  it('tells what was deleted, by which cards it is known, and how it is taken back', async () => {
    region.on('POST /machines/brave-otter/ignore', { body: { machine, macs: [MAC] } });
    expect(await regent('machine', 'ignore', 'brave-otter', '--comment', 'a printer')).toMatchObject({
      code: 0,
      out: `machine brave-otter.example.test deleted and ignored (${MAC})\nTaken back by: regent machine unignore ${MAC}\n`,
    });
    expect(region.seen.find(({ method }) => method === 'POST')?.body).toEqual({ comment: 'a printer' });
  });

  it('says what to look at when it is refused', async () => {
    region.on('POST /machines/m1/ignore', problem(409, 'conflict', 'm1 is deployed.'));
    const told = await regent('machine', 'ignore', 'm1');
    expect(told.code).toBe(4);
    expect(told.err).toContain('regent machine show m1');
  });
});

describe('ignored machines', () => {
  it('are listed, and no text of theirs moves the cursor', async () => {
    region.on('GET /ignored-machines', { body: { items: [row], next: null } });
    const { code, out } = await regent('machine', 'ignored', 'list');
    expect(code).toBe(0);
    expect(out).toContain(MAC);
    expect(out).toContain('ada');
    expect(out).not.toContain('\u001b');
  });

  it('are enlisted again', async () => {
    region.on(`DELETE /ignored-machines/${encodeURIComponent(MAC)}`, { body: row });
    region.on(`DELETE /ignored-machines/${MAC}`, { body: row });
    expect(await regent('machine', 'unignore', MAC)).toMatchObject({
      code: 0,
      out: `ignored machine ${MAC} is enlisted again when it boots\n`,
    });
  });
});

describe('regent machine show', () => {
  it('shows the BMC that a machine tells of as its word, and how it would be made known', async () => {
    region.on('GET /machines/brave-otter', { body: machine });
    region.on('GET /machines/brave-otter/inventory', problem(404, 'not_found', 'nothing yet'));
    const { out } = await regent('machine', 'show', 'brave-otter');
    expect(out).toMatch(/BMC as reported: +ipmi {2}10\.88\.0\.41/);
    expect(out).toContain('regent bmc create brave-otter-bmc --power-type ipmi --parameters -');
  });
});
