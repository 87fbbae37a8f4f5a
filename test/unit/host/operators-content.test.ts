import { afterAll, describe, expect, it } from 'vitest';
import type { FileContent } from '../../../src/core/host-values.ts';
import { withoutQuotes } from '../../../src/host/ask/checker-messages.ts';
import { performRequest } from '../../../src/host/helper-operations.ts';
import type { Host } from '../../../src/host/interface.ts';
import { helperPolicy } from '../../../src/main/helper-policy.ts';
import { siteListText, TRUST_FILES } from '../../../src/model/cluster/trust-files.ts';
import { renderService } from '../../../src/services/kit/render.ts';
import { SERVICES } from '../../../src/services/registry.ts';
import { desiredOf, goldenTemplates, serviceNamed } from '../../kit/goldens.ts';
import { CASES, FACTS } from '../../kit/snapshots.ts';

/** What a broken agent hands to the root helper: every input with its exact answer, printed as a table. Harmless: it names /etc/hostname and /bin/true. */

const templates = goldenTemplates();
const policy = helperPolicy(SERVICES, 'regent-agent', templates);
const table: string[] = [];
afterAll(() => console.log(`\nsecurity S2: input → answer\n${table.join('\n')}\n`));

/** The files that a service has in the first case that has this file. */
function fileOf(name: string, path: string): FileContent {
  const service = serviceNamed(name);
  for (const caseName of ['cluster', 'typical', 'large', 'rack', 'pair', 'recovered', ...Object.keys(CASES)]) {
    const desired = desiredOf(name, caseName);
    if (desired === null) continue;
    const files = renderService(service, desired, { facts: FACTS, templates, generation: 7 });
    const file = files.find(({ target }) => target === `${service.folder}/${path}`);
    if (file)
      return { path: file.target, content: file.content, mode: file.mode, owner: file.owner, group: file.group };
  }
  throw new Error(`no case has ${name}/${path}`);
}

const stagedOf = (name: string, file: FileContent): FileContent => {
  const { folder } = serviceNamed(name);
  return { ...file, path: `${folder}/.stage${file.path.slice(folder.length)}` };
};

