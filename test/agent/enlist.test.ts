import { expect, it } from 'vitest';
import { askToEnlist } from '../../src/agent/boot/enlist.ts';
import { parseClient } from '../../src/boot/client.ts';
import type { EnlistQuestion } from '../../src/contract/machines/enlist.ts';
import { isRejected } from '../../src/core/errors.ts';
import { aPlan, aQuestion, BOOT_MAC, BOOT_UUID } from '../kit/boot.ts';

/** What a rack asks a region about a machine, and what it takes as an answer. */

const signal = new AbortController().signal;
function aClient() {
  const client = parseClient(aQuestion('ipxe-bios'));
  if (isRejected(client)) throw new Error(client.message);
  return client;
}
const asking = (answer: unknown, asked: EnlistQuestion[] = []) =>
  askToEnlist({
    enlist: async (question) => {
      asked.push(question);
      return answer;
    },
  });

it('asks with what the firmware said, and with the address where it knows one', async () => {
  const asked: EnlistQuestion[] = [];
  const ask = asking({ kind: 'ignored' }, asked);
  await ask(aClient(), signal);
  await ask(aClient(), signal, '10.10.10.1');
  const told = { mac: BOOT_MAC, uuid: BOOT_UUID, serial: 'SN-0001', architecture: 'amd64', firmware: 'bios' };
  expect(asked).toEqual([told, { ...told, via: '10.10.10.1' }]);
});

it.each([
  { kind: 'offer', boot: aPlan() },
  { kind: 'ignored' },
  { kind: 'busy' },
  { kind: 'busy', reason: 'Two hundred wait.' },
])('takes $kind', async (answer) => {
  expect(await asking(answer)(aClient(), signal)).toEqual(answer);
});

it.each([
  null,
  'offer',
  { kind: 'offer' },
  { kind: 'offer', boot: { ...aPlan(), parameters: ['a\nb'] } },
  { kind: 'offer', boot: { ...aPlan(), metadata: 'http://203.0.113.9/' } },
  { kind: 'busy', reason: 'x'.repeat(501) },
  { kind: 'else' },
])('takes no %j for an answer', async (answer) => {
  await expect(asking(answer)(aClient(), signal)).rejects.toMatchObject({ code: 'region_refused' });
});
