import { describe, expect, it } from 'vitest';
import { openFindings } from '../../../src/agent/findings.ts';
import { openLimits } from '../../../src/agent/limits.ts';
import type { Log } from '../../../src/core/ports.ts';
import type { AnyService, Finding } from '../../../src/services/kit/contract.ts';
import { FAKE_FACTS } from '../../kit/fake-host.ts';
import { fakeService } from '../../kit/fake-service.ts';
import { desiredOf } from '../../kit/fake-region.ts';

const quiet: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {}, with: () => quiet };
const clock = { now: () => 0, monotonic: () => 0 };
const wanted = desiredOf('n', 1, { fake: { desired: { serial: 1 } } });
const away = (subject: string): Finding => ({
  code: 'away',
  severity: 'warning',
  subject,
  sentence: `${subject} is away.`,
});

describe('limits of a host', () => {
  it('are findings of the agent as long as they last', () => {
    let limits: readonly Finding[] = [away('a'), away('b')];
    const service: AnyService = { ...fakeService(), limits: () => limits };
    const findings = openFindings(clock, quiet);
    const told = openLimits([service], findings);
    const codes = () => findings.all().map(({ code, sentence }) => [code, sentence]);
    told.update(wanted, null);
    expect(codes()).toEqual([]);
    told.update(wanted, FAKE_FACTS);
    expect(codes()).toEqual([['fake_away', 'a is away. b is away.']]);
    limits = [away('b')];
    told.update(wanted, FAKE_FACTS);
    expect(codes()).toEqual([['fake_away', 'b is away.']]);
    told.update(null, FAKE_FACTS);
    expect(codes()).toEqual([]);
  });

  it('are nothing where the wish does not fit', () => {
    const findings = openFindings(clock, quiet);
    const limits = () => {
      throw new TypeError('no networks');
    };
    openLimits([{ ...fakeService(), limits }], findings).update(wanted, FAKE_FACTS);
    expect(findings.all()).toEqual([]);
  });
});
