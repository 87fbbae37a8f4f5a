import { json, nothing } from '../../answer.ts';
import type { Args } from '../../args.ts';
import type { Handlers, MaasCall, PathValues } from '../../handler.ts';
import { viewTag } from '../../objects/base/groups.ts';
import { showDevices } from '../../objects/machines/devices.ts';
import { showMachines } from '../../objects/machines/machines.ts';
import { step } from '../../site.ts';
import { nounHandlers, param } from '../base/nouns.ts';
import { conflict } from '../base/refusals.ts';

/** Tags, and the machines that have them. */
export const TAG_HANDLERS: Handlers = {
  ...nounHandlers({
    noun: 'tag',
    all: 'Tags',
    one: 'Tag',
    list: ({ lists }) => lists.tags(),
    fields: {
      name: param.filled('name'),
      comment: param.text('comment'),
      // Texts here hold no line feeds, and XPath takes a blank for one.
      definition: ({ args }) => args.text('definition')?.replaceAll(/[\t\r\n]/g, ' '),
      kernelOptions: param.text('kernel_opts'),
    },
    view: () => viewTag,
  }),
  'Tag.delete': deleteTag,
  'Tag.machines': showTagged,
  'Tag.nodes': async ({ site, lists, path }) => {
    const { name } = await site.call('tag.show', { params: ref(path) });
    const machines = await showMachines(lists, await site.all('machine.list', { tag: name }));
    return json([...machines, ...(await showDevices(lists, await site.all('device.list', { tag: name })))]);
  },
  'Tag.devices': async ({ site, lists, path }) => {
    const { name } = await site.call('tag.show', { params: ref(path) });
    return json(await showDevices(lists, await site.all('device.list', { tag: name })));
  },
  // Racks and region nodes carry no tags here.
  'Tag.rack_controllers': noneTagged,
  'Tag.region_controllers': noneTagged,
  'Tag.update_nodes': updateNodes,
  // A change of a tag with a definition finds its machines again.
  'Tag.rebuild': async ({ site, path }) => {
    const { name } = await site.call('tag.set', { params: ref(path), body: {} });
    return json({ rebuilding: name });
  },
};

const ref = (path: PathValues) => ({ tag: path['name'] ?? '' });

async function showTagged({ site, lists, path }: MaasCall) {
  const { name } = await site.call('tag.show', { params: ref(path) });
  return json(await showMachines(lists, await site.all('machine.list', { tag: name })));
}

async function noneTagged({ site, path }: MaasCall) {
  await site.call('tag.show', { params: ref(path) });
  return json([]);
}

/** Machines lose a tag that goes, in the same change. */
async function deleteTag({ site, path }: MaasCall) {
  const { name, definition } = await site.call('tag.show', { params: ref(path) });
  const query = { tag: name, fields: 'id' };
  const tagged =
    definition === '' ? [...(await site.all('machine.list', query)), ...(await site.all('device.list', query))] : [];
  const untag = step('machine.tag-many', { body: { tag: name, remove: tagged.map(({ id }) => id) } });
  await site.together([...(tagged.length > 0 ? [untag] : []), step('tag.delete', { params: { tag: name } })]);
  return nothing();
}

/** Answers how many machines gained the tag, and how many lost it. */
async function updateNodes({ site, path, args }: MaasCall) {
  const { name, definition } = await site.call('tag.show', { params: ref(path) });
  const given = args.text('definition');
  if (given && given !== definition)
    conflict(`The tag ${name} has another definition by now. Rule: a rebuild is for the definition that the tag has.`);
  // Ids that are not known are left out, as MAAS does: a machine may have gone meanwhile.
  const body = { tag: name, add: idsOf(args, 'add'), remove: idsOf(args, 'remove') };
  const { added, removed } = await site.call('machine.tag-many', { body });
  return json({ added, removed });
}

/** Ids that machines may have. */
function idsOf(args: Args, name: string): string[] {
  return [...new Set(args.list(name))].filter((id) => id.length === 6);
}
