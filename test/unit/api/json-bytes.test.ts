import { expect, it } from 'vitest';
import { JsonBytes } from '../../../src/api/maas/json-bytes.ts';

const textOf = (out: JsonBytes) => Buffer.from(out.take()).toString();

it('writes values, members, lists, and what it has written once more', () => {
  const out = new JsonBytes();
  out.open({ a: 'ä "✓" 𝔪' });
  out.more({ b: [1, null], c: {} });
  out.more({});
  out.text(',"d":');
  const spans = out.list([1, 2], (item) => out.value({ item }));
  out.text(',"e":');
  out.again(spans[1]);
  out.text(',"f":');
  out.again(spans[2]);
  out.text(',"g":');
  out.list([], () => out.text('nothing'));
  out.text(',"h":');
  out.value(null);
  out.close();
  expect(textOf(out)).toBe(
    '{"a":"ä \\"✓\\" 𝔪","b":[1,null],"c":{},"d":[{"item":1},{"item":2}],"e":{"item":2},"f":null,"g":[],"h":null}',
  );
});

it('grows as a value needs it, and begins anew behind a part that was taken', () => {
  const out = new JsonBytes();
  const long = '✓'.repeat(100_000);
  const span = out.value({ long });
  expect(out.isFull).toBe(true);
  out.again(span);
  const part = out.take();
  expect(out.isFull).toBe(false);
  out.value({ next: 1 });
  expect(Buffer.from(part).toString()).toBe(JSON.stringify({ long }).repeat(2));
  expect(textOf(out)).toBe('{"next":1}');
  expect(textOf(out)).toBe('');
});
