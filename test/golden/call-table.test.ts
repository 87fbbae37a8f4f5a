import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { callTableText, nounPagesText, nounTableText } from '../../src/contract/browser-tables.ts';
import { ROUTES } from '../../src/contract/routes.ts';
import { CALLS } from '../../src/ui/live/call-table.ts';

describe("the browser's table of calls", () => {
  it('is the committed one (npm run openapi writes it)', () => {
    const file = join(import.meta.dirname, '../../src/ui/live/call-table.ts');
    expect(readFileSync(file, 'utf8')).toBe(callTableText());
  });

  it('has forms of nouns beside it, which are the committed ones, too', () => {
    const file = join(import.meta.dirname, '../../src/ui/models/base/nouns/noun-table.ts');
    expect(readFileSync(file, 'utf8')).toBe(nounTableText());
    const pages = join(import.meta.dirname, '../../src/ui/models/base/nouns/noun-pages.ts');
    expect(readFileSync(pages, 'utf8')).toBe(nounPagesText());
  });

  it('says of each call what the server registers', () => {
    expect(Object.keys(CALLS).sort()).toEqual(Object.keys(ROUTES).sort());
    for (const [id, { method, path }] of Object.entries(ROUTES)) expect(CALLS).toHaveProperty([id], `${method} ${path}`);
  });
});
