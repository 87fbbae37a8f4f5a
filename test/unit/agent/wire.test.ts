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

describe('metrics on the wire', () => {
  it('are carried within its limits', () => {
    const findings = openFindings(virtualTime().clock, memoryLog());
    const plain = { name: 'leases', unit: 'count', value: 12 } as const;
    const labelled = {
      name: 'sent',
      unit: 'bytes',
      isTotal: true,
      value: 1,
      labels: { server: 'x'.repeat(500) },
    } as const;
    expect(wireReport({ ...report, metrics: [plain, labelled] }, findings)).toEqual({
      ...report,
      metrics: [plain, { ...labelled, labels: { server: 'x'.repeat(128) } }],
    });
    const many = wireReport({ ...report, metrics: Array.from({ length: 900 }, () => plain) }, findings);
    expect(many.metrics).toHaveLength(256);
  });
});

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
