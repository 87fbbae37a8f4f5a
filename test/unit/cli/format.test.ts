import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { cellWidth, printable, printableLines, safeJson } from '../../../src/cli/format/escape.ts';
import { type OutputFormat, printList, printOne, type Shape } from '../../../src/cli/format/output.ts';
import { hasErrors, previewLines } from '../../../src/cli/format/preview.ts';
import { csvText, detailLines, tableLines } from '../../../src/cli/format/table.ts';
import { age, moment, stamp } from '../../../src/cli/format/when.ts';
import { yamlText } from '../../../src/cli/format/yaml.ts';

const UNSAFE = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069\u2028\u2029]/;

describe('text of others', () => {
  it.each([
    ['\u001b[31mred', '\\x1b[31mred'],
    ['a\nb\tc\rd', 'a\\nb\\tc\\rd'],
    ['\u009b2J\u0007', '\\x9b2J\\x07'],
    ['user\u202etxt.exe', 'user\\u202etxt.exe'],
    ['a\u200bb\ufeff', 'a\\u200bb\\ufeff'],
    ['grüße 日本 …', 'grüße 日本 …'],
  ])('shows %j as %j', (text, wanted) => {
    expect(printable(text)).toBe(wanted);
  });

  it('keeps lines and tabs of a diff, and nothing else that acts', () => {
    expect(printableLines('+a\tb\r\n-\u001b[2J\rx\n')).toBe('+a\tb\n-\\x1b[2J\\rx\n');
  });

  it('never lets an unsafe character through, in any form', () => {
    const strings = fc.string({ unit: 'binary' });
    fc.assert(
      fc.property(strings, (text) => {
        const shown = [printable(text), tableLines(['a'], [[text]]).join(''), yamlText({ [text]: [text] })];
        expect([...shown, safeJson({ [text]: text }).slice(3, -2)].join('')).not.toMatch(UNSAFE);
        expect(`${printable(text)}${tableLines(['a'], [[text]])[1]}`).not.toContain('\n');
      }),
    );
  });

  it('keeps the value in JSON', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(JSON.parse(safeJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });
});

describe('yaml', () => {
  it('reads as the same value, by the rules of YAML 1.1 and 1.2', () => {
    const texts = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom(
        'no',
        'Yes',
        'null',
        '~',
        '1e3',
        '0x1f',
        '12:30:00',
        '- a',
        'a: b',
        '#',
        '',
        ' x',
        '2026-03-01',
        '.inf',
        '=',
        '<<',
      ),
    );
    const values = fc.letrec((tie) => ({
      value: fc.oneof(
        { depthSize: 'small' },
        texts,
        fc.integer(),
        fc.boolean(),
        fc.constant(null),
        fc.array(tie('value'), { maxLength: 4 }),
        fc.dictionary(texts, tie('value'), { maxKeys: 4, noNullPrototype: true }),
      ),
    })).value;
    fc.assert(
      fc.property(values, (value) => {
        const plain: unknown = JSON.parse(JSON.stringify(value));
        expect(parse(yamlText(plain), { version: '1.2', uniqueKeys: false })).toEqual(plain);
        // A key "<<" merges in YAML 1.1 whatever its quotes are.
        fc.pre(!JSON.stringify(plain).includes('"<<"'));
        expect(parse(yamlText(plain), { version: '1.1', uniqueKeys: false })).toEqual(plain);
      }),
      { numRuns: 300 },
    );
  });

  it('is pleasant to read', () => {
    const value = { name: 'www.example.test', ttl: null, list: [], nodes: [{ a: 1, b: ['x', 'y z'] }] };
    expect(yamlText(value)).toBe(
      'name: www.example.test\nttl: null\nlist: []\nnodes:\n  - a: 1\n    b:\n      - x\n      - y z\n',
    );
  });
});

