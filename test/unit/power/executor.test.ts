import { describe, expect, it } from 'vitest';
import { openExecutor } from '../../../src/power/executor.ts';
import { openFence } from '../../../src/power/fence.ts';
import type { PowerOrder } from '../../../src/power/order.ts';
import { answer } from '../../kit/exec-result.ts';
import { FakeBmc, refusal } from '../../kit/power/fake-bmc.ts';
import { memoryText } from '../../kit/power/memory-text.ts';
import { parsed } from '../../kit/power/rig.ts';
import { memoryLog } from '../../kit/virtual-time.ts';

const GIVEN = { power_address: '10.88.0.1', power_user: 'operator', power_pass: 'Geheim-17' };
const ON = { verb: 'on', epoch: 1, timeoutMs: 60_000 } as const;

async function bench(change: (bmc: FakeBmc) => void = () => {}) {
  const bmc = new FakeBmc();
  change(bmc);
  const text = memoryText();
  const log = memoryLog();
  const executor = openExecutor({ effects: bmc.effects, fence: await openFence(text), log });
  const run = (
    order: PowerOrder,
    given: Readonly<Record<string, unknown>> = {},
    learned: Readonly<Record<string, string>> = {},
  ) => executor.run({ type: 'ipmi', parameters: parsed('ipmi', { ...GIVEN, ...given }), learned }, order);
  return { bmc, text, log, run };
}

const acts = (bmc: FakeBmc) => bmc.words.filter((words) => /power (?:on|off|soft)|bootdev/.test(words));

describe('orders are states', () => {
  it('sets what the machine boots from between off and on', async () => {
    const { bmc, run } = await bench((it) => (it.isOn = true));
    expect(await run({ ...ON, verb: 'cycle', boot: 'pxe' })).toMatchObject({ kind: 'done', state: 'on' });
    expect(acts(bmc)).toEqual(['chassis power off', 'chassis bootdev pxe', 'chassis power on']);
  });

  it('sets it for the next start of a machine that is on and stays on', async () => {
    const { bmc, run } = await bench((it) => (it.isOn = true));
    expect(await run({ ...ON, boot: 'disk' }, { power_boot_type: 'efi' })).toMatchObject({
      state: 'on',
      hasChanged: false,
    });
    expect(acts(bmc)).toEqual(['chassis bootdev disk options=efiboot']);
  });

  it('switches off as the parameters say, but ends a cycle hard', async () => {
    const { bmc, run } = await bench((it) => (it.isOn = true));
    await run({ ...ON, verb: 'off' }, { power_off_mode: 'soft' });
    bmc.isOn = true;
    await run({ ...ON, verb: 'cycle' }, { power_off_mode: 'soft' });
    expect(acts(bmc)).toEqual(['chassis power soft', 'chassis power off', 'chassis power on']);
  });

  it('gives an order twice when nothing happens, and is content when the second one works', async () => {
    let count = 0;
    const { bmc, run } = await bench((it) => {
      it.before = (words) => (words === 'chassis power on' && ++count === 1 ? answer('done') : undefined);
    });
    expect(await run(ON)).toMatchObject({ kind: 'done', state: 'on', notes: ['The order on was given twice.'] });
    expect(acts(bmc)).toHaveLength(2);
  });

  it('presses the button once, and tells an operating system that does not end', async () => {
    const { bmc, run } = await bench((it) => {
      it.isOn = true;
      it.before = (words) => (words === 'chassis power soft' ? answer('done') : undefined);
    });
    const outcome = await run({ ...ON, verb: 'off', stopMode: 'soft', timeoutMs: 20_000 });
    expect(outcome).toMatchObject({ kind: 'failed', code: 'lied', remedy: expect.stringContaining('stop mode hard') });
    expect(acts(bmc)).toEqual(['chassis power soft']);
  });

  it('tells a machine that falls off again', async () => {
    const { run } = await bench((it) => {
      let looks = 0;
      it.before = (words) => {
        if (words === 'chassis power status' && it.isOn && ++looks % 2 === 0) it.isOn = false;
        return undefined;
      };
    });
    const outcome = await run({ ...ON, timeoutMs: 10_000 });
    expect(outcome).toMatchObject({ kind: 'failed', code: 'lied', message: expect.stringContaining('was off again') });
  });

  it('ends by its deadline, whatever the BMC does', async () => {
    for (const words of ['chassis power status', 'chassis power on', 'chassis bootdev pxe']) {
      const { bmc, run } = await bench((it) => {
        it.before = (said, timeoutMs) => {
          if (said !== words) return undefined;
          it.time.step(Math.min(1500, timeoutMs));
          return refusal('Unable to get Chassis Power Status');
        };
      });
      const startedAt = bmc.time.clock.monotonic();
      expect(await run({ ...ON, boot: 'pxe', timeoutMs: 8000 })).toMatchObject({ kind: 'failed', code: 'busy' });
      expect(bmc.time.clock.monotonic() - startedAt).toBeLessThan(8500);
    }
  });
});

