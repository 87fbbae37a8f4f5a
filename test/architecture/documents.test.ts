import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { documents, readDocument, ROOT, wideLines } from '../kit/documents.ts';

const PATHS = documents();
const ROOM_BYTES = 4096;
const isRoom = (path: string) => /^(?:src\/.+|ha\/[^/]+)\/README\.md$/.test(path);
/** The parts of a room's README, in their order. */
const PARTS = [/^\*\*Words\*\*/m, /^\*\*Law\*\*/m, /^\*\*Example\*\*/m, /^\*\*To add\b/m];

describe('documents', () => {
  it('have lines of at most 120 columns, tables, code and addresses apart', () => {
    expect(PATHS.length).toBeGreaterThan(60);
    expect(PATHS.flatMap((path) => wideLines(readDocument(path)).map((line) => `${path}:${line}`))).toEqual([]);
    const wide = 'x '.repeat(70);
    expect(wideLines(`${wide}\n\n| ${wide} |\n\n\`\`\`\n${wide}\n\`\`\`\n${wide}`)).toEqual([1, 8]);
    expect(wideLines(`see https://example.test/${'x'.repeat(120)}`)).toEqual([]);
  });

  it('lead to files that are there', () => {
    const broken = PATHS.flatMap((path) =>
      Array.from(readDocument(path).matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g), ([, target = '']) => ({ path, target })),
    ).filter(({ path, target }) => !/^https?:/.test(target) && !existsSync(join(ROOT, dirname(path), target)));
    expect(broken).toEqual([]);
  });

  it('are there where the product names them', () => {
    const texts = ['src', 'scripts', 'ha', 'systemd', 'templates', 'docs', 'test/README.md', 'README.md'].flatMap(
      (name) => allFiles(join(ROOT, name)).filter((file) => /\.(?:md|ts|tsx|mjs|sh|hbs|service)$|\/[^.]+$/.test(file)),
    );
    const missing = texts.flatMap((file) =>
      Array.from(readFileSync(file, 'utf8').matchAll(/(?<![\w/-])docs\/[\w/-]+\.md\b/g), ([named]) => named)
        .filter((named) => !/[A-Z]{2,}\.md$/.test(named))
        .filter((named) => !existsSync(join(ROOT, named)))
        .map((named) => `${file.slice(ROOT.length + 1)}: ${named}`),
    );
    expect(texts.length).toBeGreaterThan(1000);
    expect(missing).toEqual([]);
  });
});

describe('READMEs of rooms', () => {
  const rooms = PATHS.filter(isRoom);

  it('are in every room of src and ha, with at most 4 kB each', () => {
    const folders = ['src', 'ha'].flatMap((top) =>
      readdirSync(join(ROOT, top))
        .map((name) => `${top}/${name}`)
        .filter((path) => statSync(join(ROOT, path)).isDirectory() && path !== 'ha/kit'),
    );
    expect(folders.length).toBeGreaterThan(30);
    expect(folders.filter((folder) => !rooms.includes(`${folder}/README.md`))).toEqual([]);
    const large = rooms.map((path) => ({ path, bytes: Buffer.byteLength(readDocument(path)) }));
    expect(large.filter(({ bytes }) => bytes > ROOM_BYTES)).toEqual([]);
  });

  it('name files that are there', () => {
    const files = ['src', 'ha', 'test', 'scripts', 'templates', 'systemd']
      .flatMap((top) => allFiles(join(ROOT, top)))
      .map((path) => path.slice(ROOT.length));
    const broken = PATHS.filter((path) => isRoom(path) || path.startsWith('docs/')).flatMap((path) =>
      Array.from(readDocument(path).matchAll(/`([\w./-]+\.(?:tsx?|mjs|hbs))`/g), ([, named = '']) => named)
        .filter((named) => !named.startsWith('dist/'))
        .filter((named) => !files.some((file) => file.endsWith(`/${named.replace(/^(?:\.\.?\/)+/, '')}`)))
        .map((named) => `${path}: ${named}`),
    );
    expect(broken).toEqual([]);
  });

  it('begin with the words of the room, then its law, one example, and how to add to it', () => {
    const own = rooms.filter((path) => path.split('/').length === 3);
    const wrong = own.filter((path) => !hasParts(readDocument(path)));
    expect(own.length).toBeGreaterThan(30);
    expect(wrong).toEqual([]);
    const good = '# x\n\n**Words**: a\n\n**Law**: b\n\n**Example**: c\n\n**To add** d';
    expect(hasParts(good)).toBe(true);
    expect(hasParts(good.replace('**Law**', 'Law'))).toBe(false);
    expect(hasParts(good.replace('**Words**: a\n\n', '').concat('\n\n**Words**: a'))).toBe(false);
  });
});

function hasParts(text: string): boolean {
  const places = PARTS.map((part) => text.search(part));
  return places.every((place, index) => place >= 0 && place > (places[index - 1] ?? -1));
}

function allFiles(path: string): string[] {
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path).flatMap((name) => allFiles(join(path, name)));
}
