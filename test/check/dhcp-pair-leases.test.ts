import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { askKea } from '../../ha/dhcp/kea.ts';
import { BOOT_FILES } from '../../src/services/dhcp/boot-classes.ts';
import type { DhcpDesired, EndedLease } from '../../src/services/dhcp/desired.ts';
import { amendDhcp, askForEnds } from '../../src/services/dhcp/ends.ts';
import { placesOf } from '../../src/services/dhcp/places.ts';
import { KEY, PairSite, type Rack, RACKS } from '../kit/dhcp/pair-site.ts';
import { pause, until } from '../kit/until.ts';

const DAY = 86_400;
const PLACES = placesOf(KEY);
const NOTHING: DhcpDesired = {
  leaseTime: 600,
  domain: 'regent.internal',
  search: ['regent.internal'],
  networks: [],
  boot: BOOT_FILES,
  lostVlans: [],
  lostLeases: [],
};
const [OLD, NEW] = ['52:54:00:00:00:aa', '52:54:00:00:00:bb'];

/**
 * What two Keas of a pair do with leases beside giving them: what the region's ends of leases and the return of a rack rest on. Addresses of the cases
 * lie outside the pool of the machines that come all the time.
 */
describe('leases of two real Keas', () => {
  let site: PairSite;
  beforeAll(async () => {
    site = await PairSite.open();
    await site.whole();
  }, 90_000);
  afterAll(async () => {
    await site?.[Symbol.asyncDispose]();
  });

  const ask = (rack: Rack, command: string, args: object) =>
    askKea(site.host(rack).path(`/run/kea/kea4-${KEY}.sock`), { command, arguments: args });

  /** Whose lease of an address a rack has; null: nobody's. */
  async function owner(rack: Rack, address: string): Promise<string | null> {
    const lease = await ask(rack, 'lease4-get', { 'ip-address': address }).catch((error: Error) => {
      if (error.message.includes('not found')) return null;
      throw error;
    });
    return (lease as { 'hw-address'?: string } | null)?.['hw-address'] ?? null;
  }
  const owners = (address: string) => Promise.all(RACKS.map((rack) => owner(rack, address)));
  const end = (rack: Rack, address: string) => ask(rack, 'lease4-del', { 'ip-address': address });

  /** A lease of seven days of which a rack alone knows; its client spoke so many days ago. */
  async function plant(rack: Rack, address: string, { mac, days }: { mac: string; days: number }): Promise<void> {
    const expire = Math.floor(Date.now() / 1000) + (7 - days) * DAY;
    const lease = { 'ip-address': address, 'hw-address': mac, 'valid-lft': 7 * DAY, expire, 'subnet-id': 1 };
    await ask(rack, 'lease4-add', lease);
  }

  async function restartKea(rack: Rack): Promise<void> {
    await site.signalKea(rack, 'KILL');
    // Until it is away both say that they are whole.
    await pause(1500);
    await site.whole();
  }

  it('one that ends on one side alone stays on the other, and comes back from there', async () => {
    const { address, mac } = await until('a machine’s lease', () => site.given.at(0));
    await until('both to have it', async () => (await owners(address)).every((one) => one === mac));
    await end('k1', address);
    await pause(2000);
    expect(await owners(address)).toEqual([null, mac]);
    await restartKea('k1');
    expect(await owners(address)).toEqual([mac, mac]);
  });

  /** What the agent of a rack does for an end that the region asks for: the service's own questions and commands. */
  async function endAsAgent(rack: Rack, ended: EndedLease): Promise<void> {
    const desired = { ...NOTHING, endedLeases: [ended] };
    const [said] = await Promise.all(askForEnds(PLACES, desired).map((question) => site.host(rack).exec(question)));
    if (!said) throw new Error('nothing was asked');
    // Before the leases come four answers of Kea's state.
    const answers = [said, said, said, said, said];
    for (const command of amendDhcp(PLACES, answers, desired))
      expect(await site.host(rack).exec(command)).toMatchObject({ code: 0 });
  }

  it('one that ends on both sides is gone for good', async () => {
    // Nobody is given it meanwhile.
    const address = '10.20.251.6';
    for (const rack of RACKS) await plant(rack, address, { mac: OLD, days: 0 });
    const before = Math.ceil(Date.now() / 1000) + 10;
    for (const rack of RACKS) await endAsAgent(rack, { address, mac: NEW, before });
    expect(await owners(address), 'another client’s').toEqual([OLD, OLD]);
    for (const rack of RACKS) await endAsAgent(rack, { address, mac: OLD, before });
    expect(await owners(address)).toEqual([null, null]);
    for (const rack of RACKS) await restartKea(rack);
    expect(await owners(address)).toEqual([null, null]);
  });

  it('an old one of a rack that was away gives way to the newer one, whichever side was away', async () => {
    await plant('k2', '10.20.251.7', { mac: OLD, days: 6 });
    await plant('k1', '10.20.251.7', { mac: NEW, days: 0 });
    await site.powerOff('k2');
    await pause(3000);
    site.powerOn('k2');
    await site.whole();
    expect(await owners('10.20.251.7')).toEqual([NEW, NEW]);

    await plant('k1', '10.20.251.8', { mac: OLD, days: 6 });
    await plant('k2', '10.20.251.8', { mac: NEW, days: 0 });
    await site.powerOff('k1');
    await pause(3000);
    site.powerOn('k1');
    await site.whole();
    expect(await owners('10.20.251.8')).toEqual([NEW, NEW]);
  });
});
