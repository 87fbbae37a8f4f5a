import { describe, expect, it } from 'vitest';
import { afterDays, browserName } from '../../../../src/ui/models/people/access.ts';
import { firstSteps } from '../../../../src/ui/models/site/first-run.ts';
import { hitGroups, hitLink, keyText, membersOf } from '../../../../src/ui/models/site/history.ts';
import {
  gravestFirst,
  NOTE_CATEGORIES,
  noteBody,
  noteCli,
  noteTone,
  noteValues,
  readersOf,
} from '../../../../src/ui/models/people/notes.ts';
import { NOTE_CATEGORIES as CATEGORIES, type Notification } from '../../../../src/contract/people/notification.ts';
import { formOf, readValue, valueArguments, valueText, writtenValue } from '../../../../src/ui/models/site/settings.ts';
import { LATE as EN } from '../../../../src/ui/texts/late.ts';
import { DEFAULT_SETTINGS } from '../../../../src/model/site/settings.ts';
import { newSite, wellSite } from '../../../kit/ui/site.ts';
import { certificateTone, admittedRoles, tokenTone } from '../../../../src/ui/models/cluster/trust.ts';
import { outcomeTone } from '../../../../src/ui/models/people/audit.ts';

const note = (id: number, category: Notification['category'], message: string): Notification => ({
  id,
  ident: null,
  category,
  message,
  context: {},
  user: null,
  users: true,
  admins: false,
  dismissable: true,
  createdAt: '2026-03-01T10:00:00.000Z',
});
const WORDS = { yes: 'on', no: 'off', none: 'empty' };
const DAY = 24 * 3_600_000;

describe('a setting', () => {
  it.each([
    { value: true, form: 'check', written: 'yes', text: 'on', words: 'true' },
    { value: false, form: 'check', written: '', text: 'off', words: 'false' },
    { value: 30, form: 'number', written: '30', text: '30', words: '30' },
    { value: 'auto', form: 'text', written: 'auto', text: 'auto', words: 'auto' },
    { value: '', form: 'text', written: '', text: 'empty', words: "''" },
    {
      value: ['192.0.2.1', 'a b'],
      form: 'area',
      written: '192.0.2.1\na b',
      text: '192.0.2.1, a b',
      words: "192.0.2.1 'a b'",
    },
    { value: [], form: 'area', written: '', text: 'empty', words: "''" },
  ] as const)('$value is written as a $form and read back', ({ value: given, form, written, text, words }) => {
    const value = typeof given === 'object' ? given.map(String) : given;
    expect(formOf({ default: value })).toBe(form);
    expect(writtenValue(value)).toBe(written);
    expect(readValue(form, written)).toEqual(value);
    expect(valueText(value, WORDS)).toBe(text);
    expect(valueArguments(value)).toBe(words);
  });

  it('has a word for each that there is, and for no other', () => {
    expect(Object.keys(EN.settings.help).sort()).toEqual(Object.keys(DEFAULT_SETTINGS).sort());
  });

  it('leaves it to the site to refuse what is no number, and drops empty lines of a list', () => {
    expect(readValue('number', 'many')).toBe('many');
    expect(readValue('number', ' 7 ')).toBe(7);
    expect(readValue('area', ' a \n\n b\n')).toEqual(['a', 'b']);
  });
});

describe('the first run', () => {
  const [fresh, well] = [newSite(), wellSite()];
  it('has three steps, which are done one by one, and then no more', () => {
    const done = (site: typeof fresh, machines: number) =>
      firstSteps(site.cluster, site.networks.vlans, { machines })?.map(({ isDone }) => isDone) ?? null;
    expect(done(fresh, 0)).toEqual([false, false, false]);
    expect(done({ ...fresh, networks: well.networks }, 0)).toEqual([false, true, false]);
    expect(done({ ...fresh, networks: well.networks }, 2)).toEqual([false, true, true]);
    expect(done(well, 0)).toEqual([true, true, false]);
    expect(done(well, 1)).toBeNull();
  });

  it('does not count DHCP of one rack alone, and asks nothing of who has machines without DHCP', () => {
    const alone = well.networks.vlans.map((row) => ({
      ...row,
      server: row.server && { ...row.server, secondary: null },
    }));
    expect(firstSteps(well.cluster, alone, { machines: 0 })?.[1]?.isDone).toBe(false);
    expect(firstSteps(well.cluster, [], { machines: 3 })).toBeNull();
  });
});

