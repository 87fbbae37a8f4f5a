import type { Script } from '../../../../contract/network/script.ts';
import { bytes, json, nothing } from '../../answer.ts';
import type { Args } from '../../args.ts';
import type { Handlers, MaasCall } from '../../handler.ts';
import { numberOf, uriOf } from '../../objects/uri.ts';
import { badValue } from '../refusals.ts';

const TYPES: Readonly<Record<string, { readonly number: number; readonly name: string }>> = {
  commissioning: { number: 0, name: 'Commissioning script' },
  testing: { number: 2, name: 'Testing script' },
  deploying: { number: 0, name: 'Commissioning script' },
  erasing: { number: 3, name: 'Release script' },
};
const HARDWARE = ['node', 'cpu', 'memory', 'storage', 'network'] as const;
/** Purposes by MAAS's words and numbers. */
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
    const [type, hardware] = [args.text('type'), args.text('hardware_type')];
    const shown = scripts.map((script) => viewScript(script));
    return json(
      shown.filter(
        (one) =>
          (!type || String(one.type) === type || one.type_name.toLowerCase().startsWith(type.toLowerCase())) &&
          (!hardware || String(one.hardware_type) === hardware || HARDWARE[one.hardware_type] === hardware),
      ),
    );
  },
  'NodeScripts.create': async ({ site, args }) => {
    const body = { ...fieldsOf(args), name: args.text('name') ?? '', content: contentOf(args) ?? '' };
    return json(viewScript(await site.call('script.create', { body })));
  },
  'NodeScript.read': async ({ site, path, args }) => {
    const script = await site.call('script.show', { params: ref(path) });
    return json(viewScript(script, args.flag('include_script') === true));
  },
  'NodeScript.update': async ({ site, path, args }) => {
    const body = { ...fieldsOf(args), content: contentOf(args) };
    return json(viewScript(await site.call('script.set', { params: ref(path), body })));
  },
  // Its text alone is kept with it; earlier ones are in the history of the site.
  'NodeScript.revert': async ({ site, path, args }) => {
    const script = viewScript(await site.call('script.show', { params: ref(path) }), true);
    if (args.text('to') !== String(script.id)) badValue('to', 'it is not kept', EARLIER);
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

type Path = Readonly<Record<string, string>>;
const ref = (path: Path) => ({ script: path['name'] ?? '' });

async function setTags({ site, path, args }: MaasCall, change: (tags: readonly string[], tag: string) => string[]) {
  const { tags } = await site.call('script.show', { params: ref(path) });
  const body = { tags: change(tags, args.text('tag') ?? '') };
  return json(viewScript(await site.call('script.set', { params: ref(path), body })));
}

function contentOf(args: Args): string | undefined {
  return args.file('script')?.content.toString('utf8') ?? args.text('script');
}

function fieldsOf(args: Args) {
  const type = args.text('type');
  const purpose = type ? PURPOSES[type.toLowerCase()] : undefined;
  if (type && !purpose) badValue('type', `${type} is not known`, 'commissioning or testing');
  const given = args.text('hardware_type');
  const hardware = given
    ? HARDWARE.find((one, index) => one === given.toLowerCase() || String(index) === given)
    : undefined;
  if (given && !hardware) badValue('hardware_type', `${given} is not known`, HARDWARE.join(', '));
  const timeout = args.text('timeout');
  if (timeout && !/^\d{1,7}$/.test(timeout)) badValue('timeout', `${timeout} is not usable`, 'seconds');
  return {
    comment: args.text('description'),
    purpose,
    hardware,
    timeout: timeout ? Number(timeout) : undefined,
    destructive: args.flag('destructive'),
    parallel: args.text('parallel') ? args.text('parallel') !== '0' && args.text('parallel') !== 'disabled' : undefined,
    tags: args.has('tags') ? [...args.list('tags')] : undefined,
  };
}

function viewScript(script: Script, hasContent = false) {
  const type = TYPES[script.purpose] ?? { number: 0, name: 'Commissioning script' };
  const hardware = HARDWARE.indexOf(script.hardware);
  const id = script.id ?? numberOf('script', script.name);
  const two = (value: number) => String(value).padStart(2, '0');
  const timeout = `${Math.floor(script.timeout / 3600)}:${two(Math.floor(script.timeout / 60) % 60)}:${two(script.timeout % 60)}`;
  return {
    id,
    name: script.name,
    title: script.name,
    description: script.comment,
    tags: script.tags,
    type: type.number,
    type_name: type.name,
    hardware_type: hardware,
    hardware_type_name: script.hardware.charAt(0).toUpperCase() + script.hardware.slice(1),
    parallel: script.parallel ? 2 : 0,
    parallel_name: script.parallel ? 'Run along any other script' : 'Disabled',
    results: {},
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
