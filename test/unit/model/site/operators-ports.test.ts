import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { PORTS, TAKEN_PORTS } from '../../../../src/core/node-ports.ts';
import { parseSetting } from '../../../../src/model/site/settings.ts';

/** A port of ours is never a setting's; the file prints each with its answer (`scripts/test --only operators`). */

const ROOT = join(import.meta.dirname, '../../../..');
const table: string[] = [];
const RULE =
  'Rule: none of 2378 to 2380, 3260, 5240 to 5270, 5432 to 5433, 5443, 8008, which other daemons of a node use.';

afterAll(() => process.stdout.write(`\nports for the proxy and their answers\n${table.join('\n')}\n`));

describe('maas_proxy_port', () => {
  it.each(Object.entries(PORTS))('is not the port %s, %i', (_, port) => {
    const answer = parseSetting('maas_proxy_port', port);
    table.push(
      `setting set maas_proxy_port ${port} → ${typeof answer === 'object' ? answer.message : 'taken as it is'}`,
    );
    expect(answer).toMatchObject({ message: `maas_proxy_port: ${port} is taken. ${RULE}` });
  });

  it.each([8000, 3128, 8080, 1024, 65_535])('may be %i', (port) => {
    const answer = parseSetting('maas_proxy_port', port);
    table.push(`setting set maas_proxy_port ${port} → accepted`);
    expect(answer).toBe(port);
  });
});

describe('the list of ports', () => {
  /** Where files say on which port something answers, or is asked on a node of ours. */
  const SAYS = [
    /\bbind [^\n]*?:(\d{4,5})\b/g,
    /\bdport \{?([\d, ]+)/g,
    /\bport (\d{4,5})\b/g,
    /\bPORTS? = '?\{? ?([\d, ]+)/g,
    /\bport: (\d{4,5})\b/g,
    /(?:127\.0\.0\.1|\[::1\]|0\.0\.0\.0):(\d{4,5})\b/g,
  ];
  const files = ['templates', 'ha', 'systemd', 'src/services', 'src/main', 'src/join'].flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && !entry.name.endsWith('.md'))
      .map((entry) => join(entry.parentPath, entry.name)),
  );
  const found = files.flatMap((file) => {
    const text = readFileSync(file, 'utf8');
    return SAYS.flatMap((pattern) => [...text.matchAll(pattern)])
      .flatMap((match) => (match[1] ?? '').split(/[, ]+/))
      .filter((word) => Number(word) >= 1024)
      .map((word) => ({ file: file.slice(ROOT.length + 1), port: Number(word) }));
  });

  it('has every port that a template, a unit or a program of ours names', () => {
    expect(found.length).toBeGreaterThan(10);
    expect(found.filter(({ port }) => !TAKEN_PORTS.includes(port))).toEqual([]);
  });
});
