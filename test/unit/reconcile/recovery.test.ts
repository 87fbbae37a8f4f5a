import { describe, expect, it } from 'vitest';
import type { UnitState } from '../../../src/core/host-values.ts';
import { afterProbe, WELL } from '../../../src/reconcile/recovery.ts';

const unit: UnitState = { load: 'loaded', active: 'active', sub: 'running', sinceMs: 0, mainPid: 7, restarts: 0 };

describe('a probe without an answer', () => {
  it('counts against the daemon', () => {
    expect(afterProbe(WELL, { isHealthy: false, detail: 'no answer in time', unit }, 1000, 1000).failures).toBe(1);
  });

  it('says nothing of it when the host has lost the address that it is asked at', () => {
    const before = { ...WELL, failures: 2 };
    const health = { isHealthy: false, detail: 'connect ENETUNREACH', isOutOfReach: true, unit };
    expect(afterProbe(before, health, 1000, 1000)).toEqual(before);
  });
});
