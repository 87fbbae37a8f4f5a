import type { Script } from '../../../../contract/machines/script.ts';
import { RejectedError, isRejected } from '../../../../core/errors.ts';
import { readMembersOf, readMetadata } from '../../../../model/machines/scripts/script.ts';
import { bytes, json, nothing } from '../../answer.ts';
import type { Args } from '../../args.ts';
import type { Handlers, MaasCall, PathValues } from '../../handler.ts';
import { numberOf, uriOf } from '../../objects/base/uri.ts';
import { badValue, calling } from '../base/refusals.ts';

const TYPES: Readonly<Record<string, { readonly number: number; readonly name: string }>> = {
  commissioning: { number: 0, name: 'Commissioning script' },
  testing: { number: 2, name: 'Testing script' },
  deploying: { number: 0, name: 'Commissioning script' },
  erasing: { number: 3, name: 'Release script' },
};
/** What scripts examine, in the order of MAAS's numbers. */
export const HARDWARE = ['node', 'cpu', 'memory', 'storage', 'network'] as const;
const HARDWARE_NAMES = { node: 'Node', cpu: 'CPU', memory: 'Memory', storage: 'Storage', network: 'Network' } as const;
/** Purposes by MAAS's names and numbers. */
const PURPOSES: Readonly<Record<string, 'commissioning' | 'testing'>> = {
  commissioning: 'commissioning',
  '0': 'commissioning',
  testing: 'testing',
  test: 'testing',
  '2': 'testing',
};

const EARLIER = 'the id of the text that stands; for earlier ones: regent config history, regent config rollback';

/** Scripts of the site and of the release. */
export const SCRIPT_HANDLERS: Handlers = {
  'NodeScripts.read': async ({ site, args }) => {
    const scripts = await site.all('script.list');
    const [type, hardware, filters] = [args.text('type'), args.text('hardware_type'), args.list('filters')];
    const meant = scripts.filter(
      ({ name, tags }) => filters.length === 0 || filters.some((one) => one === name || tags.includes(one)),
    );
    const isWhole = args.flag('include_script') === true;
    const shown: ReturnType<typeof viewScript>[] = [];
    for (const one of meant)
      shown.push(viewScript(isWhole ? await site.call('script.show', { params: { script: one.name } }) : one, isWhole));
    return json(
      shown.filter(
        (one) =>
          (!type || String(one.type) === type || one.type_name.toLowerCase().startsWith(type.toLowerCase())) &&
          (!hardware || String(one.hardware_type) === hardware || HARDWARE[one.hardware_type] === hardware),
      ),
    );
  },
  'NodeScripts.create': async ({ site, args }) => {
    const content = contentOf(args) ?? '';
    const metadata = metadataOf(content);
    const name =
      args.text('name') || metadata.name || badValue('name', 'it is missing', 'here, or in the text of the script');
    const fields = fieldsOf(args);
    // As in MAAS: a script without a purpose is a test.
    const purpose = fields.purpose ?? (metadata.purpose === undefined ? 'testing' : undefined);
    const body = { ...fields, purpose, name, content };
    return json(viewScript(await site.call('script.create', { body }).catch(naming)));
  },
  'NodeScript.read': async ({ site, path, args }) => {
    const script = await site.call('script.show', { params: ref(path) });
    return json(viewScript(script, args.flag('include_script') === true));
  },
  'NodeScript.update': async ({ site, path, args }) => {
    const body = { ...fieldsOf(args), name: args.text('name') || undefined, content: contentOf(args) };
    return json(viewScript(await site.call('script.set', { params: ref(path), body }).catch(naming)));
  },
  // Only its current text is stored with it; earlier ones are in the history of the site.
  'NodeScript.revert': async ({ site, path, args }) => {
    const script = viewScript(await site.call('script.show', { params: ref(path) }), true);
    if (args.text('to') !== String(script.id)) badValue('to', 'it is not stored here', EARLIER);
    return json(script);
  },
  'NodeScript.delete': async ({ site, path }) => {
    await site.call('script.delete', { params: ref(path) });
    return nothing();
  },
  'NodeScript.download': async ({ site, path }) => {
    const { content = '' } = await site.call('script.show', { params: ref(path) });
    return bytes(Buffer.from(content), 'text/plain; charset=utf-8');
  },
  'NodeScript.add_tag': async (call) => setTags(call, (tags, tag) => [...new Set([...tags, tag])]),
  'NodeScript.remove_tag': async (call) => setTags(call, (tags, tag) => tags.filter((one) => one !== tag)),
  'CommissioningScripts.read': async ({ site }) =>
    json((await site.all('script.list', { purpose: 'commissioning', built_in: false })).map(({ name }) => name)),
  'CommissioningScripts.create': async ({ site, args }) => {
    const file = args.file('content');
    const content = file?.content.toString('utf8') ?? args.text('content') ?? '';
    const name = args.text('name') || file?.filename || badValue('name', 'it is missing', 'the name of the script');
    await site.call('script.create', { body: { name, content, purpose: 'commissioning' } });
    return json({ name, content: Buffer.from(content).toString('base64') });
  },
  'CommissioningScript.update': async ({ site, path, args }) => {
    await site.call('script.show', { params: ref(path) });
    const content = args.file('content')?.content.toString('utf8') ?? args.text('content') ?? '';
    const { name } = await site.call('script.set', { params: ref(path), body: { content } });
    return json({ name, content: Buffer.from(content).toString('base64') });
  },
  'CommissioningScript.read': async ({ site, path }) => {
    const { content = '' } = await site.call('script.show', { params: ref(path) });
    return bytes(Buffer.from(content), 'text/plain; charset=utf-8');
  },
  'CommissioningScript.delete': async ({ site, path }) => {
    await site.call('script.delete', { params: ref(path) });
    return nothing();
  },
};