describe('tables', () => {
  it('aligns columns, shows empty cells and leaves no blanks at the end', () => {
    expect(
      tableLines(
        ['name', 'data'],
        [
          ['www', ''],
          ['日本', 'x'],
          ['e\u0301', 'y'],
        ],
      ),
    ).toEqual(['NAME  DATA', 'www   -', '日本  x', 'e\u0301     y']);
    expect(cellWidth('日本e\u0301')).toBe(5);
  });

  it('writes CSV by RFC 4180', () => {
    expect(csvText(['a', 'b'], [['x,y', 'say "hi"\nthere']])).toBe('a,b\r\n"x,y","say ""hi""\nthere"\r\n');
  });

  it('labels values, the lines of a long one below each other', () => {
    expect(
      detailLines([
        ['Name', 'x'],
        ['Findings', ['one', 'two']],
        ['None', []],
      ]),
    ).toEqual(['Name:      x', 'Findings:  one', '           two', 'None:      -']);
  });
});

describe('a table on a terminal', () => {
  interface Row {
    readonly name: string;
    readonly size: string;
    readonly note: string;
  }
  const headers = ['name', 'size', 'note'] as const;
  const shape: Shape<Row> = {
    kind: 'thing',
    name: (row) => row.name,
    columns: headers.map((header) => ({ header, value: (row) => row[header] })),
  };
  const rows: Row[] = [
    { name: 'm10', size: '9', note: 'x'.repeat(20) },
    { name: 'm9', size: '10', note: '' },
  ];
  const print = async (columns: number, more: { readonly sort?: string; readonly isTerminal?: boolean } = {}) => {
    const texts = { out: '', err: '' };
    const stream = (name: 'out' | 'err') => ({
      write: (text: string) => void (texts[name] += text),
      isTerminal: more.isTerminal ?? true,
      columns,
    });
    const sort = more.sort === undefined ? {} : { sort: more.sort };
    await printList({ format: 'table', out: stream('out'), err: stream('err'), ...sort }, shape, rows);
    return texts;
  };

  it('leaves out columns that do not fit, and names them', async () => {
    expect(await print(33)).toMatchObject({ out: expect.stringMatching(/^NAME  SIZE  NOTE\n/), err: '' });
    const narrow = await print(31);
    expect(narrow.out).toBe('NAME  SIZE\nm10   9\nm9    10\n');
    expect(narrow.err).toBe('Columns that do not fit: note. To see them: -o wide.\n');
    expect((await print(3)).out).toMatch(/^NAME  SIZE\n/);
    expect((await print(3, { isTerminal: false })).out).toMatch(/^NAME  SIZE  NOTE\n/);
  });

  it('is sorted by a column, numbers by their value', async () => {
    const first = async (sort: string) => (await print(80, { sort })).out.split('\n')[1]?.split(' ')[0];
    expect(await first('name')).toBe('m9');
    expect(await first('-name')).toBe('m10');
    expect(await first('SIZE')).toBe('m10');
    await expect(print(80, { sort: 'color' })).rejects.toThrow(
      /"color" is not a column.*Rule: one of name, size, note/,
    );
  });
});

