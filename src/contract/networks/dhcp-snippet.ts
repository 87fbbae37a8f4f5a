import { parseSnippetName, SNIPPET_MAX, SNIPPET_NAME_RULE } from '../../model/networks/dhcp-snippet.ts';
import { commentField, declare, flagField, nameField, textField, VERBS } from '../base/declare.ts';

/** A fragment of Kea's configuration that operators add: for all clients, a subnet, or a host. */
export const DHCP_SNIPPET = declare({
  noun: 'dhcp-snippet',
  plural: 'dhcp-snippets',
  verbs: VERBS,
  fields: {
    name: nameField({ max: 64, rule: SNIPPET_NAME_RULE, parse: parseSnippetName }),
    comment: commentField(),
    enabled: flagField('is it part of the configuration?'),
    scope: textField({
      max: 64,
      value: 'global|subnet|mac',
      help: 'whom it is for: global, a subnet (CIDR or name), or the MAC of an interface with a static lease',
      example: 'global',
      rule: 'global, a subnet, or a MAC',
    }),
    text: textField({
      max: SNIPPET_MAX,
      value: 'json',
      help: "a fragment of Kea's configuration, an object of JSON, or statements of dhcpd.conf; @FILE reads it from a file",
      example: '{"option-data":[{"name":"log-servers","data":"192.0.2.14"}]}',
      rule: `JSON or statements of at most ${SNIPPET_MAX} characters`,
      isLong: true,
    }),
  },
  counts: {},
  sorts: ['name'],
  filters: { name: 'part', scope: 'part' },
  // Whom it is for.
  file: { after: ['subnet', 'machine', 'device', 'reservation'] },
  usedBy: [],
  texts: {
    summary: "snippets: fragments of Kea's configuration for DHCP",
    example: 'hall-2',
    create: {
      summary:
        'add a fragment to what racks give to Kea; it stands in for the same setting of its scope, and the nearest scope counts',
      examples: [
        'regent dhcp-snippet create phones --scope 10.10.20.0/24 --text @phones.json --dry-run',
        `regent dhcp-snippet create syslog --text '{"option-data": [{"name": "log-servers", "data": "192.0.2.14"}]}'`,
        `regent dhcp-snippet create loghost --text 'option log-servers 192.0.2.14;'`,
      ],
    },
    set: {
      summary: 'change a snippet, or switch it off',
      examples: [
        'regent dhcp-snippet set phones --enabled off',
        'regent dhcp-snippet set phones --text @phones.json --dry-run',
      ],
    },
    delete: { summary: 'take a snippet out of the configuration' },
  },
});