describe('who may do what', () => {
  it('tells how tokens and certificates are', () => {
    expect(tokenTone({ state: 'open' })).toBe('busy');
    const now = Date.parse('2026-03-01T00:00:00Z');
    const ending = (days: number) => new Date(now + days * DAY).toISOString();
    expect(certificateTone({ state: 'good', notAfter: ending(20) }, now)).toBe('ok');
    expect(certificateTone({ state: 'good', notAfter: ending(3) }, now)).toBe('warn');
    expect(certificateTone({ state: 'revoked', notAfter: ending(3) }, now)).toBe('off');
    const words = { region: 'region', rack: 'rack', place: (name: string) => `for ${name}` };
    expect(admittedRoles({ isRegion: true, isRack: true, place: null }, words)).toBe('region, rack');
    expect(admittedRoles({ isRegion: true, isRack: false, place: 'r3' }, words)).toBe('region for r3');
    expect(afterDays('2', now)).toBe('2026-03-03T00:00:00.000Z');
    expect([afterDays('', now), afterDays('soon', now)]).toEqual([null, null]);
  });

  it.each([
    ['Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0', 'Firefox 140 on Linux'],
    [
      'Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 Edg/140.0',
      'Edge 140 on Windows',
    ],
    ['Mozilla/5.0 (Macintosh; Intel Mac OS X 14) AppleWebKit/605 Version/18.1 Safari/605', 'Safari 18 on macOS'],
    ['curl/8.5', 'curl/8.5'],
    ['', ''],
  ])('knows the browser %s', (agent, name) => {
    expect(browserName(agent)).toBe(name);
  });
});

describe('what happened', () => {
  it('shows of a row what differs', () => {
    const row = { before: { id: 1, on: false, name: 'a' }, after: { id: 1, on: true, name: 'a' } };
    expect(membersOf(row)).toEqual([{ name: 'on', before: 'false', after: 'true' }]);
    expect(membersOf({ before: null, after: { id: 1 } })).toEqual([{ name: 'id', before: null, after: '1' }]);
    expect(membersOf({ before: { id: 1 }, after: null })).toEqual([{ name: 'id', before: '1', after: null }]);
    expect(keyText({ id: 1, kind: 'x' })).toBe('id 1, kind x');
    expect(keyText('k')).toBe('k');
    expect([outcomeTone({ outcome: 'done' }), outcomeTone({ outcome: 'refused: forbidden' })]).toEqual(['ok', 'bad']);
  });

  it('leads from each hit to its page, whatever its name', () => {
    const hit = (kind: Parameters<typeof hitLink>[0]['kind'], name: string) => ({ kind, ref: '7', name, detail: '' });
    expect(hitLink(hit('vlan', 'lab/vlan10'))).toBe('#/vlans/lab/vlan10');
    expect(hitLink(hit('subnet', '10.0.0.0/24'))).toBe('#/subnets/10.0.0.0%2F24');
    expect(hitLink(hit('user', 'a b'))).toBe('#/access/users?filter=a+b');
    expect(hitLink(hit('domain', '<img>'))).toBe('#/dns/domains/%3Cimg%3E');
    const hits = [hit('node', 'r1'), hit('user', 'u'), hit('node', 'r2')];
    expect(hitGroups(hits).map(({ kind, hits: found }) => [kind, found.length])).toEqual([
      ['node', 2],
      ['user', 1],
    ]);
  });
});

describe('a note', () => {
  const first = note(1, 'info', 'Hall 2');
  const written = { ...noteValues(null), message: "it's off" };

  it('is of a kind that the site knows; the gravest stands first, then the newest', () => {
    expect([...NOTE_CATEGORIES].sort()).toEqual([...CATEGORIES].sort());
    const notes = [first, note(2, 'error', 'a'), note(3, 'info', 'b'), note(4, 'warning', 'c')];
    expect(gravestFirst(notes).map(({ id }) => id)).toEqual([2, 4, 3, 1]);
    expect(noteTone('error')).toBe('bad');
  });

  it('is for all users, unless somebody else is named', () => {
    expect(noteBody(written, null)).toEqual({
      message: "it's off",
      category: 'info',
      users: true,
      admins: false,
      user: null,
    });
    expect(noteCli(written, null)).toBe(String.raw`regent notification create 'it'\''s off'`);
    const other = { ...written, for: 'admins, ann', category: 'error', ident: 'hall', dismissable: 'off' };
    expect(noteBody(other, null)).toMatchObject({ users: false, admins: true, user: 'ann', ident: 'hall' });
    expect(noteCli({ ...other, message: 'x' }, null)).toBe(
      'regent notification create x --category error --for admins,ann --ident hall --dismissable off',
    );
    expect(readersOf({ user: 'ann', users: false, admins: true })).toBe('admins, ann');
  });

  it('that is changed is sent what is other than before', () => {
    expect(noteBody(noteValues(first), first)).toEqual({});
    const values = { ...noteValues({ ...first, ident: 'a' }), ident: '', for: 'ann', dismissable: 'off' };
    const before = { ...first, ident: 'a' };
    expect(noteBody(values, before)).toEqual({
      ident: null,
      users: false,
      admins: false,
      user: 'ann',
      dismissable: false,
    });
    expect(noteCli(values, before)).toBe('regent notification set 1 --for ann --ident none --dismissable off');
  });
});
