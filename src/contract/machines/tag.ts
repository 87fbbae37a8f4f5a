import { parseTag, TAG_RULE } from '../../model/machines/tags/tag.ts';
import Type, { type TString } from 'typebox';
import { parseDefinition } from '../../model/machines/tags/definition.ts';
import { RULE_MAX } from '../../model/machines/tags/hardware-rule.ts';
import {
  KERNEL_OPTIONS_MAX,
  KERNEL_OPTIONS_RULE,
  parseKernelOptions,
} from '../../model/machines/tags/kernel-options.ts';
import { isRejected } from '../../core/errors.ts';
import { commentField, declare, type Field, nameField, VERBS } from '../base/declare.ts';

/** When machines have a tag by themselves; empty: operators give it. */
function definitionField(): Field<TString, TString, true> {
  const help =
    'the hardware that a machine must report to have the tag, such as memory.kb >= 16M, or XPath over what lshw -xml shows; "" ends it, machines keep the tag then';
  return {
    answer: Type.String({ description: help }),
    input: Type.String({ maxLength: RULE_MAX, description: help }),
    isOptional: true,
    isUnique: false,
    option: { value: 'rule', help, example: 'memory.kb >= 16M' },
    grammar: () => `A definition has at most ${RULE_MAX} characters and no control characters.`,
    parse: (value, field) => {
      const text = value.trim();
      const rule = text === '' ? null : parseDefinition(text, field);
      return isRejected(rule) ? rule : text;
    },
  };
}

/** What the kernels of its machines get; empty: nothing. */
function kernelOptionsField(): Field<TString, TString, true> {
  const help =
    'options of the kernel of each machine that has the tag, in what it boots and on its disk, such as intel_iommu=on; "": none';
  return {
    answer: Type.String({ description: help }),
    input: Type.String({ maxLength: 2 * KERNEL_OPTIONS_MAX, description: help }),
    isOptional: true,
    isUnique: false,
    option: { value: 'options', help, example: 'intel_iommu=on' },
    grammar: () => `The tag’s kernel options break the rule: ${KERNEL_OPTIONS_RULE}.`,
    parse: (value, field) => parseKernelOptions(value, field),
  };
}

/** A tag: a label that operators give to machines. */
export const TAG = declare({
  noun: 'tag',
  plural: 'tags',
  verbs: VERBS,
  fields: {
    name: nameField({ max: 64, rule: TAG_RULE, parse: parseTag }),
    comment: commentField(),
    definition: definitionField(),
    kernelOptions: kernelOptionsField(),
  },
  counts: { machines: { table: 'machine_tags', column: 'tag_id', description: 'machines that have it' } },
  sorts: ['name'],
  filters: { name: 'part' },
  usedBy: [],
  carriedBy: 'machine',
  page: {
    title: 'Tags',
    text: 'Tags label machines. A tag with a rule is set automatically from hardware; its kernel options apply to every tagged machine.',
  },
  texts: {
    summary: 'tags: labels of machines',
    example: 'gpu',
    create: {
      summary: 'create a tag; machines get it with: regent machine set MACHINE --tags TAG,TAG',
      examples: [
        "regent tag create gpu --comment 'has a graphics card'",
        `regent tag create big --definition 'memory.kb >= 64M and disks.bytes > 1T'`,
        "regent tag create passthrough --kernel-options 'intel_iommu=on iommu=pt'",
        `regent tag create display --definition '//node[@class="display"]/vendor[contains(., "NVIDIA")]'`,
        `regent tag create mellanox --definition 'pci.vendor == "15b3"'`,
      ],
    },
    set: { summary: 'rename a tag, or change its comment, definition or kernel options' },
    delete: {
      summary: 'delete a tag that no machine has, or has by its definition',
      next: (name) => ({ in_use: [`Its machines: regent machine list --tag ${name}`] }),
    },
  },
});
