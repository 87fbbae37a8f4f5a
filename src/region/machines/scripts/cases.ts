import type { Script as ScriptAnswer, ScriptSet } from '../../../contract/machines/script.ts';
import { accept, invalid, refuse, show } from '../../../core/errors.ts';
import { stableJson } from '../../../core/stable-json.ts';
import {
  BUILT_IN_PREFIX,
  parseContent,
  parseScriptName,
  parseScriptTags,
  readMetadata,
  type Script,
  SCRIPT_PURPOSES,
  type ScriptMetadata,
} from '../../../model/machines/scripts/script.ts';
import { parseParameters } from '../../../model/machines/scripts/script-parameter.ts';
import {
  createSiteScript,
  deleteSiteScript,
  findSiteScript,
  listSiteScripts,
  type ScriptRow,
  SITE_SCRIPTS_MAX,
  siteScriptNames,
  updateSiteScript,
} from '../../../store/queries/machines/scripts/site-scripts.ts';
import type { Tx } from '../../../store/tx.ts';
import { pageBody, pageInMemory } from '../../base/paging.ts';
import { noSuch, parseRef } from '../../base/refs.ts';
import { autocommitReading, type CaseContext, target, writing } from '../../base/use-case.ts';

/** Use cases of scripts: those of the site, and those of the release beside them, which are not changed. */
export const scriptCases = {
  'script.list': autocommitReading('script.list', async (tx, { query }, context) => {
    const { name = '', purpose, hardware, tag, built_in: builtIn } = query ?? {};
    const all = [...context.builtInScripts.map(viewBuiltIn), ...(await listSiteScripts(tx)).map(viewOwn)];
    const wanted = all.filter(
      (script) =>
        script.name.toLowerCase().includes(name.toLowerCase()) &&
        (purpose === undefined || script.purpose === purpose) &&
        (hardware === undefined || script.hardware === hardware) &&
        (tag === undefined || script.tags.includes(tag)) &&
        (builtIn === undefined || script.builtIn === builtIn),
    );
    const order = { sorts: { name: nameOf }, defaultSort: 'name', key: nameOf };
    const page = accept(pageInMemory(wanted, order, query));
    return pageBody(page, withoutContent, query);
  }),

  'script.show': autocommitReading('script.show', async (tx, { params }, context) => {
    const builtIn = context.builtInScripts.find((script) => script.name === params.script);
    if (builtIn !== undefined) return { body: viewBuiltIn(builtIn) };
    const row = await scriptByRef(tx, params.script);
    return { body: viewOwn(row), version: row.version };
  }),

  'script.create': writing(
    'script.create',
    ({ body }) => `script create ${body.name}`,
    async (tx, { body }) => {
      const script = readScript(body, null);
      if ((await siteScriptNames(tx)).length >= SITE_SCRIPTS_MAX)
        refuse('conflict', `There are ${SITE_SCRIPTS_MAX} scripts. Rule: no more than that; delete one first.`);
      const row = await createSiteScript(tx, script);
      tx.emit({ kind: 'script.created', subject: row.name, data: withoutContent(viewOwn(row)) });
      return { body: viewOwn(row), version: row.version };
    },
  ),

  'script.set': writing(
    'script.set',
    ({ params }) => `script set ${params.script}`,
    async (tx, { params, body }, context) => {
      const old = await ownByRef(tx, params.script, context);
      const script = readScript(body, old);
      const row = accept(await updateSiteScript(tx, target(old.id, context), script));
      tx.emit({ kind: 'script.changed', subject: row.name, data: withoutContent(viewOwn(row)) });
      return { body: viewOwn(row), version: row.version };
    },
  ),

  'script.delete': writing(
    'script.delete',
    ({ params }) => `script delete ${params.script}`,
    async (tx, { params }, context) => {
      const old = await ownByRef(tx, params.script, context);
      const row = accept(await deleteSiteScript(tx, target(old.id, context)));
      tx.emit({ kind: 'script.deleted', subject: row.name, data: withoutContent(viewOwn(row)) });
      return { body: viewOwn(row) };
    },
  ),
};

