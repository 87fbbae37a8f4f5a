import { describe, expect, it } from 'vitest';
import { engineRig, FAKE_FACTS, wish } from '../kit/engine-rig.ts';
import type { FakeDesired } from '../kit/fake-service.ts';

const MAIN = '/etc/fake/main.conf';

/** A service whose items are optional; its checker takes none that is called bad, and counts how often it was asked. */
function rig(refuses: (text: string) => string | null = (text) => (/item bad/.test(text) ? 'bad item' : null)) {
  let asked = 0;
  const { start, host, memories } = engineRig({
    optional: {
      list: ({ items }: FakeDesired) => items.map((key) => ({ key, name: `item ${key}`, remedy: 'Mend it.' })),
      without: (desired: FakeDesired, keys) => ({ ...desired, items: desired.items.filter((item) => !keys.has(item)) }),
    },
  });
  host.check = (text) => {
    asked += 1;
    const why = refuses(text);
    return why === null ? null : { code: 1, stdout: '', stderr: why, signal: null, timedOut: false, failure: null };
  };
  return { start, host, memories, asked: () => asked };
}

describe('what the daemon does not take', () => {
  it('is left out alone and told in its words; the rest is in force as the whole generation', async () => {
    const { start, host } = rig();
    const engine = await start();
    const wanted = wish(1, { items: ['a', 'bad', 'b', 'bad2', 'c'] });
    const report = await engine.run(wanted, FAKE_FACTS);
    expect(report).toMatchObject({
      state: 'healthy',
      applied: 1,
      wantedDigest: wanted.digest,
      appliedDigest: wanted.digest,
    });
    expect(report.held).toEqual(
      ['bad', 'bad2'].map((key) => ({
        name: `item ${key}`,
        why: 'fake-check refuses the files: bad item',
        remedy: 'Mend it.',
      })),
    );
    for (const key of ['a', 'b', 'c']) expect(host.text(`/etc/fake/items/${key}`)).toContain(`item ${key} 1`);
    for (const key of ['bad', 'bad2']) expect(host.text(`/etc/fake/items/${key}`)).toBeNull();
  });

  it('is not tried again while nothing changes, and in force as soon as it is mended', async () => {
    const { start, host, asked } = rig();
    const engine = await start();
    const wanted = wish(1, { items: ['a', 'bad'] });
    await engine.run(wanted, FAKE_FACTS);
    const [count, effects] = [asked(), host.effects.length];
    const again = await engine.run(wanted, FAKE_FACTS);
    expect(again.held).toHaveLength(1);
    expect([asked(), host.effects.length]).toEqual([count, effects]);
    const mended = await engine.run(wish(2, { items: ['a', 'good'] }), FAKE_FACTS);
    expect(mended).toMatchObject({ state: 'healthy', applied: 2 });
    expect(mended.held).toBeUndefined();
  });

  it('is found again by an agent that starts anew, without touching the daemon', async () => {
    const { start, host } = rig();
    const wanted = wish(1, { items: ['a', 'bad'] });
    await (await start()).run(wanted, FAKE_FACTS);
    const before = host.effects.filter((effect) => /reload|start/.test(effect)).length;
    const report = await (await start()).run(wanted, FAKE_FACTS);
    expect(report).toMatchObject({ state: 'healthy', applied: 1, held: [{ name: 'item bad' }] });
    expect(host.effects.filter((effect) => /reload|start/.test(effect))).toHaveLength(before);
  });

  it('is not to blame for what is refused without it, too', async () => {
    const { start, host } = rig((text) => (/serial 2/.test(text) ? 'no such serial' : null));
    const engine = await start();
    await engine.run(wish(1, { items: ['a'] }), FAKE_FACTS);
    const report = await engine.run(wish(2, { items: ['a', 'b'] }), FAKE_FACTS);
    expect(report).toMatchObject({ state: 'rejected', applied: 1, why: expect.stringContaining('no such serial') });
    expect(report.held).toBeUndefined();
    expect(host.text(MAIN)).toContain('serial 1');
  });

  it('of many is found in few questions', async () => {
    const { start, asked } = rig();
    const engine = await start();
    const items = Array.from({ length: 64 }, (_, index) => (index === 40 ? 'bad' : `i${index}`));
    const report = await engine.run(wish(1, { items }), FAKE_FACTS);
    expect(report.held).toHaveLength(1);
    // Each question shows up to 65 files to the fake checker, which is asked file by file: whole wishes, not pairs of parts.
    expect(asked()).toBeLessThan(16 * 65);
  });
});
