import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { openFindings } from '../../src/agent/findings.ts';
import { type Boot, openBoot } from '../../src/agent/boot/boot.ts';
import type { Desired } from '../../src/contract/cluster/agent.ts';
import { digestOf } from '../../src/core/stable-json.ts';
import { aQuestion, aRecord, BOOT_NOW, knowledge } from '../kit/boot.ts';
import { FACTS } from '../kit/snapshots.ts';
import { until } from '../kit/until.ts';
import { memoryLog } from '../kit/virtual-time.ts';

// Below the ports that the kernel gives to whoever connects (32768 and above).
const PORT = 20_000 + ((process.pid + 7919) % 12_000);
const clock = { now: () => BOOT_NOW * 1000, monotonic: () => 0 };
const HTTP = { desired: { port: 5248 }, restart: null };

function desired(boot: readonly unknown[], services: Desired['body']['services'] = { http: HTTP }): Desired {
  const body = { services, boot: [...boot] };
  return { nodeId: 'n-k1', generation: 7, digest: digestOf(body), revision: 1, body };
}

const card = (name: string, addresses: string[]) => ({
  name,
  mac: '52:54:00:00:00:01',
  addresses,
  index: 1,
  isUp: true,
  hasCarrier: true,
});

const scriptOf = async () => {
  const answer = await fetch(`http://127.0.0.2:${PORT}/ipxe/script?${aQuestion('ipxe-bios').query}`);
  return await answer.text();
};

describe("a rack's part in boots", () => {
  const stopping: AbortController[] = [];
  const running: Promise<void>[] = [];
  afterEach(async () => {
    for (const controller of stopping.splice(0)) controller.abort();
    await Promise.all(running.splice(0));
  });

  function start(first: Desired | null) {
    let held = first;
    const log = memoryLog();
    const findings = openFindings(clock, log);
    const wait = (_ms: number, signal?: AbortSignal) => delay(20, undefined, { signal }).catch(() => {});
    const boot: Boot = openBoot({
      ports: {
        clock,
        log,
        random: { fraction: () => 0, hex: () => '' },
        loop: () => Object.assign(() => {}, { end: () => {} }),
        wait,
      },
      findings,
      templates: knowledge().templates,
      held: () => held,
      facts: () => ({
        ...FACTS,
        interfaces: [card('lo', ['127.0.0.1/8', '::1/128']), card('eth1', ['127.0.0.2/8', 'fe80::1/64'])],
      }),
      enlist: async () => ({ kind: 'ignored' }),
      port: PORT,
    });
    const controller = new AbortController();
    stopping.push(controller);
    running.push(boot.run(controller.signal));
    return {
      boot,
      log,
      findings,
      hold: (next: Desired | null) => {
        held = next;
      },
    };
  }

  it('listens on the addresses of a host that gives out boot files, and answers from the records', async () => {
    const { boot } = start(desired([aRecord('ready')]));
    await until('it listens', () => boot.addresses().length > 0);
    expect(boot.addresses()).toEqual(['127.0.0.2']);
    expect(await scriptOf()).toContain('m1 is ready');
  });

  it('goes by the newest records, and listens no longer when the host is to be none of these', async () => {
    const { boot, hold } = start(desired([aRecord('ready')]));
    await until('it listens', () => boot.addresses().length > 0);
    hold(desired([aRecord('commissioning')]));
    expect(await scriptOf()).toContain('m1 is commissioned');
    hold(desired([aRecord('commissioning')], { http: { desired: null, restart: null } }));
    await until('it listens no longer', () => boot.addresses().length === 0);
    await expect(scriptOf()).rejects.toThrow('fetch failed');
  });

  it('leaves out a record that it cannot read, tells of it, and answers for the others', async () => {
    const { boot, findings, hold } = start(desired([{ machine: 'x' }, aRecord('ready')]));
    await until('it listens', () => boot.addresses().length > 0);
    expect(await scriptOf()).toContain('m1 is ready');
    expect(findings.all()[0]?.sentence).toContain('1 of 2 boot records');
    hold(desired([aRecord('ready')]));
    await until('the finding goes', () => findings.all().length === 0);
  });

  it('listens nowhere without a desired state', async () => {
    const { boot, hold } = start(null);
    hold(desired([]));
    await until('it listens', () => boot.addresses().length > 0);
    hold(null);
    await until('it listens no longer', () => boot.addresses().length === 0);
  });
});
