import { setTimeout as delay } from 'node:timers/promises';
import { BOOT_PARAMETERS } from '../../../src/boot/decide.ts';
import { oauth, readPreseed } from '../../kit/preseed.ts';
import type { Files } from './files.ts';
import { inventoryOf } from './inventory.ts';
import type { BootReply, LeaseDesk } from './lease.ts';
import type { MachineResult, Step, StepTime } from './result.ts';
import { chainOf, parameterOf, readScript } from './script.ts';
import { call, callFor } from './web.ts';

/** A machine that the site knows: its id and name there, and its number here, which its card and its serial number follow from. */
export interface FleetMachine {
  readonly id: string;
  readonly hostname: string;
  readonly mac: string;
  readonly number: number;
}

/** What a machine finds: DHCP, files, and its own network card. */
export interface World {
  readonly leases: LeaseDesk;
  readonly files: Files;
  /** Gives the card this address. */
  take(address: string): Promise<void>;
  /** Hears of each lease. */
  onLease(mac: string, lease: BootReply): void;
  /** Between tries, ms: firmware, and our initrd (`scripts/image`), up to twice as long. */
  readonly pauses: { readonly boot: number; readonly post: number };
  /** So long a machine tries, ms. */
  readonly patienceMs: number;
}

const DHCP_MS = 60_000;
const CALL_MS = 20_000;
const BOOTS = 10;
const POSTS = 40;

/** A machine on its way. Steps are timed over all of their tries. */
class Traveller {
  readonly #started = performance.now();
  readonly #steps: Partial<Record<Step, StepTime>> = {};
  at: Step | 'start' = 'start';
  bytes = 0;

  async step<T>(step: Step, action: () => Promise<T>): Promise<T> {
    this.at = step;
    const started = performance.now();
    const before = this.#steps[step];
    try {
      return await action();
    } finally {
      const ms = (before?.ms ?? 0) + performance.now() - started;
      this.#steps[step] = { ms, again: before === undefined ? 0 : before.again + 1 };
    }
  }

  again(step: Step, count: number): void {
    const before = this.#steps[step] ?? { ms: 0, again: 0 };
    this.#steps[step] = { ...before, again: before.again + count };
  }

  age(): number {
    return performance.now() - this.#started;
  }

