import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { evaluate } from '../../../../../src/model/machines/tags/xpath/evaluate.ts';
import { documentOf, element, xmlText } from '../../../../../src/model/machines/tags/xpath/node.ts';
import { parseXPath } from '../../../../../src/model/machines/tags/xpath/parse.ts';
import { isNodes, stringOf } from '../../../../../src/model/machines/tags/xpath/values.ts';
import { XPathError } from '../../../../../src/model/machines/tags/xpath/tokens.ts';

const DOC = documentOf(
  element(
    'list',
    {},
    element('a', { id: '1' }, element('b', { n: 'x' }, 'one'), element('b', { n: 'y' }, 'two'), element('c', {}, '10')),
    element('a', { id: '2' }, element('b', { n: 'z' }, 'three'), element('and', {}, '20')),
    element('e', {}),
  ),
);
/** Nodes as their texts, or names where they have none. */
function asked(text: string, left = 100_000): unknown {
  const budget = { left };
  const value = evaluate(parseXPath(text), DOC, budget);
  return isNodes(value) ? value.map((node) => stringOf(node, budget) || node.name) : value;
}

/** What becomes of an expression; anything else that is thrown is a fault. */
function outcomeOf(text: string): string {
  try {
    asked(text);
    return 'value';
  } catch (error) {
    return error instanceof XPathError ? 'refused' : String(error);
  }
}

