import { describe, expect, it } from 'vitest';
import { ProblemError } from '../../../../src/contract/base/wire/transport.ts';
import { auditSentence, changeSentence } from '../../../../src/contract/site/wire/change-sentence.ts';
import { eventSentence } from '../../../../src/contract/site/wire/event-sentence.ts';
import { groupEvents } from '../../../../src/contract/site/wire/history-groups.ts';
import { askHistory } from '../../../../src/contract/site/wire/older.ts';
import { plainSentence } from '../../../../src/contract/site/wire/sentence.ts';

type Facts = Parameters<typeof eventSentence>[0];
const event = (facts: Partial<Facts>) =>
  plainSentence(eventSentence({ kind: 'record.created', subject: 'www.lab.test', who: 'admin', data: {}, ...facts }));

describe('sentences of events', () => {
  it.each([
    [
      { kind: 'record.deleted', data: { type: 'A', data: '10.10.10.9' } },
      'admin deleted record www.lab.test A 10.10.10.9',
    ],
    [
      {
        kind: 'config.published',
        subject: 'f2e6',
        who: 'system:publish',
        data: { generation: 7 },
        names: { f2e6: 'k1' },
      },
      'Regent published configuration 7 for k1',
    ],
    [
      { kind: 'machine.boot-seen', subject: 'm1.lab.test', who: 'node:f2e6', names: { f2e6: 'k1' } },
      'm1.lab.test started from the network',
    ],
    [{ kind: 'image.created', subject: '4e00', data: { name: 'debian-13' } }, 'admin created image debian-13'],
    [{ kind: 'command.done', subject: 'command/8', who: 'node:f2e6', data: {} }, 'Command 8 succeeded'],
    [
      { kind: 'machine.signal', subject: 'm1', data: { status: 'OK', scripts: ['regent-inventory'] } },
      'm1 reported OK of regent-inventory',
    ],
    [{ kind: 'vlan.changed', subject: 'lab/vlan10', who: 'node:f2e6' }, 'f2e6 changed VLAN lab/vlan10'],
    [
      { kind: 'setting.changed', subject: 'default_ttl', data: { value: 60 } },
      'admin changed setting default_ttl to 60',
    ],
    [{ kind: 'vlan.deleted', who: '', data: null }, 'Somebody deleted VLAN www.lab.test'],
    [
      {
        kind: 'job.done',
        subject: 'job/3',
        data: { kind: 'machine-power', target: 'machine:abc123' },
        names: { abc123: 'm1' },
      },
      'Job 3 (machine-power of m1) done',
    ],
  ] satisfies [Partial<Facts>, string][])('%j', (facts, text) => {
    expect(event(facts)).toBe(text);
  });

  it('fold the reports of machines and the steps of one change, and keep the order', () => {
    const at = '2030-01-01T00:00:00Z';
    const row = (id: number, kind: string, who: string, operation?: string) => ({
      id,
      at,
      kind,
      who,
      subject: 'm1',
      data: {},
      revision: 1,
      ...(operation === undefined ? {} : { operation }),
    });
    const groups = groupEvents([
      row(6, 'config.published', 'system:publish'),
      row(5, 'machine.signal', 'machine:m1'),
      row(4, 'vlan.created', 'admin', 'one'),
      row(3, 'fabric.created', 'admin', 'one'),
      row(2, 'lease.added', 'node:k1'),
      row(1, 'cluster.vip-moved', 'node:k1'),
    ]);
    expect(groups.map(({ events, isRoutine }) => [events.map(({ id }) => id), isRoutine])).toEqual([
      [[6, 5], true],
      [[4, 3], false],
      [[2], true],
      [[1], false],
    ]);
    expect(plainSentence(groups[0]?.what ?? [])).toBe('Routine: 1 × configuration published, 1 × script report (m1)');
    expect(plainSentence(groups[1]?.what ?? [])).toBe('admin created VLAN m1 (and 1 more step)');
  });
});

describe('sentences of changes', () => {
  const objects = [{ verb: 'deleted', noun: 'record', name: 'www.lab.test', detail: 'A 10.10.10.9' }];
  it('name what was deleted by number', () => {
    expect(plainSentence(changeSentence({ who: 'admin', summary: 'record delete 35', objects }))).toBe(
      'admin deleted record www.lab.test A 10.10.10.9',
    );
    expect(plainSentence(changeSentence({ who: 'admin', summary: '', reverts: 5, objects }))).toBe(
      'admin undid 5: deleted record www.lab.test A 10.10.10.9',
    );
  });

  it('of refusals say what was refused, and why', () => {
    const entry = {
      who: 'ann',
      action: 'record delete 35',
      outcome: 'refused: in_use',
      names: { 'record 35': 'www A' },
    };
    expect(plainSentence(auditSentence(entry))).toBe('ann was refused: record delete www A (in use)');
  });

  it('of an earlier release say the command', () => {
    expect(plainSentence(changeSentence({ who: 'admin', summary: 'record delete 35' }))).toBe(
      'admin: record delete 35',
    );
  });

  it('count what they do not name', () => {
    const many = ['a', 'b', 'c', 'd', 'e'].map((name) => ({ verb: 'created', noun: 'tag', name, detail: '' }));
    expect(plainSentence(changeSentence({ who: 'admin', summary: '', objects: many }))).toBe(
      'admin created tag a, tag b, tag c and 2 more',
    );
  });
});

describe('a region of an earlier release', () => {
  const unknown = (field: string) =>
    new ProblemError({
      type: '',
      title: '',
      status: 422,
      code: 'invalid_value',
      detail: '',
      requestId: '',
      fields: [{ field, problem: 'there is no such member' }],
    });
  const rows = [
    { what: 'one thing', who: 'admin', at: '2030-01-01T00:00:00Z' },
    { what: 'other', who: 'node:k1', at: '2030-01-01T00:00:00Z' },
  ];
  const factsOf = ({ what, who, at }: (typeof rows)[number]) => ({ text: what, who, at });

  it('is asked without the filters that it does not know, and its page is filtered here', async () => {
    const asked: object[] = [];
    const page = await askHistory(
      { limit: 5, by: 'people', text: 'ONE' },
      async (query: { limit: number; by?: string; text?: string }) => {
        asked.push(query);
        if ('by' in query)
          throw new ProblemError({
            ...unknown('by').problem,
            fields: [...(unknown('by').problem.fields ?? []), ...(unknown('text').problem.fields ?? [])],
          });
        return { items: rows };
      },
      factsOf,
    );
    expect(asked).toEqual([{ limit: 5, by: 'people', text: 'ONE' }, { limit: 5 }]);
    expect(page).toEqual({ items: [rows[0]], isFilteredHere: true });
  });

  it('is believed when it refuses anything else', async () => {
    const refuse = () => Promise.reject(unknown('limit'));
    await expect(askHistory({ by: 'people' }, refuse, factsOf)).rejects.toThrow(ProblemError);
  });
});
