import { expect } from 'vitest';
import type { MaasAnswer } from './maas.ts';
import type { TestRegion } from './region.ts';

const GB = 1_000_000_000;

/** The body of an answer that worked. */
export function ok(answer: MaasAnswer, status = 200) {
  expect([answer.status, answer.raw.slice(0, 300)]).toEqual([status, answer.raw.slice(0, 300)]);
  // What an answer has in it is what a test looks for.
  // oxlint-disable-next-line typescript/no-explicit-any
  return answer.body as any;
}

/** A machine that was commissioned, with these cards and four disks of 100 GB. `admin`: runs SQL on the site. */
export async function readyMachine(
  site: TestRegion,
  admin: (text: string) => Promise<unknown>,
  hostname: string,
  macs: readonly string[],
): Promise<string> {
  const body = { hostname, interfaces: macs.map((mac) => ({ mac })) };
  const id = String((await site.call('POST', '/machines', { body })).body['id']);
  const disks = ['sda', 'sdb', 'sdc', 'sdd'].map((name) => ({ name, bytes: 100 * GB, serial: `${id}-${name}` }));
  const hardware = JSON.stringify({ cpu: { count: 4, architecture: 'x86_64' }, memory: { kb: 8_388_608 }, disks });
  await admin(`insert into machine_inventories (machine_id, inventory) values ('${id}', '${hardware}')`);
  await admin(`insert into machine_states (machine_id, state, epoch, commissioned_at) values ('${id}', 'ready', 1, now())
    on conflict (machine_id) do update set state = 'ready', commissioned_at = now()`);
  return id;
}
