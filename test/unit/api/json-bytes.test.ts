import { expect, it } from 'vitest';
import { JsonBytes } from '../../../src/api/maas/json-bytes.ts';
import { listText, objectText, quoted, remembering, whole, unescapedText } from '../../../src/api/maas/json-text.ts';

const textOf = (out: JsonBytes) => Buffer.from(out.take()).toString();

it('grows as a text needs it, and begins anew behind a part that was taken', () => {
  const out = new JsonBytes();
  const long = '✓'.repeat(100_000);
  out.text('"ä "');
  out.text(long);
  expect(out.isFull).toBe(true);
  out.text(long);
  const part = out.take();
  expect(out.isFull).toBe(false);
  out.text('next');
  expect(Buffer.from(part).toString()).toBe(`"ä "${long}${long}`);
  expect(textOf(out)).toBe('next');
  expect(textOf(out)).toBe('');
});

it('writes each text as JSON has it', () => {
  const units = Array.from({ length: 0x10000 }, (_none, unit) => String.fromCharCode(unit));
  const wrong = units.filter((unit) => quoted(`a${unit}b`) !== JSON.stringify(`a${unit}b`));
  expect(wrong).toEqual([]);
  for (const one of ['', '𝔪', '\udd00\ud83d', 'plain']) expect(quoted(one)).toBe(JSON.stringify(one));
  expect([quoted(null), unescapedText(null), unescapedText('a')]).toEqual(['null', 'null', '"a"']);
});

it('writes lists and objects, short and empty ones too', () => {
  for (const items of [[], ['"'], ['a', 'b', '\n']]) expect(listText(items, quoted)).toBe(JSON.stringify(items));
  const own = Object.fromEntries([['__proto__', 'x']]);
  for (const one of [{}, { a: { b: 1 } }, own]) expect(objectText(one)).toBe(JSON.stringify(one));
});

it('remembers what it wrote for the same members, whatever else differs', () => {
  let written = 0;
  const write = remembering<{ a: number; b: string | null; c: number }>()(['a', 'b'], ({ a, b }) => {
    written += 1;
    return whole(`${a} ${b}`);
  });
  expect([write({ a: 1, b: '1', c: 1 }), write({ a: 1, b: '1', c: 2 }), written]).toEqual(['1 1', '1 1', 1]);
  expect([write({ a: 1, b: null, c: 1 }), write({ a: 1, b: '1', c: 3 }), written]).toEqual(['1 null', '1 1', 2]);
  for (let a = 2; a < 9; a += 1) expect(write({ a, b: '', c: 0 })).toBe(`${a} `);
  expect([write({ a: 1, b: '1', c: 1 }), written]).toEqual(['1 1', 10]);
});
