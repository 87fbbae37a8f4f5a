import { expect, it } from 'vitest';
import { bodyValidator } from '../../../../src/api/validate.ts';
import { DrillRoundCreate } from '../../../../src/contract/cluster/drill.ts';
import { judge } from '../../../../src/judge/judge.ts';
import { goodRound, RULES } from '../../judge/round.ts';

it('a round as it is recorded and judged is one that the API takes', () => {
  const timeline = goodRound();
  const verdict = judge(timeline, RULES);
  // The annotation is half of the test: what the judge gives has the type of the wire.
  const body: DrillRoundCreate = { run: '018f3c1e-0000-7000-8000-000000000001', verdict, timeline };
  expect(verdict.checks.length).toBeGreaterThan(0);
  expect(bodyValidator(DrillRoundCreate)(JSON.parse(JSON.stringify(body)))).toMatchObject({ kind: 'valid' });
});
