import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ROOT } from '../../kit/documents.ts';
import { NOT_IN_STORY, shownLines, STORY } from '../../kit/readme-story.ts';

/** README's commands are run by test/story/readme.test.ts, or a table says why not. */
describe('commands of README.md', () => {
  const shown = shownLines('README.md');
  const run = STORY.map(({ line }) => line);
  const other = NOT_IN_STORY.map(([line]) => line);

  it('are run in the story, or have a reason why not', () => {
    expect(shown.length).toBeGreaterThan(20);
    expect(shown.filter((line) => !run.includes(line) && !other.includes(line))).toEqual([]);
  });

  it('are all that the story and the table have, each once', () => {
    expect([...run, ...other].filter((line) => !shown.includes(line))).toEqual([]);
    expect(new Set([...run, ...other]).size).toBe(run.length + other.length);
  });

  it('stand in the story in the order of the blocks', () => {
    const inBlocks = shown.filter((line) => run.includes(line));
    const isSentence = (line: string) => ['sudo scripts/lab', 'scripts/drill list', 'sudo scripts/down'].includes(line);
    expect(run.filter((line) => !isSentence(line))).toEqual(inBlocks.filter((line) => !isSentence(line)));
  });

  it('that are left out name a test that is there, or a reason', () => {
    const named = NOT_IN_STORY.flatMap(([, why]) => Array.from(why.matchAll(/test\/[\w/.-]+\.ts/g), ([path]) => path));
    expect(named.length).toBeGreaterThan(2);
    expect(named.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
    expect(NOT_IN_STORY.filter(([, why]) => why.length < 15)).toEqual([]);
  });
});
