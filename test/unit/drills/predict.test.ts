import { describe, expect, it } from 'vitest';
import type { Client } from '../../../src/contract/client.ts';
import { AppError } from '../../../src/core/errors.ts';
import { CATALOGUE } from '../../../src/drills/hazards/catalogue.ts';
import { chanceOf } from '../../../src/drills/run/chance.ts';
import { predict, questionOf } from '../../../src/drills/run/predict.ts';

const CAST = {
  regions: ['r1', 'r2', 'r3'],
  racks: ['k1'],
  primary: 'r1',
  standbys: ['r2', 'r3'],
  holder: 'r2',
  etcdLeader: 'r3',
};
const stepsOf = (id: string) => CATALOGUE.find((hazard) => hazard.id === id)?.steps(CAST, chanceOf(7)) ?? [];
const clientOf = (call: () => Promise<unknown>) => ({ call }) as unknown as Client;

describe('what the cluster is asked of', () => {
  it.each([
    ['host-kill-primary', { node: 'r1', event: 'dies' }],
    ['host-kill-holder', { node: 'r2', event: 'dies' }],
    ['host-kill-rack', { node: 'k1', event: 'dies' }],
    ['net-cut-primary', { node: 'r1', event: 'is-cut-off' }],
    ['net-cut-rack', { node: 'k1', event: 'is-cut-off' }],
    ['planned-drain', { node: 'r1', event: 'drains' }],
    ['host-kill-all', null],
    ['process-kill-patroni', null],
    ['double-two-primaries', null],
  ])('%s', (id, question) => {
    expect(stepsOf(id)).not.toEqual([]);
    expect(questionOf(stepsOf(id))).toEqual(question);
  });
});

it('keeps what has an end', async () => {
  const outages = [
    { probe: 'write', leastMs: 1, mostMs: 2, why: '' },
    { probe: 'dhcp a', leastMs: 0, mostMs: null, why: '' },
  ];
  const client = clientOf(async () => ({ body: { outages } }));
  const notes: string[] = [];
  expect(await predict({ client }, stepsOf('host-kill-primary'), (text) => notes.push(text))).toEqual([
    { probe: 'write', leastMs: 1, mostMs: 2 },
  ]);
  expect(notes).toEqual([]);
});

it('notes that nothing was foretold, and asks nothing of what the model does not know', async () => {
  const client = clientOf(() => Promise.reject(new AppError('unreachable', 'nobody answers')));
  const notes: string[] = [];
  const note = (text: string) => void notes.push(text);
  expect(await predict({ client }, stepsOf('host-kill-primary'), note)).toBeUndefined();
  expect(await predict({ client }, stepsOf('noise-busy'), note)).toBeUndefined();
  expect(notes).toEqual(['no prediction: nobody answers']);
});
