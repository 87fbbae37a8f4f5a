import { describe, expect, it } from 'vitest';
import { isRejected } from '../../../src/core/errors.ts';
import { parseHostLabel, parseOwnerName } from '../../../src/model/names/names.ts';
import { parseRecordData } from '../../../src/model/names/record.ts';
import { parseSetting } from '../../../src/model/site/settings.ts';
import type { DnsDesired } from '../../../src/services/dns/desired.ts';
import { renderService } from '../../../src/services/kit/render.ts';
import { SERVICES } from '../../../src/services/registry.ts';
import { desiredOf, goldenTemplates, serviceNamed } from '../../kit/goldens.ts';
import { FACTS } from '../../kit/snapshots.ts';

const HOSTILE = [
  'a";};zone "x',
  'a\nb',
  'a\0b',
  'a b',
  'a;',
  '$INCLUDE',
  'ü',
  '../../etc/shadow',
  '{{x}}',
  '',
  '-a',
  'a'.repeat(5000),
  '\u2028',
];

/** Puts a value at every string of a desired state in turn; gives each with its path. */
function* poisoned(value: unknown, poison: string, path = ''): Generator<readonly [string, unknown]> {
  if (typeof value === 'string') yield [path, poison];
  if (typeof value !== 'object' || value === null) return;
  for (const [name, member] of Object.entries(value)) {
    for (const [where, changed] of poisoned(member, poison, `${path}/${name}`)) {
      yield [where, Array.isArray(value) ? value.with(Number(name), changed) : { ...value, [name]: changed }];
    }
  }
}

describe.each(HOSTILE)('%j', (text) => {
  it('is refused by the grammars', () => {
    expect(isRejected(parseHostLabel(text))).toBe(true);
    expect(isRejected(parseOwnerName(text))).toBe(true);
    expect(isRejected(parseRecordData('CNAME', text))).toBe(true);
    expect(isRejected(parseRecordData('A', text))).toBe(true);
    expect(isRejected(parseSetting('ntp_servers', [text]))).toBe(true);
    expect(isRejected(parseSetting('upstream_dns', [text]))).toBe(true);
    expect(isRejected(parseSetting('dns_trusted_acl', [text]))).toBe(true);
    expect(isRejected(parseSetting('default_domain', text))).toBe(true);
  });

  it.each(SERVICES.map((service) => service.name))('cannot stand anywhere in the desired state of %s', (name) => {
    const service = serviceNamed(name);
    // Past the API, past the database: the wire's schema refuses it before anything is rendered.
    for (const [path, desired] of poisoned(
      firstOfEach(desiredOf(name, 'typical') ?? desiredOf(name, 'cluster') ?? {}),
      text,
    )) {
      if (isHarmless(path, text)) continue;
      const render = () =>
        renderService(service, desired, { facts: FACTS, templates: goldenTemplates(), generation: 1 });
      expect(render, path).toThrow(/desired state of/);
    }
  });
});

/** A text record may hold any printable text up to its length: it is quoted. */
function isHarmless(path: string, text: string): boolean {
  return path.endsWith('/data') && /^[\x20-\x7e]{1,4096}$/.test(text);
}

/** A desired state with one zone that has one record of each type. */
function firstOfEach(desired: Record<string, unknown>): Record<string, unknown> {
  const zones = desired['zones'] as DnsDesired['zones'] | undefined;
  const [zone] = zones ?? [];
  if (!zone) return desired;
  const byType = Map.groupBy(zones?.flatMap((item) => item.records) ?? [], (record) => record.type);
  return { ...desired, zones: [{ ...zone, records: Array.from(byType.values(), ([record]) => record) }] };
}
