import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { compileTemplate } from '../../../src/template/handlebars.ts';
import { SERVICES } from '../../../src/services/registry.ts';

const render = (text: string, view: object) => compileTemplate('x/y.hbs', text)(view);

describe('templates', () => {
  it('writes values, lists and conditions', () => {
    const text =
      '{{#each zones}}\n{{word name}} {{ttl}}{{#if isOn}} on{{else}} off{{/if}} {{word ../site}}\n{{/each}}\n';
    const view = {
      site: 's',
      zones: [
        { name: 'a', ttl: 0, isOn: true },
        { name: 'b', ttl: 5, isOn: false },
      ],
    };
    expect(render(text, view)).toBe('a 0 on s\nb 5 off s\n');
  });

  it('does not escape for HTML', () => {
    expect(render('{{a}}', { a: '<&">' })).toBe('<&">');
  });

  it.each([
    ['{{nmae}}', /templates\/x\/y\.hbs: view has no "nmae"/],
    ['{{#if isOf}}x{{/if}}', /view has no "isOf"/],
    ['{{#unless hasNo}}x{{/unless}}', /view has no "hasNo"/],
    ['{{#each zoens}}x{{/each}}', /view has no "zoens"/],
    ['{{#each zones}}{{nmae}}{{/each}}', /view\.zones\[0\] has no "nmae"/],
    ['{{#each name}}x{{/each}}', /"#each" needs a list, not a string/],
    ['{{json zoens}}', /view has no "zoens"/],
    ['{{word zones}}', /a text is needed/],
    ['{{word blank}}', /"a b" is not a plain token/],
    ['{{namedString quote}}', /cannot stand in named\.conf/],
  ])('%s is a fault, never silence', (text, message) => {
    const view = { name: 'a', isOn: true, zones: [{ name: 'b' }], blank: 'a b', quote: 'a";}' };
    expect(() => render(text, view)).toThrow(message);
  });

  it.each([
    ['{{#if name}}x{{/if}}', /line 1: "#if name": only has… and is… are allowed/],
    ['\n{{#if zones.length}}x{{/if}}', /line 2: "#if length"/],
    ['{{#with a}}x{{/with}}', /"#with" is not allowed/],
    ['{{lookup a b}}', /there is no helper "lookup"/],
    ['{{word (word a)}}', /SubExpression is not allowed/],
    ['{{word "a"}}', /StringLiteral is not allowed/],
    ['{{word a b}}', /takes one argument/],
    ['{{word a b=c}}', /named arguments/],
    ['{{> other}}', /PartialStatement is not allowed/],
    ['{{* decorate}}', /Decorator is not allowed/],
    ['{{#each a}}{{@index}}{{/each}}', /"@index": "@" names/],
    ['{{#each a as |b|}}{{b}}{{/each}}', /block parameters/],
    ['{{#each a}}x{{else}}y{{/each}}', /has no else/],
    ['{{#if isA}}{{#if b}}x{{/if}}{{/if}}', /"#if b"/],
    ['{{#if isA}}x{{else}}{{log b}}{{/if}}', /there is no helper "log"/],
    ['{{1}}', /a literal is not a value/],
    ['{{#if}}', /cannot be parsed/],
  ])('%s breaks the rules', (text, message) => {
    expect(() => render(text, {})).toThrow(message);
  });

  it('holds for every template that services name', () => {
    const specs = SERVICES.flatMap((service) => service.files.map((file) => `${service.name}/${file.template}`));
    for (const name of specs) {
      const text = readFileSync(join(import.meta.dirname, '../../../templates', name), 'utf8');
      expect(() => compileTemplate(name, text)).not.toThrow();
    }
  });
});
