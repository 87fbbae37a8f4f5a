import Type, { type Static, type TSchema, type TUnsafe } from 'typebox';
import { nullable, oneOf, strict, text, WriteQuery } from './base/common.ts';
import { get, OPERATORS, post, WATCHERS } from './base/route-spec.ts';
import { FILE_FORM, FILES_MOST, type SiteFile as FileContent } from './site/export-form.ts';
import { EXPORT_KINDS } from './export-kinds.ts';
import { listOf } from './site/export-specials.ts';

/** A configuration file: each member lists objects of a kind. Members that an object leaves out stay as they are. */
export type SiteFile = FileContent;
export const SiteFile = strict({
  regent: Type.Optional(Type.Integer({ minimum: 1, description: `form of the file; this release reads ${FILE_FORM}` })),
  ...(Object.fromEntries(EXPORT_KINDS.map(({ plural, schema }) => [plural, listOf(schema)])) as Record<
    string,
    TSchema
  >),
}) as unknown as TUnsafe<FileContent>;

const PLURALS = EXPORT_KINDS.map(({ plural }) => plural);

const LeftOut = strict({ kind: Type.String(), why: Type.String() });

/** The configuration of the site as a file. */
export const SiteExport = strict({
  revision: Type.Integer({ description: 'of the configuration' }),
  site: SiteFile,
  leftOut: Type.Array(LeftOut, { description: 'kinds that the caller may not see' }),
});
export type SiteExport = Static<typeof SiteExport>;

const MemberChange = strict({ member: Type.String(), before: Type.Unknown(), after: Type.Unknown() });

/** What becomes of an object. */
const ObjectChange = strict({
  action: oneOf(['created', 'changed', 'deleted']),
  kind: Type.String({ description: 'its noun' }),
  name: Type.String(),
  place: nullable(Type.String({ description: 'where it stands in the file, such as zones/3; null: nowhere' })),
  members: Type.Array(MemberChange, { description: 'of a changed object' }),
});
export type ObjectChange = Static<typeof ObjectChange>;

/** What the application of a file did. */
export const SiteApplied = strict({
  revision: Type.Integer({ description: 'of the configuration before it' }),
  plan: Type.String({ description: 'digest of these changes: give it to apply these and no others' }),
  created: Type.Integer(),
  changed: Type.Integer(),
  unchanged: Type.Integer(),
  deleted: Type.Integer(),
  changes: Type.Array(ObjectChange),
  notes: Type.Array(Type.String(), { description: 'what else an operator should know' }),
});
export type SiteApplied = Static<typeof SiteApplied>;

const SiteApply = strict({
  site: SiteFile,
  prune: Type.Optional(
    Type.Array(oneOf(PLURALS), {
      maxItems: PLURALS.length,
      description: 'kinds of which objects are deleted that the file does not list; none when left out',
    }),
  ),
  plan: Type.Optional(text(64, 'digest of the changes that a dry run showed: refused if they would be others now')),
});
export type SiteApply = Static<typeof SiteApply>;

/** Calls about the configuration as a file. */
export const EXPORT_ROUTES = {
  'config.export': get('/config/export', 'The configuration as a file, without any secret', {
    roles: WATCHERS,
    query: strict({ kinds: Type.Optional(text(1000, 'plurals of nouns, with commas between; all when left out')) }),
    response: SiteExport,
  }),
  'config.apply': post('/config/apply', 'Make the site as a file has it, all of it or nothing', {
    roles: OPERATORS,
    query: WriteQuery,
    body: SiteApply,
    response: SiteApplied,
    status: 200,
    bodyLimit: FILES_MOST,
  }),
} as const;
