import { describe, expect, it } from 'vitest';
import { openFindings } from '../../../src/agent/findings.ts';
import { wireReport } from '../../../src/agent/wire.ts';
import type { ServiceReport } from '../../../src/reconcile/values.ts';
import { memoryLog, virtualTime } from '../../kit/virtual-time.ts';

const report: ServiceReport = {
  service: 'db',
  wanted: 1,
  wantedDigest: '',
  applied: 1,
  appliedDigest: '',
  state: 'healthy',
  since: '',
  why: '',
  lastAction: null,
  restartDone: null,
};

describe('figures of a daemon on the wire', () => {
  it('are carried as they are', () => {
    const findings = openFindings(virtualTime().clock, memoryLog());
    const facts = { role: 'primary', members: [{ name: 'r1', lagBytes: null }] };
    expect(wireReport({ ...report, facts }, findings)).toEqual({ ...report, facts });
    expect(wireReport(report, findings)).toEqual(report);
    expect(findings.all()).toEqual([]);
  });

  it('that are too many are left out, which a finding says as long as it is so', () => {
    const findings = openFindings(virtualTime().clock, memoryLog());
    const facts = { members: 'x'.repeat(20_000) };
    expect(wireReport({ ...report, facts }, findings)).toEqual(report);
    expect(findings.all()).toMatchObject([{ code: 'db_facts' }]);
    expect(findings.all()[0]?.sentence).toContain('Rule: at most 16384');
    wireReport(report, findings);
    expect(findings.all()).toEqual([]);
  });
});
