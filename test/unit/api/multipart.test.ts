import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { boundaryOf, createFormReader, type FormPart } from '../../../src/api/metadata/multipart.ts';
import { isRejected, type Rejected } from '../../../src/core/errors.ts';

const LIMITS = { part: 1000, total: 5000, parts: 20 };

function read(body: Buffer | string, { boundary = 'B', cuts = [] as readonly number[], limits = LIMITS } = {}) {
  const bytes = Buffer.from(body as string, 'latin1');
  const reader = createFormReader(boundary, limits);
  let from = 0;
  for (const cut of [...cuts.map((one) => one % (bytes.length + 1)).sort((a, b) => a - b), bytes.length]) {
    const refusal = reader.feed(bytes.subarray(from, Math.max(from, cut)));
    if (refusal) return refusal;
    from = Math.max(from, cut);
  }
  return reader.end();
}
const shown = (parts: readonly FormPart[] | Rejected) =>
  isRejected(parts)
    ? parts
    : parts.map(({ name, filename, content, bytes }) => [name, filename, content.toString('latin1'), bytes]);
const field = (name: string, value: string, more = '') =>
  `--B\r\nContent-Disposition: form-data; name="${name}"${more}\r\n\r\n${value}\r\n`;

describe('the boundary', () => {
  it.each([
    ['multipart/form-data; boundary=B', 'B'],
    ['multipart/form-data; boundary="===============12=="', '===============12=='],
    ['Multipart/Form-Data;charset=utf-8; boundary=x', 'x'],
    ['application/json', null],
    [undefined, null],
    ['multipart/form-data', null],
    [`multipart/form-data; boundary=${'x'.repeat(300)}`, null],
  ])('of %j is %j', (type, wanted) => {
    expect(boundaryOf(type)).toBe(wanted);
  });
});

describe('a form', () => {
  it('has fields and files, whatever they hold', () => {
    const binary = Array.from({ length: 256 }, (_, code) => String.fromCharCode(code)).join('');
    const body = `${field('status', 'OK')}${field('f', `${binary}\r\n--A\r\n`, '; filename="a.out"')}--B--\r\n`;
    expect(shown(read(body))).toEqual([
      ['status', null, 'OK', 2],
      ['f', 'a.out', `${binary}\r\n--A\r\n`, 263],
    ]);
  });

  it('may be in base64, part by part, with line ends in it', () => {
    const text = Buffer.from('a longer text than one line')
      .toString('base64')
      .replace(/(.{8})/g, '$1\r\n');
    const head =
      '--B\r\nContent-Disposition: form-data; name="x"; filename="x"\r\nMIME-Version: 1.0\r\nContent-Transfer-Encoding: base64\r\n\r\n';
    expect(shown(read(`${head}${text}\r\n--B--`))).toEqual([['x', 'x', 'a longer text than one line', 27]]);
  });

  it.each([
    ['no parameters, as libmaas says it', '--B\r\n\r\n--B--', []],
    ['nothing', '--B--\r\n', []],
    [
      'a text before and after',
      'hello\r\n--B\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--B--\r\nbye',
      [['a', null, '1', 1]],
    ],
    ['an empty field', `${field('a', '')}--B--`, [['a', null, '', 0]]],
    ['a field without a body', '--B\r\nContent-Disposition: form-data; name="a"\r\n\r\n--B--', [['a', null, '', 0]]],
    ['bare names', '--B\r\ncontent-disposition: form-data; name=a; filename=b\r\n\r\n1\r\n--B--', [['a', 'b', '1', 1]]],
    ['no last line end', `${field('a', '1')}--B--`, [['a', null, '1', 1]]],
  ])('may have %s', (_what, body, wanted) => {
    expect(shown(read(body))).toEqual(wanted);
  });

  it.each([
    ['ends too early', field('a', '1')],
    ['is none', 'a=b'],
    ['has endless headers', `--B\r\nX: ${'x'.repeat(10_000)}`],
    ['has an endless boundary', `--B${'x'.repeat(10_000)}`],
    ['has too many parts', `${field('a', '1').repeat(30)}--B--`],
  ])('that %s is refused', (_what, body) => {
    expect(read(body)).toMatchObject({ kind: 'rejected', code: 'bad_request' });
  });

  it('keeps the begin of what is too long, and counts the rest', () => {
    const long = 'x'.repeat(9000);
    const [plain, coded] = [`${field('a', long, '; filename="a"')}`, Buffer.from(long).toString('base64')];
    const base64 = `--B\r\nContent-Disposition: form-data; name="b"; filename="b"\r\nContent-Transfer-Encoding: base64\r\n\r\n${coded}\r\n`;
    const parts = read(`${plain}${base64}--B--`, { cuts: [100, 2000, 9500, 12_000] });
    if (isRejected(parts)) throw new Error(parts.message);
    expect(parts.map(({ bytes }) => bytes)).toEqual([9000, 9000]);
    expect(parts.map(({ content }) => content.toString())).toEqual(['x'.repeat(1000), 'x'.repeat(1000)]);
    const all = read(`${field('a', long, '; filename="a"').repeat(9)}--B--`);
    if (isRejected(all)) throw new Error(all.message);
    expect(all.reduce((sum, { content }) => sum + content.length, 0)).toBe(LIMITS.total);
  });

  it('is the same wherever it is cut into pieces', () => {
    const content = fc
      .oneof(fc.string(), fc.constantFrom('\r\n', '\r\n--', '\r\n--B', '--B', '\r', 'x\r\n-'))
      .map((text) => text.replaceAll('--B', '-B').replace(/[^\x00-\xff]/g, '?'));
    fc.assert(
      fc.property(fc.array(content, { maxLength: 5 }), fc.array(fc.nat(), { maxLength: 12 }), (texts, cuts) => {
        const body = `${texts.map((text, index) => field(`f${index}`, text, '; filename="f"')).join('')}--B--\r\n`;
        const wanted = texts.map((text, index) => [`f${index}`, 'f', text, text.length]);
        expect(shown(read(body, { cuts }))).toEqual(wanted);
      }),
    );
  });

  it('never throws, whatever comes', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom('--B', '\r\n', '--', 'Content-Disposition: form-data; name="a"', ': ', 'x', '\u0000')),
        fc.array(fc.nat()),
        (pieces, cuts) => {
          expect(read(pieces.join(''), { cuts })).toBeTypeOf('object');
        },
      ),
    );
  });
});