const naming = calling({
  content: 'script',
  purpose: 'type',
  hardware: 'hardware_type',
  comment: 'description',
  timeoutSeconds: 'timeout',
});

const ref = (path: PathValues) => ({ script: path['name'] ?? '' });

async function setTags({ site, path, args }: MaasCall, change: (tags: readonly string[], tag: string) => string[]) {
  const { tags } = await site.call('script.show', { params: ref(path) });
  const body = { tags: change(tags, args.text('tag') ?? '') };
  return json(viewScript(await site.call('script.set', { params: ref(path), body })));
}

/** The text of a script: a file of that name, the only file, or a value. */
function contentOf(args: Args): string | undefined {
  const [only, second] = args.files();
  const file = args.file('script') ?? (second === undefined ? only : undefined);
  return file?.content.toString('utf8') ?? args.text('script');
}

/** The metadata in the text of a script. */
function metadataOf(content: string) {
  const metadata = readMetadata(content);
  if (isRejected(metadata)) throw new RejectedError(metadata);
  return metadata;
}

function fieldsOf(args: Args) {
  const type = args.text('type') || args.text('script_type');
  const purpose = type ? PURPOSES[type.toLowerCase()] : undefined;
  if (type && !purpose) badValue('type', `${type} is not known`, 'commissioning or testing');
  const given = args.text('hardware_type');
  const hardware = given
    ? HARDWARE.find((one, index) => one === given.toLowerCase() || String(index) === given)
    : undefined;
  if (given && !hardware) badValue('hardware_type', `${given} is not known`, HARDWARE.join(', '));
  const timeout = secondsOf(args.text('timeout'));
  return {
    comment: args.text('description'),
    purpose,
    hardware,
    timeout,
    destructive: args.flag('destructive'),
    parallel: args.text('parallel') ? args.text('parallel') !== '0' && args.text('parallel') !== 'disabled' : undefined,
    tags: args.has('tags') ? [...args.list('tags')] : undefined,
  };
}

/** Seconds, or hours, minutes and seconds. */
function secondsOf(text: string | undefined): number | undefined {
  if (!text) return undefined;
  const [, hours = '0', minutes = '0', seconds = ''] = /^(?:(?:(\d{1,3}):)?(\d{1,2}):)?(\d{1,7})$/.exec(text) ?? [];
  if (seconds === '') return badValue('timeout', `${text} is not usable`, 'seconds, or H:MM:SS');
  return (Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds);
}

/** The number of a script; those of the release have one by their name. */
export function scriptNumber(name: string, script: Pick<Script, 'id'> | undefined): number {
  return script?.id ?? numberOf('script', name);
}

/** How scripts run beside others, by MAAS's names. */
const PARALLEL = {
  disabled: { parallel: 0, parallel_name: 'Disabled' },
  instance: { parallel: 1, parallel_name: 'Run along other instances of this script' },
  any: { parallel: 2, parallel_name: 'Run along any other script' },
} as const;

function parallelOf({ parallel }: Script, setting: unknown) {
  if (!parallel) return PARALLEL.disabled;
  return setting === 'instance' || setting === '1' ? PARALLEL.instance : PARALLEL.any;
}

function viewScript(script: Script, hasContent = false) {
  const type = TYPES[script.purpose] ?? { number: 0, name: 'Commissioning script' };
  const hardware = HARDWARE.indexOf(script.hardware);
  const id = scriptNumber(script.name, script);
  const two = (value: number) => String(value).padStart(2, '0');
  // In lists the text is left out, and with it the metadata that only the text has.
  const members = readMembersOf(script.content ?? '');
  const timeout = `${Math.floor(script.timeout / 3600)}:${two(Math.floor(script.timeout / 60) % 60)}:${two(script.timeout % 60)}`;
  return {
    id,
    name: script.name,
    title: typeof members['title'] === 'string' && members['title'] !== '' ? members['title'] : script.name,
    description: script.comment,
    tags: script.tags,
    type: type.number,
    type_name: type.name,
    hardware_type: hardware,
    hardware_type_name: HARDWARE_NAMES[script.hardware],
    ...parallelOf(script, members['parallel']),
    results: typeof members['results'] === 'object' && !Array.isArray(members['results']) ? members['results'] : {},
    parameters: script.parameters,
    packages: {},
    timeout,
    destructive: script.destructive,
    for_hardware: [],
    may_reboot: false,
    recommission: false,
    history: [
      {
        id,
        comment: null,
        created: '',
        ...(hasContent ? { data: Buffer.from(script.content ?? '').toString('base64') } : {}),
      },
    ],
    default: script.builtIn,
    apply_configured_networking: false,
    resource_uri: uriOf('scripts', script.name).replace(/\/$/, ''),
  };
}
