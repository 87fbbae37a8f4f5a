import { EXPORT_KINDS, exportKindOf, type SecretMember } from '../../../contract/export-kinds.ts';
import type { SiteApply, SiteExport } from '../../../contract/export.ts';
import { FILE_FORM, type FileObject, type SiteFile } from '../../../contract/site/export-form.ts';
import { accept, invalid, type Rejected } from '../../../core/errors.ts';
import { nearestHint } from '../../../core/nearest.ts';
import { readWatermark } from '../../../store/queries/base/watermark.ts';
import { reading, type WriteCase, writing } from '../../base/use-case.ts';
import { applyFile } from './apply.ts';
import { readObjects } from './read.ts';

/** So long may a file of thousands of machines take, ms. */
const DEADLINE_MS = 60_000;

/** The configuration of the site as a file, and back. */
export const exportCases = {
  'config.export': {
    ...reading('config.export', async (tx, { query }, context) => {
      const kinds = accept(kindsOf(query?.kinds));
      const { revision } = await readWatermark(tx);
      const { objects, forbidden } = await readObjects(tx, context, kinds);
      const byKind = Map.groupBy(objects, ({ kind }) => kind.plural);
      const lists = EXPORT_KINDS.filter(({ noun }) => kinds.has(noun) && !forbidden.has(noun)).map(
        ({ plural }) => [plural, (byKind.get(plural) ?? []).map(({ members }) => members)] as const,
      );
      const leftOut = [...forbidden].filter(([noun]) => kinds.has(noun));
      const body: SiteExport = {
        revision,
        site: { regent: FILE_FORM, ...Object.fromEntries(lists) } as SiteFile,
        leftOut: leftOut.map(([kind, { message }]) => ({ kind, why: message })),
      };
      return { body };
    }),
    deadlineMs: DEADLINE_MS,
  },

  'config.apply': {
    ...writing('config.apply', summaryOf, async (tx, { body }, context) => ({
      body: await applyFile(tx, body, context),
    })),
    // Secrets that people choose are in it: who has the database could try them out.
    digested: withoutSecrets,
    deadlineMs: DEADLINE_MS,
  } as WriteCase<'config.apply'>,
};

/** The kinds that a call names, all without names. */
function kindsOf(text: string | undefined): ReadonlySet<string> | Rejected {
  if (text === undefined) return new Set(EXPORT_KINDS.map(({ noun }) => noun));
  const found = new Set<string>();
  for (const name of text.split(',').map((part) => part.trim())) {
    const kind = exportKindOf(name);
    if (kind === undefined) {
      const known = EXPORT_KINDS.map(({ plural }) => plural);
      const hint = nearestHint(name, known);
      return invalid('kinds', `there is no kind "${name.slice(0, 60)}"${hint}`, `some of ${known.join(', ')}`);
    }
    found.add(kind.noun);
  }
  return found;
}

function summaryOf({ body }: { readonly body: SiteApply }): string {
  const counts = EXPORT_KINDS.flatMap(({ plural }) => {
    const list = body.site[plural];
    return Array.isArray(list) && list.length > 0 ? [`${list.length} ${plural}`] : [];
  });
  const pruned = body.prune === undefined || body.prune.length === 0 ? '' : `, prune ${body.prune.join(', ')}`;
  return `config apply ${counts.join(', ') || 'nothing'}${pruned}`.slice(0, 1000);
}

function withoutSecrets({ site, ...rest }: SiteApply): unknown {
  const lists = EXPORT_KINDS.flatMap(({ plural, secrets }) => {
    const list = site[plural];
    return Array.isArray(list) ? [[plural, list.map((object: FileObject) => bare(object, secrets))] as const] : [];
  });
  return { ...rest, site: Object.fromEntries(lists) };
}

function bare(object: FileObject, secrets: readonly SecretMember[]): FileObject {
  const known = secrets.map(({ member, within }): readonly [string, unknown] => {
    const value = object[member];
    if (within === undefined || typeof value !== 'object' || value === null) return [member, null];
    return [member, Object.fromEntries(Object.entries(value).filter(([name]) => !within.includes(name)))];
  });
  return { ...object, ...Object.fromEntries(known) };
}
