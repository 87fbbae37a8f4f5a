import { request } from 'node:http';
import { connect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { type BootListener, openBootListener } from '../../src/agent/boot/listener.ts';
import type { BootClient } from '../../src/boot/client.ts';
import type { EnlistAnswer } from '../../src/boot/decide.ts';
import type { BootRecord } from '../../src/boot/record.ts';
import { aPlan, aQuestion, aRecord, BOOT_MAC, BOOT_NOW, knowledge } from '../kit/boot.ts';
import { until } from '../kit/until.ts';
import { memoryLog } from '../kit/virtual-time.ts';

// Below the ports that the kernel gives to whoever connects (32768 and above).
const PORT = 20_000 + (process.pid % 12_000);
const clock = { now: () => BOOT_NOW * 1000, monotonic: () => 0 };

interface Answer {
  readonly status: number;
  readonly text: string;
  readonly head: readonly string[];
}

/** One question to the listener; `head` has the names of fields as they were spelled. */
function ask(path: string, address = '127.0.0.1', method = 'GET'): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const call = request({ host: address, port: PORT, path, method, agent: false }, (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => (text += chunk.toString()));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text, head: response.rawHeaders }));
    });
    call.once('error', reject);
    call.end();
  });
}

const scriptOf = (changes: Readonly<Record<string, string>> = {}, loader = 'ipxe') =>
  `/${loader}/script?${aQuestion(loader === 'ipxe' ? 'ipxe-bios' : 'grub-uefi', changes).query}`;
const strangerAt = (index: number) => `52:54:00:bb:00:${index.toString(16).padStart(2, '0')}`;

describe('the boot listener', () => {
  const open: BootListener[] = [];
  afterEach(async () => {
    for (const listener of open.splice(0)) await listener.close();
  });

  async function listen(
    records: readonly BootRecord[],
    enlist: (client: BootClient, signal: AbortSignal) => Promise<EnlistAnswer> = async () => ({ kind: 'ignored' }),
    addresses: readonly string[] = ['127.0.0.1'],
    enlistMs = 200,
  ) {
    const log = memoryLog();
    const { templates, ...state } = knowledge(...records);
    const options = { clock, log, templates, state: () => state, enlist, enlistMs, port: PORT };
    const listener = openBootListener(options);
    open.push(listener);
    await listener.listenOn(addresses);
    return { listener, log };
  }

  it('answers a known machine from its record, without a region, with one line in the log', async () => {
    const { log } = await listen([aRecord('deploying')], async () => {
      throw new Error('nobody is to be asked');
    });
    const { status, text, head } = await ask(scriptOf());
    expect(status).toBe(200);
    expect(text).toContain('kernel --name kernel http://127.0.0.1:5248/images/');
    // GRUB reads no other spelling.
    expect(head).toContain('Content-Length');
    expect(log.lines).toHaveLength(1);
    expect(log.lines[0]).toMatchObject({
      level: 'info',
      fields: { mac: BOOT_MAC, architecture: 'amd64', decision: 'kernel', machine: 'abc123', generation: 7 },
    });
    expect(JSON.stringify(log.lines[0])).not.toContain('metadata');
  });

  it('names the address that was asked, on each of the rack', async () => {
    const { listener } = await listen([aRecord('commissioning')], undefined, ['127.0.0.1', '127.0.0.2']);
    expect((await ask(scriptOf(), '127.0.0.2')).text).toContain('http://127.0.0.2:5248/images/');
    await listener.listenOn(['127.0.0.2']);
    await expect(ask(scriptOf(), '127.0.0.1')).rejects.toThrow('ECONNREFUSED');
    expect((await ask(scriptOf({}, 'grub'), '127.0.0.2')).text).toContain("linux '(http,127.0.0.2:5248)/images/");
    expect(listener.addresses()).toEqual(['127.0.0.2']);
  });

  it('tells of an address that it cannot have, and serves the others', async () => {
    const { listener, log } = await listen([], undefined, ['203.0.113.1', '127.0.0.1']);
    expect(listener.addresses()).toEqual(['127.0.0.1']);
    expect(log.lines).toMatchObject([{ level: 'warn', fields: { address: '203.0.113.1' } }]);
  });

  it('gives the first script, and nothing else', async () => {
    await listen([]);
    expect((await ask('/ipxe.cfg')).text).toMatch(/^#!ipxe\n/);
    for (const path of ['/', '/ipxe', '/ipxe/script/x', '/__proto__', '/etc/passwd', '//ipxe.cfg'])
      expect((await ask(path)).status, path).toBe(404);
    expect((await ask('/ipxe.cfg', '127.0.0.1', 'POST')).status).toBe(405);
  });

  it('has a script for every question, however it looks', async () => {
    await listen([]);
    for (const query of ['', '?', '?mac=x', '?%', '?%ff%00', `?${'a'.repeat(3000)}`, '?mac=a&mac=b']) {
      const { status, text } = await ask(`/ipxe/script${query}`);
      expect(status, query).toBe(200);
      expect(text, query).toMatch(/^#!ipxe\necho Regent: \w/);
    }
  });

  it('asks a region about a stranger, and about nobody else', async () => {
    const asked: string[] = [];
    await listen([aRecord('ready')], async ({ mac }) => {
      asked.push(mac);
      return { kind: 'offer', boot: aPlan() };
    });
    expect((await ask(scriptOf({ mac: strangerAt(1) }))).text).toContain('so it is enlisted');
    await ask(scriptOf());
    await ask(scriptOf({ mac: 'nonsense' }));
    expect(asked).toEqual([strangerAt(1)]);
  });

  it.each([
    ['fails', async () => Promise.reject(new Error('all regions are down'))],
    ['says nothing', () => new Promise<never>(() => {})],
  ])('tells a stranger so when the region %s, and goes on', async (_what, enlist) => {
    const { log } = await listen([], enlist);
    const { text } = await ask(scriptOf({ mac: strangerAt(1) }));
    expect(text).toContain('the rack reaches no region that can enlist it');
    expect(text).toContain('sleep 1');
    expect(log.lines.map(({ level }) => level)).toEqual(['warn', 'info']);
  });

  it('asks regions a few questions at once, and one for each MAC, however many strangers come', async () => {
    const asked: string[] = [];
    const region = Promise.withResolvers<void>();
    const enlist = async ({ mac }: BootClient): Promise<EnlistAnswer> => {
      asked.push(mac);
      await region.promise;
      return { kind: 'ignored' };
    };
    await listen([], enlist, ['127.0.0.1'], 20_000);
    let refused = 0;
    const crowd = Array.from({ length: 100 }, async (_, index) => {
      const { text } = await ask(scriptOf({ mac: strangerAt(index % 50) }));
      if (text.includes('too busy to enlist')) refused += 1;
      return text;
    });
    // Two machines of one MAC share a question, and the region answers none before all others were sent away.
    await until('all others are sent away', () => refused === 84);
    region.resolve();
    expect((await Promise.all(crowd)).filter((text) => text.includes('ordered to ignore'))).toHaveLength(16);
    expect(asked).toHaveLength(8);
    expect(new Set(asked).size).toBe(8);
  });

  it('lets no silent caller hold it', async () => {
    await listen([aRecord('ready')]);
    const silent = Array.from({ length: 50 }, () => connect(PORT, '127.0.0.1'));
    await Promise.all(silent.map((socket) => new Promise((resolve) => socket.once('connect', resolve))));
    expect((await ask(scriptOf())).status).toBe(200);
    for (const socket of silent) socket.destroy();
  });
});
