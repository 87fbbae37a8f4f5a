import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { breaking, RULES } from './kit/messages/law.ts';
import { lineOf, type Message, messagesOf, readMessages } from './kit/messages/read.ts';

const ROOT = join(import.meta.dirname, '..');

describe('the list of messages', () => {
  const messages = readMessages(ROOT);

  it.each([
    ['refusal', 'src/store/sentences/people.ts', 'The role is unknown. Rule: admin, operator, user or auditor.'],
    ['finding', 'src/reconcile/check.ts', 'The checker {name} did not start: {failure}'],
    ['remedy', 'src/services/lb/compile.ts', 'Give the node an address: regent node set.'],
    ['help', 'src/cli/commands/base/command.ts', 'list commands, newest first'],
    ['head', 'src/cli/commands/cluster/service.ts', 'last action'],
    ['log', 'src/agent/agent.ts', 'agent starts'],
    ['job', 'src/lab/product/product.ts', 'machine {name} and its BMC'],
    ['status', 'src/services/lb/daemon.ts', "query of haproxy's state failed: {detail}"],
    ['reference', 'src/contract/cluster/command-routes.ts', 'List commands of agents, newest first'],
  ])('has one of the kind %s', (kind, file, text) => {
    const found = messages.filter((message) => message.kind === kind && message.file === file);
    expect(found.map((message) => message.text)).toContain(text);
  });

  it('has its lines in one order, each once, with two tabs', () => {
    const places = messages.map(({ file }) => file);
    expect(places).toEqual(
      places.toSorted((a, b) => Number(a.startsWith('ha/')) - Number(b.startsWith('ha/')) || (a < b ? -1 : 1)),
    );
    expect(messages.map(lineOf).every((line) => line.split('\t').length === 3 && !line.includes('\n'))).toBe(true);
    expect(messages.length).toBeGreaterThan(5000);
  });

  it('reads sums, templates and texts inside of values, and neither SQL, types nor comparisons', () => {
    const source = [
      "import { a } from 'not a message';",
      "type Kind = 'not a message';",
      "rejected('conflict', `The node ${node.name} ` + 'is away.');",
      'const rows = sql`select a from nodes`;',
      "if (state === 'not a message') log.warn('a job has failed', { state });",
      'raise(`The disk is ${isFull ? "full right now" : "well"}.`);',
    ].join('\n');
    expect(messagesOf('src/a.ts', source).map(({ line, kind, text }) => [line, kind, text])).toEqual([
      [3, 'refusal', 'The node {name} is away.'],
      [5, 'log', 'a job has failed'],
      [6, 'finding', 'The disk is {isFull}.'],
      [6, 'finding', 'full right now'],
    ]);
  });

  it.each(RULES.map((rule) => [rule.name, rule] as const))('breaks no more than before: %s', (_, rule) => {
    const found = breaking(rule, messages);
    expect(found.length, found.map(lineOf).join('\n')).toBe(rule.left);
  });

  it('sees each breach', () => {
    const message = (text: string): Message => ({ file: 'src/a.ts', line: 1, kind: 'refusal', text });
    const broken = (text: string) =>
      RULES.filter((rule) => breaking(rule, [message(text)]).length > 0).map(({ name }) => name);
    expect(broken(`${'a word '.repeat(13)}`)).toEqual(['a sentence of more than 25 words']);
    expect(broken(`${'a word. '.repeat(40)}`)).toEqual(['more than 250 characters']);
    expect(broken('Only it serves alone.')).toEqual(['"alone" in place of "only"']);
    expect(broken('It is made anew.')).toEqual(['"anew" in place of "again"']);
    expect(broken('It stops, too, and ends.')).toEqual(['"too" before a comma or at the start']);
    expect(broken("It can't start.")).toEqual(['a short form in place of "cannot" or "do not"']);
    expect(broken('{count} leases are there.')).toEqual(['a plural whatever the number is']);
    expect(broken('{seen} of {count} leases; {size} bytes; 2 leases.')).toEqual([]);
  });
});
