import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { answerLines } from '../../../src/drills/probes/child/lines.ts';
import { Files } from './files.ts';
import { openLeaseDesk } from './lease.ts';
import type { FleetAnswer, FleetWish } from './start.ts';
import { bootMachine, type World } from './way.ts';

/* Machines that boot, as a program in the network namespace of a lab's client (`startFleet`): its card has all of their addresses. */

const DEVICE = 'eth0';
const ip = async (...words: string[]) => await promisify(execFile)('ip', words, { timeout: 10_000 });

const leases = await openLeaseDesk();
const files = new Files();
/** What machines have, by MAC. */
const held = new Map<string, { readonly address: string; readonly server: string | null }>();

const world: World = {
  leases,
  files,
  take: async (address) => void (await ip('addr', 'replace', `${address}/32`, 'dev', DEVICE)),
  onLease: (mac, { address, server }) => held.set(mac, { address, server }),
  pauses: { boot: 10_000, post: 3_000 },
  patienceMs: 240_000,
};

answerLines<FleetWish, FleetAnswer>((wish, done) => {
  const say = async () => done(await answered(wish));
  void say();
});

async function answered(wish: FleetWish): Promise<FleetAnswer> {
  try {
    return await answer(wish);
  } catch (error) {
    return { result: null, why: String(error) };
  }
}

async function answer(wish: FleetWish): Promise<FleetAnswer> {
  switch (wish.kind) {
    case 'learn':
      for (const file of wish.files) await files.learn(file, wish.address);
      return { result: null, why: '' };
    case 'boot':
      return { result: await bootMachine(wish.machine, world), why: '' };
    case 'leave':
      for (const [mac, { address, server }] of held) leases.release(mac, address, server);
      return { result: null, why: '' };
  }
}