describe('output', () => {
  interface Row {
    readonly name: string;
    readonly id: number;
  }
  const shape: Shape<Row> = {
    kind: 'thing',
    name: (row) => row.name,
    columns: [
      { header: 'name', value: (row) => row.name },
      { header: 'id', wide: true, value: (row) => String(row.id) },
    ],
  };
  const rows: Row[] = [
    { name: 'a', id: 1 },
    { name: 'b\u001b', id: 2 },
  ];
  const print = async (format: OutputFormat, what: Row[] | Row) => {
    let out = '';
    let err = '';
    const stream = (write: (text: string) => void) => ({ write, isTerminal: false, columns: 80 });
    const printer = { format, out: stream((text) => (out += text)), err: stream((text) => (err += text)) };
    await (Array.isArray(what) ? printList(printer, shape, what) : printOne(printer, shape, what));
    return { out, err };
  };

  it.each<[OutputFormat, string]>([
    ['table', 'NAME\na\nb\\x1b\n'],
    ['wide', 'NAME   ID\na      1\nb\\x1b  2\n'],
    ['csv', 'name,id\r\na,1\r\nb\\x1b,2\r\n'],
    ['name', 'a\nb\\x1b\n'],
    ['json', '[\n  {\n    "name": "a",\n    "id": 1\n  },\n  {\n    "name": "b\\u001b",\n    "id": 2\n  }\n]\n'],
    ['yaml', '- name: a\n  id: 1\n- name: "b\\u001b"\n  id: 2\n'],
  ])('prints a list as %s', async (format, wanted) => {
    expect((await print(format, rows)).out).toBe(wanted);
  });

  it('says on stderr that a list is empty', async () => {
    expect(await print('table', [])).toEqual({ out: '', err: 'There is no thing.\n' });
    expect(await print('json', [])).toEqual({ out: '[]\n', err: '' });
    expect(await print('csv', [])).toEqual({ out: 'name,id\r\n', err: '' });
  });

  it('prints one object', async () => {
    expect((await print('table', { name: 'a', id: 1 })).out).toBe('name:  a\nid:    1\n');
    expect((await print('json', { name: 'a', id: 1 })).out).toBe('{\n  "name": "a",\n  "id": 1\n}\n');
    expect((await print('name', { name: 'a', id: 1 })).out).toBe('a\n');
  });
});

describe('moments', () => {
  const now = Date.parse('2026-03-01T10:00:00Z');
  it.each([
    ['2026-03-01T09:59:48.400Z', '12 s'],
    ['2026-03-01T09:57:00Z', '3 min'],
    ['2026-02-28T12:00:00Z', '22 h'],
    ['2026-02-01T10:00:00Z', '28 d'],
    ['2026-03-01T10:00:05Z', '0 s'],
    ['nonsense', 'nonsense'],
  ])('%s was %s ago', (iso, wanted) => {
    expect(age(iso, now)).toBe(wanted);
  });

  it('says both when and how long ago', () => {
    expect(moment('2026-03-01T09:57:00.123Z', now)).toBe('2026-03-01 09:57:00Z (3 min ago)');
    expect(moment(null, now)).toBe('');
    expect(stamp('2026-03-01T11:00:00+01:00')).toBe('2026-03-01 10:00:00Z');
  });
});

describe('previews', () => {
  const node = {
    node: 'r1',
    files: [
      {
        service: 'dns',
        target: '/etc/bind/regent/zones/db.x',
        change: 'changed' as const,
        diff: '--- a\n+++ b\n-old\n+new\u001b[2J\n',
      },
    ],
    findings: [{ service: 'dns', code: 'dns.x', severity: 'warning' as const, subject: 'zone x', sentence: 'Odd.' }],
  };

  it('shows the diff of every real file and the findings', () => {
    expect(previewLines({ nodes: [node] }, false)).toEqual([
      'r1  dns  /etc/bind/regent/zones/db.x  changed',
      '  --- a',
      '  +++ b',
      '  -old',
      '  +new\\x1b[2J',
      '',
      'r1  dns  warning: zone x: Odd. [dns.x]',
      'Dry run: 1 file on 1 node would change. Nothing was changed.',
    ]);
    const object = { warnings: ['it is not for api.example.test'] };
    expect(previewLines({ nodes: [], object }, false)[0]).toBe('warning: it is not for api.example.test');
    expect(previewLines({ nodes: [node] }, true)[3]).toBe('  \u001b[31m-old\u001b[0m');
    expect(previewLines({ nodes: [{ ...node, files: [], findings: [] }] }, false)).toEqual([
      'Dry run: no file of any node would change. Nothing was changed.',
    ]);
  });

  it('knows an error', () => {
    expect(hasErrors([node])).toBe(false);
    expect(hasErrors([{ ...node, findings: [{ ...node.findings[0]!, severity: 'error' }] }])).toBe(true);
  });
});
