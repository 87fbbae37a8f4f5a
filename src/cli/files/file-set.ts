import type { FieldProblem } from '../../core/errors.ts';
import { exportKindOf, EXPORT_KINDS } from '../../contract/export-kinds.ts';
import { FILE_FORM, FILES_MOST, type FileObject, type SiteFile } from '../../contract/site/export-form.ts';
import { CliError, EXIT, usageError } from '../exit.ts';
import type { CliIo } from '../io.ts';
import { withSecrets } from './secrets.ts';
import type { FileProblem, ListedObject, FilePlace } from './yaml-file.ts';

/** Configuration files as one request, and where its objects stand. */
export interface FileSet {
  readonly site: SiteFile;
  /** Members of the files that list objects. */
  readonly plurals: readonly string[];
  /** The place of a field of the request, such as `site/zones/3/name`; null: it stands in no file. */
  placeOf(field: string): FilePlace | null;
  /** A field's problem as a line for people. */
  lineOf(problem: FieldProblem): string;
}

const PLURALS = EXPORT_KINDS.map(({ plural }) => plural);
const PROBLEMS_MOST = 20;
const MIB = 1024 * 1024;

/** Reads files, folders of `*.yaml` and `*.yml`, and `-`, standard input. Throws with file and line of all that is wrong. */
export async function readFileSet(io: CliIo, paths: readonly string[]): Promise<FileSet> {
  if (paths.length === 0) throw usageError('There is no file. Rule: -f FILE, -f FOLDER, or -f - for standard input.');
  const texts = await readTexts(io, paths);
  const { parseFile } = await import('./yaml-file.ts');
  const objects: ListedObject[] = [];
  const problems: FileProblem[] = [];
  const named = new Set<string>();
  for (const { file, text } of texts) {
    const parsed = parseFile(file, text, PLURALS);
    objects.push(...parsed.objects);
    problems.push(...parsed.problems);
    if (parsed.form !== null && parsed.form.value !== FILE_FORM) {
      const problem = `regent: ${String(parsed.form.value)} is a form that this release does not read. Rule: ${FILE_FORM}; upgrade for files of a newer release`;
      problems.push({ ...parsed.form.place, problem });
    }
    for (const { plural } of parsed.objects) named.add(plural);
  }
  if (problems.length > 0) throw refusedFiles(problems);
  if (objects.length === 0) throw new CliError(EXIT.error, 'The files have no objects.');
  const open: FileProblem[] = [];
  const listed = new Map<string, { readonly object: ListedObject; readonly members: FileObject }[]>();
  for (const object of objects) {
    const members = await withSecrets(io, object, exportKindOf(object.plural)?.secrets ?? [], open);
    listed.set(object.plural, [...(listed.get(object.plural) ?? []), { object, members }]);
  }
  if (open.length > 0) throw refusedFiles(open);
  return makeSet(listed, [...named]);
}

type Listed = ReadonlyMap<string, readonly { readonly object: ListedObject; readonly members: FileObject }[]>;

function makeSet(listed: Listed, plurals: readonly string[]): FileSet {
  const site = {
    regent: FILE_FORM,
    ...Object.fromEntries([...listed].map(([plural, all]) => [plural, all.map(({ members }) => members)])),
  } as SiteFile;
  const find = (field: string) => {
    const [, plural = '', index = '', ...path] = field.split('/');
    const object = listed.get(plural)?.[Number(index)]?.object;
    return object === undefined ? null : { object, path: path.join('/') };
  };
  const placeOf = (field: string) => {
    const found = find(field);
    return found === null ? null : found.object.placeOf(found.path);
  };
  return {
    site,
    plurals,
    placeOf,
    lineOf: ({ field, problem, rule }) => {
      const found = find(field);
      const place = placeOf(field);
      const source = found?.object.sourceOf(found.path) ?? null;
      const quote =
        source !== null && problem.includes('must be string') ? `. In quotes it is a text: "${source}"` : '';
      const where =
        place === null ? field : `${place.file}:${place.line}: ${(found?.path ?? '') || found?.object.plural}`;
      return `${where}: ${problem}${quote}.${rule === undefined ? '' : ` Rule: ${rule}.`}`;
    },
  };
}

function refusedFiles(problems: readonly FileProblem[]): CliError {
  const lines = problems.slice(0, PROBLEMS_MOST).map(({ file, line, problem }) => `${file}:${line}: ${problem}.`);
  const more = problems.length - PROBLEMS_MOST;
  const all = more > 0 ? [...lines, `… and ${more} more`] : lines;
  return new CliError(EXIT.error, 'The files cannot be read. Nothing was changed.', all);
}

type FileText = { readonly file: string; readonly text: string };

async function readTexts(io: CliIo, paths: readonly string[]): Promise<FileText[]> {
  const files: string[] = [];
  for (const path of paths) files.push(...(path === '-' ? ['-'] : await filesOf(io, path)));
  const texts: FileText[] = [];
  let bytes = 0;
  for (const file of new Set(files)) {
    const size = file === '-' ? 0 : ((await io.openFile(file))?.size ?? 0);
    if (bytes + size > FILES_MOST) throw tooLarge(bytes + size);
    const text = file === '-' ? await io.readInput() : await io.readFile(file);
    if (text === null) throw usageError(`There is no file ${file}.`);
    bytes += Buffer.byteLength(text);
    if (bytes > FILES_MOST) throw tooLarge(bytes);
    texts.push({ file: file === '-' ? 'standard input' : file, text });
  }
  return texts;
}

function tooLarge(bytes: number): CliError {
  const size = Math.ceil(bytes / MIB);
  const message = `The files have ${size} MiB. Rule: at most ${FILES_MOST / MIB} MiB at a time. Nothing was changed.`;
  return new CliError(EXIT.error, message, ['Apply them in parts: those that others refer to first.']);
}

async function filesOf(io: CliIo, path: string): Promise<readonly string[]> {
  const inside = await io.listFolder(path);
  if (inside === null) return [path];
  const files = inside.filter((name) => /\.ya?ml$/.test(name)).sort();
  if (files.length === 0) throw usageError(`The folder ${path} has no file *.yaml or *.yml.`);
  return files.map((name) => `${path.replace(/\/$/, '')}/${name}`);
}
