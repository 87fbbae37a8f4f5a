import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Fixture, replay } from '../kit/transcript/replay.ts';
import { TIMELINES } from '../kit/transcript/timelines.ts';

const FOLDER = join(import.meta.dirname, 'status');
/** Cut down from recordings of whole hosts (`test/story/operators-transcripts.test.ts`). */
const RECORDED = existsSync(FOLDER) ? readdirSync(FOLDER).filter((name) => name.endsWith('.json')) : [];

/** What is said in each of the first seconds after a fault, as a surviving region knows it. A line is a second. */
describe('status after a fault', () => {
  it.each(TIMELINES.map((fixture) => [fixture.fault, fixture] as const))('%s, made up', async (name, fixture) => {
    await expect(replay(fixture)).toMatchFileSnapshot(join(FOLDER, `${name}.txt`));
  });

  it.each(RECORDED)('%s, recorded', async (name) => {
    const fixture = JSON.parse(readFileSync(join(FOLDER, name), 'utf8')) as Fixture;
    await expect(replay(fixture)).toMatchFileSnapshot(join(FOLDER, `${name.replace('.json', '')}-recorded.txt`));
  });

  it.each(TIMELINES.map((fixture) => [fixture.fault, fixture] as const))('%s: nothing untrue', (_name, fixture) => {
    const lines = replay(fixture).split('\n').filter(Boolean);
    for (const line of lines) expect(line).not.toMatch(/each (?:say|hold)/);
    const [lost] = fixture.lost;
    if (lost === undefined) return;
    for (const line of lines.filter((text) => Number(/^ *(\d+) s/.exec(text)?.[1]) >= 5)) {
      expect(line).toContain('can lose none');
      expect(line).not.toMatch(new RegExp(`primary ${lost}|holder ${lost}`));
    }
  });
});