  result(why: string | null): MachineResult {
    const failed = why === null ? null : { step: this.at, why };
    return { steps: this.#steps, totalMs: this.age(), bytes: this.bytes, failed };
  }
}

/** All of the way of one machine that is commissioned: from DISCOVER until its inventory is taken, or until it gives up. */
export async function bootMachine(machine: FleetMachine, world: World): Promise<MachineResult> {
  const traveller = new Traveller();
  try {
    const booted = await bootUntilUp(traveller, machine, world);
    await tellInventory(traveller, machine, { ...world, ...booted });
    return traveller.result(null);
  } catch (error) {
    return traveller.result(error instanceof Error ? error.message : String(error));
  }
}

/** What a system that has booted knows: its address, and the kernel's parameters. */
interface Booted {
  readonly address: string;
  readonly parameters: readonly string[];
}

/** As firmware does it: whatever fails begins with DHCP anew. */
async function bootUntilUp(traveller: Traveller, machine: FleetMachine, world: World): Promise<Booted> {
  for (let tries = 1; ; tries += 1) {
    try {
      const booted = await boot(traveller, machine, world);
      if (typeof booted !== 'number') return booted;
      if (tries >= BOOTS) throw new Error('it is told to wait, again and again');
      await delay(booted * (world.pauses.boot / 10_000));
    } catch (error) {
      if (error instanceof GivenUp || tries >= BOOTS || traveller.age() > world.patienceMs) throw error;
      await delay(world.pauses.boot * (1 + Math.random()));
    }
  }
}

/** What no other try changes. */
class GivenUp extends Error {}

/** One start; a number: so many ms it is to wait. */
async function boot(traveller: Traveller, machine: FleetMachine, world: World): Promise<Booted | number> {
  const { leases, files } = world;
  const { mac } = machine;
  const offer = await traveller.step('discover', () => leases.discover(mac, DHCP_MS));
  traveller.again('discover', offer.again);
  const lease = await traveller.step('lease', () => leases.request(mac, offer.reply, DHCP_MS));
  traveller.again('lease', lease.again);
  const { address, bootFile } = lease.reply;
  world.onLease(mac, lease.reply);
  await world.take(address);
  const told = await traveller.step('script', () => askScript(machine, address, bootFile));
  if (told.kind === 'end') throw new GivenUp(`it is not to boot: ${told.says}`);
  if (told.kind === 'wait') return told.seconds * 1000;
  const root = parameterOf(told.parameters, BOOT_PARAMETERS.root);
  await traveller.step('files', async () => {
    for (const url of [told.kernel, told.initrd, ...(root === null ? [] : [root])])
      traveller.bytes += await files.fetch(url, address, Math.random());
  });
  return { address, parameters: told.parameters };
}

async function askScript({ mac, number }: FleetMachine, address: string, bootFile: string) {
  if (!URL.canParse(bootFile)) throw new Error(`no URL to boot from: ${JSON.stringify(bootFile)}`);
  const first = await callFor(200, { url: bootFile, address, timeoutMs: CALL_MS });
  const settings = {
    'netX/mac': mac,
    uuid: uuidOf(number),
    'serial:uristring': serialOf(number),
    buildarch: 'i386',
    platform: 'pcbios',
  };
  const next = chainOf(first.body.toString('utf8'), bootFile, settings);
  if (next === null) throw new Error('the first script leads nowhere');
  const own = await callFor(200, { url: next, address, timeoutMs: CALL_MS });
  return readScript(own.body.toString('utf8'));
}

type Up = World & Booted;

/** What our system does when it is up: credentials, what cloud-init reads, and the inventory. */
async function tellInventory(traveller: Traveller, machine: FleetMachine, up: Up): Promise<void> {
  const { address, parameters } = up;
  const post = parameterOf(parameters, BOOT_PARAMETERS.metadata);
  const source = parameterOf(parameters, BOOT_PARAMETERS.credentials);
  if (post === null || source === null) throw new Error('the kernel is not told where its metadata are');
  const preseed = await keepTrying(traveller, 'credentials', up, async () =>
    readPreseed((await callFor(200, { url: source, address, timeoutMs: CALL_MS })).body.toString('utf8')),
  );
  const { metadata_url: base, ...keys } = preseed.datasource.MAAS;
  const headers = () => ({ authorization: oauth(keys) });
  await keepTrying(traveller, 'metadata', up, async () => {
    const read = async (item: string) => {
      const url = `${base}2012-03-01/meta-data/${item}`;
      return (await callFor(200, { url, address, timeoutMs: CALL_MS, headers: headers() })).body.toString('utf8');
    };
    const [id, name] = [await read('instance-id'), await read('local-hostname')];
    if (id !== machine.id || !name.startsWith(`${machine.hostname}.`))
      throw new Error(`it is told that it is ${name} (${id})`);
    await read('vendor-data');
  });
  let posts = 0;
  await keepTrying(traveller, 'inventory', up, async () => {
    const body = JSON.stringify(inventoryOf(machine, uuidOf(machine.number), serialOf(machine.number)));
    const type = { 'content-type': 'application/json' };
    // Taken before, and the answer was lost: its run is over (404), as our initrd sees it too.
    if (posts > 0 && (await call({ url: source, address, timeoutMs: CALL_MS })).status === 404) return;
    posts += 1;
    await callFor(200, {
      url: post,
      address,
      method: 'POST',
      timeoutMs: CALL_MS,
      body,
      headers: { ...type, ...headers() },
    });
  });
}

/** As our initrd does it: the same again after a pause, so many times and so long at most. */
async function keepTrying<T>(traveller: Traveller, step: Step, world: World, action: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await traveller.step(step, action);
    } catch (error) {
      if (tries >= POSTS || traveller.age() > world.patienceMs) throw error;
      await delay(world.pauses.post * (1 + Math.random()));
    }
  }
}

/** What its firmware says of the machine with this number. */
export function uuidOf(number: number): string {
  return `f1ee7000-0000-4000-8000-${number.toString(16).padStart(12, '0')}`;
}

export function serialOf(number: number): string {
  return `FLEET-${number}`;
}
