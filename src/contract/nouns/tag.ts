import { parseTag, TAG_RULE } from '../../model/nouns/tag.ts';
import { commentField, declare, nameField, VERBS } from './declare.ts';

/** A tag: a label that operators give to machines. */
export const TAG = declare({
  noun: 'tag',
  plural: 'tags',
  component: 'Tag',
  verbs: VERBS,
  fields: { name: nameField({ max: 64, rule: TAG_RULE, parse: parseTag }), comment: commentField() },
  counts: { machines: { table: 'machine_tags', column: 'tag_id', description: 'machines that have it' } },
  sorts: ['name'],
  filters: { name: 'part' },
  usedBy: [],
  carriedBy: 'machine',
  texts: {
    summary: 'tags: labels of machines',
    example: 'gpu',
    create: {
      summary: 'create a tag; machines get it with: regent machine set MACHINE --tags TAG,TAG',
      examples: ["regent tag create gpu --comment 'has a graphics card'"],
    },
    set: { summary: 'rename a tag, or change its comment' },
    delete: {
      summary: 'delete a tag that no machine has',
      next: (name) => ({ in_use: [`Its machines: regent machine list --tag ${name}`] }),
    },
  },
});
