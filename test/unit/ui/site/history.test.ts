import { describe, expect, it } from 'vitest';
import { isShort, previewSummary } from '../../../../src/ui/models/base/preview-sentence.ts';
import { progressOf } from '../../../../src/ui/models/site/after-change.ts';
import { fileText } from '../../../../src/ui/models/site/history-file.ts';
import { objectLink } from '../../../../src/ui/models/site/history-link.ts';
import { historyQuery } from '../../../../src/ui/models/base/history-query.ts';
import { nextChoice } from '../../../../src/ui/models/base/next-choice.ts';
import { searchChoices } from '../../../../src/ui/models/site/search-choices.ts';
import { LATE as EN } from '../../../../src/ui/texts/late.ts';

describe('history', () => {
  it('links objects to their pages, and deleted ones to what happened to them (F2)', () => {
    expect(objectLink({ noun: 'machine', name: 'm1.lab.test' })).toBe('#/machines/m1.lab.test');
    expect(objectLink({ noun: 'record', name: 'www.lab.test' })).toBe('#/dns/records?filter=www.lab.test');
    expect(objectLink({ noun: 'record', name: 'www.lab.test', isGone: true })).toBe('#/events?object=www.lab.test');
    expect(objectLink({ noun: 'service', name: 'dns on r1' })).toBe('#/services/r1/dns');
    expect(objectLink({ noun: 'zone', name: 'hall2' })).toBe('#/catalog/zone?filter=hall2');
    expect(objectLink({ noun: 'toString', name: 'x' })).toBeNull();
  });

  it('is saved as CSV that a spreadsheet does not compute, and as JSON', () => {
    const rows = [{ id: 1, what: '=cmd, "x"' }];
    expect(fileText(rows, 'csv')).toBe('id,what\r\n1,"\'=cmd, ""x"""\r\n');
    expect(JSON.parse(fileText(rows, 'json'))).toEqual(rows);
    expect(fileText([], 'csv')).toBe('\r\n');
  });

  it('is filtered by what the address has; a time stays the same for a minute', () => {
    const now = Date.parse('2030-01-02T00:00:30Z');
    expect(historyQuery({ hours: '24', by: 'people', text: 'a', kind: 'x' }, now)).toEqual({
      text: 'a',
      by: 'people',
      since: '2030-01-01T00:00:00.000Z',
    });
    expect(historyQuery({ hours: '-1', by: 'all' }, now)).toEqual({});
  });
});

describe('a dry run', () => {
  const file = (service: string, diff: string) => ({ service, target: '/x', change: 'changed' as const, diff });
  const preview = (object: unknown, diff: string, service = 'dns') => ({
    dryRun: true as const,
    object,
    nodes: ['r1', 'r2', 'r3'].map((node) => ({ node, files: [file(service, diff)], findings: [] })),
  });
  const ZONE = '--- a\n+++ b\n@@ -1 +1 @@\n-@ SOA ns 1\n+@ SOA ns 2\n';

  it('begins with one sentence', () => {
    const text = (object: unknown, diff: string, service?: string) => {
      const summary = previewSummary(preview(object, diff, service));
      return summary === null ? null : EN.change.summary(summary);
    };
    expect(text({ fqdn: 'www.lab.test' }, `${ZONE}+www A 10.0.0.1\n`)).toBe(
      'Adds the name www to 3 zone files on 3 nodes.',
    );
    expect(text({ fqdn: 'www.lab.test' }, `${ZONE}-www A 10.0.0.1\n`)).toBe(
      'Removes the name www from 3 zone files on 3 nodes.',
    );
    expect(text({}, '-a\n+b\n', 'dhcp@vlan')).toBe('Changes 3 DHCP files on 3 nodes.');
    expect(previewSummary({ dryRun: true, object: null, nodes: [] })).toBeNull();
  });

  it('is folded when it is long', () => {
    expect(isShort(preview({}, '+a\n'))).toBe(true);
    expect(isShort(preview({}, '+a\n'.repeat(30)))).toBe(false);
  });
});

describe('after a change', () => {
  const files = {
    id: 7,
    lost: [],
    nodes: ['r1', 'k1'].map((node) => ({
      node,
      files: [{ service: 'dns', target: '/x', change: 'changed' as const, diff: '' }],
      findings: [],
      generation: 5,
      publishedAt: '2030-01-01T00:00:00Z',
      first: 7,
      last: 7,
    })),
  };
  const state = (node: string, applied: number, isCurrent: boolean) => ({
    node,
    files: [],
    findings: [],
    wanted: 5,
    applied,
    isCurrent,
  });

  it('says which nodes have it, and what is served where (F13)', () => {
    expect(progressOf(files, { nodes: [state('r1', 5, true), state('k1', 4, false)] })).toEqual({
      nodes: 2,
      applied: 1,
      waits: ['k1'],
      served: [{ service: 'dns', nodes: ['r1', 'k1'] }],
    });
    expect(progressOf(files, { nodes: [state('r1', 5, true)] }).applied).toBe(2);
  });
});

describe('the search', () => {
  const local = {
    pages: { settings: 'Settings', events: 'Events' },
    settings: ['lease_time', 'default_ttl'],
    commands: { events: ['regent event --newest'], machine: ['regent machine show NAME'] },
  };
  const names = { pages: 'page', settings: 'setting', commands: 'command', kinds: { machine: 'Machines' } };
  const labels = (text: string) => searchChoices(text, local, [], names).map(({ label }) => label);

  it('finds pages, settings by words, commands and objects (F38)', () => {
    expect(labels('lease time')).toEqual(['lease_time']);
    expect(labels('event')).toEqual(['Events', 'regent event --newest']);
    expect(labels('  ')).toEqual([]);
    const hit = { kind: 'machine' as const, ref: 'abc123', name: 'm1', detail: 'ready' };
    expect(searchChoices('m1', local, [hit], names)).toMatchObject([{ group: 'Machines', link: '#/machines/abc123' }]);
  });

  it('is gone through with the arrow keys, round and round', () => {
    expect([nextChoice(-1, 2, 'ArrowDown'), nextChoice(1, 2, 'ArrowDown'), nextChoice(0, 2, 'ArrowUp')]).toEqual([
      0, 0, 1,
    ]);
    expect(nextChoice(0, 0, 'ArrowDown')).toBe(-1);
  });
});
