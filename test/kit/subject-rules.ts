import { dirname, join, relative, resolve } from 'node:path';
import type { SourceFile } from './import-rules.ts';

/** The subjects of the house in their order: one may import those before it, and no other. */
export const SUBJECTS = ['base', 'names', 'networks', 'cluster', 'images', 'machines', 'people', 'site'] as const;

/**
 * Rooms whose folders are subjects, with the folders that are cut so. What lies at the top of such a folder composes the subjects: it imports all
 * of them, and none of them imports it.
 */
export const LAYERS: Readonly<Record<string, readonly string[]>> = {
  contract: ['contract'],
  model: ['model'],
  store: ['store/queries'],
  region: ['region'],
  cli: ['cli/commands'],
  api: ['api/v1', 'api/maas/catalog', 'api/maas/objects', 'api/maas/operations'],
  ui: ['ui/models', 'ui/screens', 'ui/texts'],
};

/** What was found: sentences, and for each room how many files and how many imports from one subject to another there are. */
export interface SubjectReport {
  readonly breaches: readonly string[];
  readonly counts: readonly { readonly room: string; readonly files: number; readonly arrows: number }[];
}

interface Place {
  readonly folder: string;
  /** '' at the top of the folder. */
  readonly subject: string;
}

/** Judges every file of the layered rooms. */
export function judgeSubjects(root: string, files: readonly SourceFile[]): SubjectReport {
  const rooms = Object.entries(LAYERS).map(([room, folders]) => {
    const own = files.flatMap((file) => {
      const place = placeOf(folders, file.path);
      return place === null ? [] : [{ file, place }];
    });
    const seen = own.map(({ file, place }) => judgeFile(root, folders, file, place));
    return {
      breaches: seen.flatMap(({ breaches }) => breaches),
      count: { room, files: own.length, arrows: seen.reduce((sum, { arrows }) => sum + arrows, 0) },
    };
  });
  return { breaches: rooms.flatMap(({ breaches }) => breaches), counts: rooms.map(({ count }) => count) };
}

function judgeFile(root: string, folders: readonly string[], file: SourceFile, place: Place) {
  if (place.subject === '') return { breaches: [], arrows: 0 };
  if (rankOf(place.subject) < 0)
    return { breaches: [`${file.path}: "${place.subject}" is no subject (${SUBJECTS.join(', ')})`], arrows: 0 };
  const targets = file.imports.flatMap((name) => {
    const path = name.startsWith('.') ? relative(root, resolve(join(root, dirname(file.path)), name)) : '';
    const target = placeOf(folders, path);
    return target === null || target.subject === place.subject ? [] : [{ path, target }];
  });
  // Words and tables that are composed for a whole room lie at the top of a folder beside this one.
  const others = targets.filter(({ target }) => target.subject !== '' || target.folder === place.folder);
  const back = others.filter(({ target }) => target.subject === '' || rankOf(target.subject) > rankOf(place.subject));
  return {
    breaches: back.map(({ path, target }) =>
      target.subject === ''
        ? `${file.path} imports ${path}: that is composed of subjects`
        : `${file.path} imports ${path}: ${place.subject} stands before ${target.subject}`,
    ),
    arrows: others.length,
  };
}

function rankOf(subject: string): number {
  return SUBJECTS.findIndex((one) => one === subject);
}

function placeOf(folders: readonly string[], path: string): Place | null {
  const folder = folders.find((one) => path.startsWith(`${one}/`));
  if (folder === undefined) return null;
  const [first = '', ...rest] = path.slice(folder.length + 1).split('/');
  return { folder, subject: rest.length === 0 ? '' : first };
}