const USUAL = {
  comment: '',
  purpose: 'commissioning',
  hardware: 'node',
  timeout: 300,
  parallel: false,
  destructive: false,
  tags: [],
  parameters: {},
} as const satisfies Omit<Script, 'name' | 'content'>;

/**
 * A script from a body: what is given, else what its comment says, else what it was. With another text its new comment counts. Refused: its comment
 * says otherwise than the body.
 */
function readScript(body: ScriptSet, old: ScriptRow | null): Script {
  const content = accept(parseContent(body.content ?? old?.content ?? ''));
  const metadata = accept(readMetadata(content));
  if (metadata.purpose !== undefined && !SCRIPT_PURPOSES.some((one) => one === metadata.purpose))
    refuse(invalid('purpose', `${metadata.purpose} is only for scripts of the release`, SCRIPT_PURPOSES.join(' or ')));
  const given = readGiven(body);
  const other = Object.entries(given).find(
    ([member, value]) => says(metadata, member) && !isEqual(metadata, member, value),
  );
  if (other !== undefined)
    refuse(invalid(other[0], `the script's own metadata says otherwise`, 'change it there, in its text'));
  const name = given.name ?? metadata.name ?? old?.name ?? '';
  if (name.startsWith(BUILT_IN_PREFIX))
    refuse(
      invalid(
        'name',
        `${show(name)} is not usable`,
        `names that begin with ${BUILT_IN_PREFIX} are those of the release`,
      ),
    );
  const { id: _id, version: _version, ...before } = old ?? { ...USUAL, id: 0, version: 0 };
  return { ...before, ...metadata, ...given, name, content };
}

function readGiven(body: ScriptSet): ScriptMetadata {
  const { comment, purpose, hardware, timeout, parallel, destructive } = body;
  const name = accept(body.name === undefined ? undefined : parseScriptName(body.name));
  const tags = accept(body.tags === undefined ? undefined : parseScriptTags(body.tags));
  const parameters = accept(body.parameters === undefined ? undefined : parseParameters(body.parameters));
  const all = { name, comment, purpose, hardware, timeout, parallel, destructive, tags, parameters };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}

function says(metadata: ScriptMetadata, member: string): boolean {
  return Object.hasOwn(metadata, member);
}

function isEqual(metadata: ScriptMetadata, member: string, value: unknown): boolean {
  return stableJson(metadata[member as keyof ScriptMetadata] ?? null) === stableJson(value ?? null);
}

async function scriptByRef(tx: Tx, text: string): Promise<ScriptRow> {
  const ref = parseRef(text);
  const row = await findSiteScript(tx, 'id' in ref ? ref : { name: text });
  return row ?? refuse(noSuch('script', text, await siteScriptNames(tx)));
}

async function ownByRef(tx: Tx, text: string, { builtInScripts }: CaseContext): Promise<ScriptRow> {
  if (builtInScripts.some(({ name }) => name === text))
    refuse(
      'conflict',
      `${text} is a script of the release. Rule: it is not changed; make one of your own from it: regent script download ${text}.`,
    );
  return scriptByRef(tx, text);
}

function nameOf({ name }: { readonly name: string }): string {
  return name;
}

function viewBuiltIn(script: Script): ScriptAnswer {
  return view(script, null);
}

function viewOwn({ id, version: _version, ...script }: ScriptRow): ScriptAnswer {
  return view(script, id);
}

function view({ tags, parameters, content, ...others }: Script, id: number | null): ScriptAnswer {
  const size = Buffer.byteLength(content);
  return { id, ...others, builtIn: id === null, tags: [...tags], parameters: { ...parameters }, size, content };
}

function withoutContent({ content: _content, ...others }: ScriptAnswer): ScriptAnswer {
  return others;
}