describe('XPath 1.0', () => {
  it.each<[string, unknown]>([
    ['//b', ['one', 'two', 'three']],
    ['/list/a/b[1]', ['one', 'three']],
    ['(//b)[1]', ['one']],
    ['//b[last()]', ['two', 'three']],
    ['//b[position() = 2]', ['two']],
    ['//a[@id="2"]/b/@n', ['z']],
    ['//@n[. = "y"]/..', ['two']],
    ['//*[@n]', ['one', 'two', 'three']],
    ['//b[@n="y"]/preceding-sibling::*', ['one']],
    ['//b[@n="x"]/following-sibling::*[1]', ['two']],
    ['//c/preceding-sibling::b[1]', ['two']],
    ['//c/preceding::b[1]', ['two']],
    ['//b[.="three"]/preceding::b', ['one', 'two']],
    ['//c/following::*', ['threetwenty'.replace('twenty', '20'), 'three', '20', 'e']],
    ['//b[.="three"]/ancestor::*[1]/@id', ['2']],
    ['//c/ancestor-or-self::node()[2]/@id', ['1']],
    ['//b/text()', ['one', 'two', 'three']],
    ['//and', ['20']],
    ['//c | //and', ['10', '20']],
    ['//and and //c', true],
    ['//c * 2 + 1', 21],
    ['-//c mod 3', -1],
    ['10 div 4', 2.5],
    ['5 - 3 - 1', 1],
    ['2 + 3 * 2', 8],
    ['1 < 2 = true()', true],
    ['//c > 5', true],
    ['5 < //c', true],
    ['//c > //and', false],
    ['//c < //and', true],
    ['//b = "two"', true],
    ['//b != "two"', true],
    ['not(//b = "four")', true],
    ['//nothing = //nothing', false],
    ['//nothing = false()', true],
    ['//b > 0', false],
    ['count(//b)', 3],
    ['count(//a[count(b) > 1])', 1],
    ['sum(//c | //and)', 30],
    ['string(//b)', 'one'],
    ['concat(//b, "-", 1 div 0, -0)', 'one-Infinity0'],
    ['contains(//a, "wo")', true],
    ['starts-with(//b, "on")', true],
    ['substring-before("1999/04/01", "/")', '1999'],
    ['substring-after("1999/04/01", "/")', '04/01'],
    ['substring("12345", 2, 3)', '234'],
    ['substring("12345", 1.5, 2.6)', '234'],
    ['substring("12345", 0, 3)', '12'],
    ['substring("12345", 0 div 0, 3)', ''],
    ['substring("12345", 2)', '2345'],
    ['string-length("añ")', 2],
    ['normalize-space("  a  b ")', 'a b'],
    ['translate("bar", "abc", "AB")', 'BAr'],
    ['boolean("false")', true],
    ['boolean(0 div 0)', false],
    ['number("")', Number.NaN],
    ['number(" 12.50 ")', 12.5],
    ['number("1e3")', Number.NaN],
    ['round(2.5)', 3],
    ['round(-2.5)', -2],
    ['floor(-1.5) + ceiling(1.2)', 0],
    ['name(//b[1]/@n)', 'n'],
    ['local-name(//e)', 'e'],
    ['string(10000000000000000000000)', '10000000000000000000000'],
    ['string(0.0000001)', '0.0000001'],
    ['id("1")', []],
    ['/..', []],
    ['self::node()/list/e', ['e']],
    ['"(" = "(" and true()', true],
    ["contains('a\"b', '\"')", true],
  ])('%s', (text, value) => {
    expect(asked(text)).toEqual(value);
  });

  it.each([
    ['', 'it ends too early'],
    ['//', 'it ends too early'],
    ['//a[', 'it ends too early'],
    ['//a]', '] at 4 is after the end'],
    ['//a["x]', 'the quote at 5 has no end'],
    ['//a b', 'b at 5 is after the end'],
    ['document("x")', 'document at 1 is not a function'],
    ['count()', 'count at 1 has 0 arguments and takes 1'],
    ['substring("a")', 'has 1 arguments and takes 2 to 3'],
    ['$x', '$ at 1 is a variable'],
    ['lldp:a', 'lldp:a at 1 has a prefix'],
    ['sideways::a', 'sideways at 1 is not an axis'],
    ['//a & b', '& at 5 is not understood'],
    ['count(1)', 'count takes nodes'],
    ['"a"/b', 'stands in place of nodes'],
    ['1 | 2', 'stands in place of nodes'],
    [`${'('.repeat(60)}1${')'.repeat(60)}`, 'more than 40 levels'],
  ])('%s is refused: %s', (text, why) => {
    expect(() => asked(text)).toThrow(XPathError);
    expect(() => asked(text)).toThrow(why);
  });

  it('ends what would take too long', () => {
    const wide = documentOf(element('list', {}, ...Array.from({ length: 500 }, () => element('a', {}, 'text'))));
    const started = performance.now();
    for (const text of [
      '//*[//*[//*[//*]]]',
      '//*[count(//*[count(//*) > 1]) > 1]',
      `//*[${'concat(/,'.repeat(20)}/${')'.repeat(20)}]`,
    ])
      expect(() => evaluate(parseXPath(text), wide, { left: 100_000 }), text).toThrow('it takes too long');
    expect(performance.now() - started).toBeLessThan(2000);
  });

  it('is read or refused whatever it is', () => {
    const words = fc.array(
      fc.constantFrom(
        'a',
        '/',
        '//',
        '[',
        ']',
        '(',
        ')',
        '@',
        '*',
        'and',
        'or',
        '=',
        '1',
        '"x"',
        '.',
        '..',
        '|',
        '-',
        'count(',
        'not(',
        '::',
        'self::',
        '$',
        ',',
      ),
      { maxLength: 14 },
    );
    fc.assert(
      fc.property(words, (parts) => {
        expect(outcomeOf(parts.join(' '))).toMatch(/^(?:value|refused)$/);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('a document', () => {
  it('is written as XML, whatever its texts are', () => {
    const text = xmlText(documentOf(element('a', { b: '"<&>' }, element('c', {}, '<x>&\u0001'), element('d'))));
    expect(text).toBe(
      '<?xml version="1.0" standalone="yes" ?>\n<a b="&quot;&lt;&amp;&gt;">\n <c>&lt;x&gt;&amp;?</c>\n <d/>\n</a>\n',
    );
  });
});