describe('one executor for each BMC', () => {
  it('carries orders out one after the other', async () => {
    const { bmc, run } = await bench((it) => (it.isOn = true));
    const outcomes = await Promise.all([run({ ...ON, verb: 'cycle' }), run({ ...ON, verb: 'off' }), run(ON)]);
    expect(outcomes.map((outcome) => outcome.kind)).toEqual(['done', 'done', 'done']);
    expect(acts(bmc)).toEqual(['chassis power off', 'chassis power on', 'chassis power off', 'chassis power on']);
  });

  it('knows the BMC by its address, however it is written', async () => {
    const { bmc, run } = await bench();
    bmc.before = () => {
      if (bmc.words.at(-1) === 'chassis power on') void run({ ...ON, verb: 'off' }, { power_address: '10.88.0.1:623' });
      return undefined;
    };
    expect(await run(ON)).toMatchObject({ state: 'on' });
    expect(acts(bmc)).toEqual(['chassis power on']);
  });

  it('pauses between commands, longer where a quirk says so', async () => {
    const gaps = async (manufacturer: string) => {
      const { bmc, run } = await bench((it) => (it.manufacturer = manufacturer));
      const first = await run({ ...ON, verb: 'query' });
      const from = bmc.heard.length;
      await run({ ...ON, boot: 'pxe' }, {}, 'learned' in first ? first.learned : {});
      const times = bmc.heard.slice(from).map(({ at }) => at);
      return Math.min(...times.slice(1).map((at, index) => at - (times[index] ?? 0)));
    };
    expect(await gaps('Contoso')).toBeGreaterThanOrEqual(100);
    expect(await gaps('Contoso')).toBeLessThan(300);
    expect(await gaps('Hewlett-Packard')).toBeGreaterThanOrEqual(1000);
  });

  it('tells those who come when too many wait', async () => {
    const { run } = await bench();
    const outcomes = await Promise.all(Array.from({ length: 20 }, () => run({ ...ON, verb: 'query' })));
    const refused = outcomes.filter((outcome) => outcome.kind === 'failed');
    expect(refused).toHaveLength(4);
    expect(refused[0]).toMatchObject({ code: 'busy', message: expect.stringContaining('too many orders') });
  });

  it('tries again when it is busy, not for ever', async () => {
    let left = 2;
    const { bmc, run } = await bench((it) => {
      it.before = () => (left-- > 0 ? refusal('Get Chassis Power Status failed: Node busy') : undefined);
    });
    expect(await run({ ...ON, verb: 'query' })).toMatchObject({ kind: 'done', state: 'off' });
    left = Infinity;
    const before = bmc.heard.length;
    expect(await run({ ...ON, verb: 'query' })).toMatchObject({ kind: 'failed', code: 'busy' });
    expect(bmc.heard.length - before).toBe(4);
  });
});

describe('epochs', () => {
  it('refuses an epoch below the highest that it has seen, also after a restart', async () => {
    const { bmc, text, run } = await bench();
    await run({ ...ON, epoch: 7 });
    const count = bmc.heard.length;
    expect(await run({ ...ON, verb: 'off', epoch: 6 })).toMatchObject({
      kind: 'rejected',
      code: 'conflict',
      message: expect.stringContaining('epoch 6'),
    });
    const again = openExecutor({
      effects: bmc.effects,
      fence: await openFence(memoryText(text.text)),
      log: memoryLog(),
    });
    const target = { type: 'ipmi', parameters: parsed('ipmi', GIVEN), learned: {} } as const;
    expect(await again.run(target, { ...ON, verb: 'off', epoch: 6 })).toMatchObject({ kind: 'rejected' });
    expect(bmc.heard).toHaveLength(count);
    expect(bmc.isOn).toBe(true);
  });

  it('stops a running order between two commands', async () => {
    let second: Promise<unknown> = Promise.resolve();
    const { bmc, run } = await bench((it) => (it.isOn = true));
    bmc.before = (words) => {
      if (words === 'chassis power off' && bmc.isOn) second = run({ ...ON, verb: 'query', epoch: 2 });
      return undefined;
    };
    expect(await run({ ...ON, verb: 'cycle' })).toMatchObject({ kind: 'rejected', code: 'conflict' });
    expect(await second).toMatchObject({ kind: 'done', state: 'off' });
    expect(acts(bmc)).toEqual(['chassis power off']);
  });

  it('concerns one BMC alone', async () => {
    const { run } = await bench();
    await run({ ...ON, epoch: 9 });
    expect(await run(ON, { power_address: '10.88.0.2' })).toMatchObject({ kind: 'done' });
  });
});

describe('secrets', () => {
  it('are masked where a BMC repeats them, and are never in argv', async () => {
    const { bmc, log, run } = await bench((it) => {
      it.before = () => refusal('RAKP 2 HMAC is invalid for Geheim-17 and key-KEY');
    });
    const outcome = await run(ON, { k_g: 'key-KEY' });
    expect(outcome).toMatchObject({
      code: 'refused-credentials',
      message: expect.stringContaining('for ******** and ********'),
    });
    expect(JSON.stringify([outcome, log.lines, bmc.heard.map(({ argv }) => argv)])).not.toMatch(/Geheim|KEY/);
    expect(bmc.heard[0]?.env).toEqual({ IPMI_PASSWORD: 'Geheim-17', IPMI_KGKEY: 'key-KEY' });
  });

  it('leave the words of an outcome alone', async () => {
    const { run } = await bench();
    expect(await run(ON, { power_pass: 'on' })).toMatchObject({ kind: 'done', state: 'on' });
  });
});