/** A helper over files in memory. */
function helperOver(files: Map<string, string>) {
  const unused = () => Promise.reject(new Error('not in this test'));
  const host: Host = {
    files: {
      read: async (path) => files.get(path) ?? null,
      list: unused,
      install: async ({ path, content }) => void files.set(path, content),
      move: async (from, to) => {
        files.set(to, files.get(from) ?? '');
        files.delete(from);
      },
      remove: async (path) => void files.delete(path),
    },
    units: { state: unused, act: unused, mount: unused },
    exec: unused,
    facts: unused,
  };
  return async (op: 'install' | 'move', ...args: readonly unknown[]): Promise<string> => {
    try {
      await performRequest({ id: 1, op, args: [...args], deadlineMs: 1_000 }, host, policy);
      return 'done';
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  };
}

/** Puts a line in front of the first one that has this text, or at the end, and gives its number. */
function withLine(content: string, line: string, before: string): { content: string; at: number } {
  const lines = content.split('\n');
  const at = before === '' ? lines.length - 1 : lines.findIndex((text) => text.includes(before));
  if (at < 0) throw new Error(`no line has ${before}`);
  return { content: lines.toSpliced(at, 0, line).join('\n'), at: at + 1 };
}

/** Service, its file, a foreign line, and the text of the line that it stands in front of ('': at the end). */
const LINES: readonly (readonly [string, string, string, string])[] = [
  ['firewall', 'regent.nft', 'include "/etc/hostname"', 'table inet regent'],
  ['firewall', 'regent.nft', 'include "/etc/hostname"', ''],
  ['firewall', 'regent.nft', '\tinclude "/etc/hostname"', 'set members4'],
  ['firewall', 'regent.nft', 'define x = { 1.2.3.4 }', 'set members4'],
  ['firewall', 'regent.nft', 'flush ruleset', 'table inet regent'],
  ['firewall', 'regent.nft', 'table ip mine { chain x { type filter hook input priority 0; policy drop; } }', ''],
  ['firewall', 'regent.nft', '\t\telements = { 10.0.0.1, } ; include "/etc/hostname"', 'elements'],
  ['firewall', 'regent.nft', '\t\taccept', 'tcp dport { 2379'],
  ['vip', 'keepalived.conf', 'include /etc/hostname', 'global_defs'],
  ['vip', 'keepalived.conf', '    notify /bin/true', 'state BACKUP'],
  ['vip', 'keepalived.conf', '    notify_master "/bin/true x"', 'state BACKUP'],
  ['vip', 'keepalived.conf', 'vrrp_script x { script "/bin/true" }', 'vrrp_instance'],
  ['vip', 'keepalived.conf', '    script_user root', 'script_user'],
  ['vip', 'keepalived.conf', '@include /etc/hostname', ''],
  ['ntp', 'chrony.conf', 'include /etc/hostname', 'driftfile'],
  ['ntp', 'chrony.conf', 'confdir /etc', 'driftfile'],
  ['ntp', 'chrony.conf', 'sourcedir /etc', 'driftfile'],
  ['ntp', 'chrony.conf', 'keyfile /etc/hostname', 'driftfile'],
  ['ntp', 'chrony.conf', 'mailonchange root 0.5', 'driftfile'],
  ['ntp', 'chrony.conf', 'logdir /etc', 'driftfile'],
  ['ntp', 'chrony.conf', 'cmdallow all', 'driftfile'],
  ['ntp', 'regent.sources', 'server a iburst key 1', ''],
  ['dns', 'named.conf', 'include "/etc/hostname";', 'controls'],
  ['dns', 'named.conf', 'zone "x.test" { type primary; file "/etc/hostname"; };', ''],
  ['dns', 'named.conf', '\tpid-file "/etc/hostname";', 'recursion'],
  ['dns', 'named.conf', '\tdump-file "/etc/hostname";', 'recursion'],
  ['dns', 'named.conf', 'statistics-channels { inet * port 8053; };', 'options'],
  ['dns', 'named.conf', '\tinet * port 953 allow { any; } keys { "rndc-key"; };', 'inet 127.0.0.1'],
  ['dns', 'named.conf', 'dyndb "x" "/usr/lib/x.so" { };', 'options'],
  ['dns', 'named.conf', 'plugin query "/usr/lib/x.so";', 'options'],
  ['dns', 'zones/db.regent.internal', '$INCLUDE /etc/hostname', '@ SOA'],
  ['dns', 'zones/db.regent.internal', '$GENERATE 1-65535 h$ A 10.0.0.1', '@ SOA'],
  ['dns', 'local/loopback4', '$INCLUDE /etc/hostname', '@ NS'],
  ['dns', 'keys.conf', 'include "/etc/hostname";', 'key '],
  ['proxy', 'squid.conf', 'include /etc/hostname', 'acl CONNECT'],
  ['proxy', 'squid.conf', 'auth_param basic program /bin/true', 'acl CONNECT'],
  ['proxy', 'squid.conf', 'external_acl_type x %SRC /bin/true', 'acl CONNECT'],
  ['proxy', 'squid.conf', 'url_rewrite_program /bin/true', 'acl CONNECT'],
  ['proxy', 'squid.conf', 'acl x src "/etc/hostname"', 'acl CONNECT'],
  ['proxy', 'squid.conf', 'cache_effective_user root', 'acl CONNECT'],
  ['proxy', 'squid.conf', 'http_access allow all', 'http_access deny closed'],
  ['proxy', 'squid.conf', 'unlinkd_program /bin/true', 'acl CONNECT'],
  ['proxy', 'squid.conf', 'access_log daemon:/etc/x', 'cache_mem'],
  ['http', 'nginx.conf', 'include /etc/hostname;', 'events'],
  ['http', 'nginx.conf', 'load_module /usr/lib/x.so;', 'events'],
  ['http', 'nginx.conf', 'user root;', 'events'],
  ['http', 'nginx.conf', '    perl_modules /tmp;', 'server_tokens'],
  ['http', 'nginx.conf', '        location /etc/ { alias /etc/; }', 'location / {'],
  ['http', 'nginx.conf', '            alias /etc/regent/pki/node.key;', 'alias'],
  ['http', 'nginx.conf', '    ssl_certificate_key /etc/regent/pki/node.key;', 'server_tokens'],
  ['http', 'nginx.conf', '    access_log /etc/x;', 'server_tokens'],
  ['lb', 'haproxy.cfg', '    external-check', 'maxconn 4000'],
  ['lb', 'haproxy.cfg', '    lua-load /tmp/x.lua', 'maxconn 4000'],
  ['lb', 'haproxy.cfg', '    insecure-fork-wanted', 'maxconn 4000'],
  ['lb', 'haproxy.cfg', 'program x', 'defaults base'],
  ['lb', 'haproxy.cfg', '    http-request return status 200 file /etc/hostname', 'http-request del-header forwarded'],
  ['lb', 'haproxy.cfg', '    errorfile 503 /etc/hostname', 'retries 2'],
  ['lb', 'haproxy.cfg', '    server x 10.0.0.9:5251 ssl verify none', 'server '],
  ['lb', 'haproxy.cfg', '.include /etc/hostname', 'defaults base'],
  ['db', 'patroni.yml', '    on_start: /bin/true', 'on_start'],
  ['db', 'patroni.yml', '  post_bootstrap: /bin/true', 'post_init'],
  ['db', 'patroni.yml', '    archive_command: /bin/true', 'ssl:'],
  ['db', 'patroni.yml', '    ssl_passphrase_command: /bin/true', 'ssl:'],
  ['db', 'patroni.yml', '    shared_preload_libraries: x', 'ssl:'],
  ['db', 'patroni.yml', '    local_preload_libraries: x', 'ssl:'],
  ['db', 'patroni.yml', '  recovery_conf: { restore_command: /bin/true }', 'parameters:'],
  ['db', 'patroni.yml', '    - local all all trust', 'local all postgres peer'],
  ['db', 'patroni.yml', '  before_stop: /bin/true', 'callbacks:'],
  ['db', 'patroni.yml', '  custom_conf: /etc/hostname', 'callbacks:'],
  ['dcs', 'etcd.yml', 'log-outputs: [/etc/x]', 'logger'],
  ['dcs', 'etcd.yml', '  client-cert-auth: false', 'client-cert-auth'],
  ['dcs', 'etcd.yml', 'discovery: http://10.0.0.9/', 'heartbeat-interval'],
  ['dcs', 'members.yml', 'force-new-cluster: true', ''],
  ['tgt', 'targets', 'include /etc/hostname', ''],
  ['tgt', 'targets', 'image iqn.x:y /etc/hostname root 00', 'image '],
  ['tftp', 'map', 're ^x$ /etc/hostname', 'a .'],
  ['tftp', 'map', 'r .* /etc/hostname', 'a .'],
  ['tftp', 'grub/grub.cfg', 'configfile (http,10.0.0.9)/x', 'configfile'],
  ['tftp', 'autoexec.ipxe', 'chain http://10.0.0.9/x', 'autoboot'],
];

describe('a line that no template makes', () => {
  it.each(LINES)('%s %s: %s', async (name, path, line, before) => {
    const good = fileOf(name, path);
    const { content, at } = withLine(good.content, line, before);
    const staged = stagedOf(name, good);
    const files = new Map<string, string>();
    const ask = helperOver(files);

    const answer = await ask('install', { ...staged, content });
    table.push(`${staged.path}: ${line.trim()} → ${answer}`);

    const spec = serviceNamed(name).files.find((one: { grammar: { names: string } }) =>
      new RegExp(`^(?:${one.grammar.names})$`, 'u').test(path),
    );
    expect(answer).toBe(
      `"${staged.path}" is refused: line ${at} is not a line that the template ${spec?.template} makes there. Rule: a text that Regent itself writes.`,
    );
    expect(await ask('install', { ...good, content }), 'in its place, without staging').toContain(`line ${at} `);
    expect(files.size).toBe(0);
    // The same file without that line is taken.
    expect(await ask('install', staged)).toBe('done');
  });
});

/** Values in place of ours: the service, the file, a value of it, and the hostile one. */
const VALUES: readonly (readonly [string, string, RegExp, string])[] = [
  ['dns', 'named.conf', /include "\/etc\/bind\/regent\/keys\.conf"/, 'include "/etc/hostname"'],
  ['dns', 'named.conf', /file "\/etc\/bind\/regent\/zones\/[^"]+"/, 'file "/etc/hostname"'],
  ['dns', 'named.conf', /file "\/etc\/bind\/regent\/zones\/[^"]+"/, 'file "/etc/bind/regent/zones/../../rndc.key"'],
  ['dns', 'named.conf', /journal "[^"]+"/, 'journal "/var/lib/x"'],
  ['dns', 'zones/db.regent.internal', /^@ SOA \S+/m, '@ SOA $INCLUDE'],
  ['http', 'nginx.conf', /alias \S+;/, 'alias /etc/regent/pki/node.key;'],
  ['http', 'nginx.conf', /max_size=\d+m/, 'max_size=1m; include /etc/hostname; #m'],
  ['tftp', 'map', /\/usr\/lib\/ipxe\/undionly\.kpxe/, '/etc/hostname'],
  ['proxy', 'squid.conf', /^http_port \d+/m, 'http_port 8000 cert=/etc/hostname'],
  ['lb', 'haproxy.cfg', /description \S+/, 'description x insecure-setuid-wanted'],
  ['vip', 'keepalived.conf', /router_id \S+/, 'router_id x include'],
  ['db', 'patroni.yml', /^name: .*/m, 'name: "a", x: !!python/object'],
  ['dcs', 'etcd.yml', /^advertise-client-urls: .*/m, 'advertise-client-urls: "unix:///run/x:1"'],
  ['firewall', 'regent.nft', /comment "[^"]*"/, 'comment "x"; include "/etc/hostname"; #"'],
  ['firewall', 'regent.nft', /digest [0-9a-f]{64}/, `digest ${'0'.repeat(64)} x`],
];

describe('a value that is none of ours', () => {
  it.each(VALUES)('%s %s: %s', async (name, path, ours, hostile) => {
    const good = fileOf(name, path);
    expect(good.content).toMatch(ours);
    const content = good.content.replace(ours, () => hostile);
    const ask = helperOver(new Map());

    const answer = await ask('install', { ...stagedOf(name, good), content });
    table.push(`${good.path}: ${hostile} → ${answer}`);

    const at = content.split('\n').findIndex((line, index) => line !== good.content.split('\n')[index]) + 1;
    expect(answer).toContain(`is refused: line ${at} is not a line that the template `);
    expect(answer).not.toContain('hostname');
  });
});

type Change = (file: Record<string, unknown>) => void;
const dhcp4 =
  (change: Change): Change =>
  (file) =>
    change(file['Dhcp4'] as Record<string, unknown>);
/** Members in place of ours, and where the answer says that they stand. */
const MEMBERS: readonly (readonly [string, string, string, Change, string])[] = [
  [
    'dhcp',
    'kea-dhcp4.conf',
    'hooks-libraries: run_script',
    dhcp4((d) => {
      d['hooks-libraries'] = [{ library: 'libdhcp_run_script.so', parameters: { name: '/bin/true', sync: false } }];
    }),
    '/Dhcp4/hooks-libraries/0',
  ],
  [
    'dhcp',
    'kea-dhcp4.conf',
    'hooks-libraries: a path',
    dhcp4((d) => {
      d['hooks-libraries'] = [{ library: '/tmp/libdhcp_lease_cmds.so' }];
    }),
    '/Dhcp4/hooks-libraries/0',
  ],
  [
    'dhcp',
    'kea-dhcp4.conf',
    'loggers: a file',
    dhcp4((d) => {
      d['loggers'] = [{ name: 'kea-dhcp4', output_options: [{ output: '/etc/x' }] }];
    }),
    '/Dhcp4/loggers',
  ],
  [
    'dhcp',
    'kea-dhcp4.conf',
    'lease-database: another file',
    dhcp4((d) => {
      d['lease-database'] = { type: 'memfile', persist: true, name: '/etc/hostname', 'lfc-interval': 3600 };
    }),
    '/Dhcp4/lease-database/name',
  ],
  [
    'dhcp',
    'kea-dhcp4.conf',
    'control-socket: http',
    dhcp4((d) => {
      d['control-socket'] = { 'socket-type': 'http', 'socket-address': '0.0.0.0', 'socket-port': 8000 };
    }),
    '/Dhcp4/control-socket',
  ],
  ['dhcp', 'kea-dhcp4.conf', 'config-control', dhcp4((d) => (d['config-control'] = {})), '/Dhcp4'],
  ['dhcp', 'kea-dhcp4.conf', 'hosts-database', dhcp4((d) => (d['hosts-database'] = { type: 'mysql' })), '/Dhcp4'],
  ['dhcp', 'kea-dhcp4.conf', 'dhcp-ddns', dhcp4((d) => (d['dhcp-ddns'] = { 'enable-updates': true })), '/Dhcp4'],
  ['dhcp', 'kea-dhcp4.conf', 'Control-agent beside Dhcp4', (file) => (file['Control-agent'] = {}), '/'],
  [
    'db',
    'dynamic.json',
    'archive_command',
    ({ postgresql }) => Object.assign(Object(postgresql).parameters, { archive_command: '/bin/true' }),
    '/postgresql/parameters/archive_command',
  ],
  [
    'db',
    'dynamic.json',
    'restore_command',
    ({ postgresql }) => Object.assign(Object(postgresql), { recovery_conf: { restore_command: '/bin/true' } }),
    '/postgresql',
  ],
  [
    'db',
    'dynamic.json',
    'fsync off',
    ({ postgresql }) => Object.assign(Object(postgresql).parameters, { fsync: 'off' }),
    '/postgresql/parameters/fsync',
  ],
  ['dcs', 'epoch.json', 'a path as epoch', (file) => (file['epoch'] = '../../x'), '/epoch'],
  ['vip', 'health.json', 'a command as address', (file) => (file['address'] = '$(true)'), '/address'],
  ['votes', 'votes.json', 'a path as name', (file) => (file['name'] = '/etc/hostname'), '/name'],
  ['pairs', 'pairs.json', 'a path as key', (file) => (file['keys'] = ['../../etc_x']), '/keys/0'],
];

describe('a member of JSON that no template makes', () => {
  it.each(MEMBERS)('%s %s: %s', async (...[name, path, what, change, where]) => {
    const good = fileOf(name, path);
    const value = JSON.parse(good.content) as Record<string, unknown>;
    change(value);
    const ask = helperOver(new Map());

    const answer = await ask('install', { ...stagedOf(name, good), content: `${JSON.stringify(value, null, 2)}\n` });
    table.push(`${good.path}: ${what} → ${answer}`);

    expect(answer).toContain(`is refused: the member ${where} is not one that the template `);
    expect(await ask('install', stagedOf(name, good))).toBe('done');
  });

  it.each([
    ['Kea includes a file', (text: string) => `<?include "/etc/hostname"?>\n${text}`, 'it is not JSON'],
    ['a comment', (text: string) => `// x\n${text}`, 'it is not JSON'],
    [
      'a member that stands twice',
      (text: string) => text.replace('"Dhcp4": {', '"Dhcp4": { "server-tag": "x",'),
      'it is not written as Regent writes JSON',
    ],
  ])('%s', async (what, change, why) => {
    const good = fileOf('dhcp', 'kea-dhcp4.conf');
    const answer = await helperOver(new Map())('install', { ...good, content: change(good.content) });
    table.push(`${good.path}: ${what} → ${answer}`);
    expect(answer).toBe(`"${good.path}" is refused: ${why}. Rule: a text that Regent itself writes.`);
  });
});

describe('ways round the judgement', () => {
  const named = fileOf('dns', 'named.conf');
  const zone = fileOf('dns', 'zones/db.regent.internal');

  it.each([
    ['a zone becomes named.conf', '/etc/bind/regent/.stage/zones/db.regent.internal', named.path],
    ['an old file becomes another one', '/etc/bind/regent/.previous/zones/db.regent.internal', named.path],
    ['a file of one service becomes one of another', stagedOf('dns', named).path, '/etc/squid/regent/squid.conf'],
    ['a file in its place is put elsewhere', named.path, '/etc/bind/regent/keys.conf'],
  ])('%s', async (what, from, to) => {
    const answer = await helperOver(new Map([[from, 'x']]))('move', from, to);
    table.push(`${what} → ${answer}`);
    expect(answer).toMatch(
      /^Moving .* is refused\. Rule: from the staged file to its place in the folder of one service\.$/,
    );
  });

  it('a name that no file of the service has', async () => {
    const answer = await helperOver(new Map())('install', { ...zone, path: '/etc/bind/regent/other.conf' });
    table.push(`a zone as other.conf → ${answer}`);
    expect(answer).toContain('no file of this service has such a name, owner and mode');
  });

  it('a file of an earlier release is put aside and comes back, and becomes no other one', async () => {
    const old = { ...named, content: `include "/etc/hostname";\n${named.content}` };
    const previous = { ...old, path: '/etc/bind/regent/.previous/named.conf' };
    const files = new Map([[old.path, old.content]]);
    const ask = helperOver(files);
    expect(await ask('install', previous)).toBe('done');
    expect(await ask('install', stagedOf('dns', named))).toBe('done');
    expect(await ask('move', stagedOf('dns', named).path, named.path)).toBe('done');
    expect(files.get(named.path)).toBe(named.content);
    expect(await ask('install', old)).toBe('done');
    expect(files.get(named.path)).toBe(old.content);
    expect(await ask('install', { ...old, content: `${old.content}\n` })).toContain('is refused');
    expect(await ask('install', { ...old, path: '/etc/bind/regent/check/named.conf' })).toContain('is refused');
    table.push('named.conf of an earlier release, put aside and back → done; with one letter more → refused');
  });

  it.each([
    ['authority', 'include "/etc/hostname"', 'PEM of certificates'],
    ['key', '-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n', 'PEM of a private key'],
    ['site', 'x\n-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n', 'PEM of certificates and a key'],
    ['siteList', '/etc/hostname\n', 'one of the two lists of certificates'],
    ['siteList', `${siteListText(true)}/var/lib/x.pem [verify none]\n`, 'one of the two lists of certificates'],
  ] as const)('of the certificate files: %s', async (name, content, what) => {
    const file = TRUST_FILES[name];
    const answer = await helperOver(new Map())('install', { ...file, content });
    table.push(`${file.path}: ${JSON.stringify(content.slice(0, 40))} → ${answer}`);
    expect(answer).toBe(`"${file.path}" is refused: it is not ${what}. Rule: a text that Regent itself writes.`);
  });
});

/** What checkers print of a file that they should not have read, and what leaves the helper. */
const SECRET = 'hunter2-c2VjcmV0LW9mLWFub3RoZXItc2VydmljZQ==';
const STAGED = '/etc/x/regent/.stage/x.conf';
const OURS = 'options {\n\tlisten-on { any }\n};\n';
const MESSAGES: readonly (readonly [string, string, string])[] = [
  [
    'nft, another file',
    `In file included from ${STAGED}:1:1-22:\n/etc/hostname:1:1-4: Error: syntax error, unexpected string\n${SECRET}\n^^^^\n`,
    `In file included from ${STAGED}:1:1-22:\n/etc/hostname:1: …\n`,
  ],
  [
    'nft, our own line',
    `${STAGED}:2:13-15: Error: syntax error, unexpected string\n\tlisten-on { any }\n            ^^^\n`,
    `${STAGED}:2:13-15: Error: syntax error, unexpected string\n\tlisten-on { any }\n            ^^^\n`,
  ],
  ['named', `${STAGED}:2: missing ';' before '}'\n`, `${STAGED}:2: missing ';' before '}'\n`],
  ['named, a token of ours', `${STAGED}:2: unknown option 'listen-on'\n`, `${STAGED}:2: unknown option 'listen-on'\n`],
  ['named, another file', `/etc/bind/rndc.key:2: unknown option '${SECRET}'\n`, '/etc/bind/rndc.key:2: …\n'],
  ['named, a token of another file', `${STAGED}:2: unknown option '${SECRET}'\n`, `${STAGED}:2: unknown option '…'\n`],
  [
    'haproxy',
    `[ALERT] config : parsing [${STAGED}:2] : unknown keyword 'any' in 'options' section\n`,
    `[ALERT] config : parsing [${STAGED}:2] : unknown keyword 'any' in 'options' section\n`,
  ],
  ['nginx', `nginx: [emerg] unexpected "}" in ${STAGED}:3\n`, `nginx: [emerg] unexpected "}" in ${STAGED}:3\n`],
  ['a key', `-----BEGIN PRIVATE KEY-----\n${SECRET}\n-----END PRIVATE KEY-----\nerror: bad key\n`, 'error: bad key\n'],
  ['a key in a sentence', `error: cannot read ${SECRET} as a number\n`, 'error: cannot read … as a number\n'],
  [
    'squid, another line',
    `Processing: cachemgr_passwd ${SECRET}\nFATAL: Bungled ${STAGED} line 2: any\n`,
    `FATAL: Bungled ${STAGED} line 2: any\n`,
  ],
];

describe('what leaves the helper of a checker', () => {
  it.each(MESSAGES)('%s', (what, output, expected) => {
    const checked = { argv: ['/usr/sbin/x', STAGED], texts: [OURS] };
    const ran = { code: 1, signal: null, stdout: '', stderr: output, timedOut: false, failure: null };
    const { stderr } = withoutQuotes(ran, checked);
    table.push(`${what}: ${JSON.stringify(output)} → ${JSON.stringify(stderr)}`);
    expect(stderr).not.toContain('c2VjcmV0');
    expect(stderr).toBe(expected);
  });

  it('says nothing of a success', () => {
    const ran = { code: 0, signal: null, stdout: SECRET, stderr: SECRET, timedOut: false, failure: null };
    expect(withoutQuotes(ran, { argv: [], texts: [] })).toMatchObject({ stdout: '', stderr: '', code: 0 });
  });
});
