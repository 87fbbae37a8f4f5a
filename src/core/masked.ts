import { jsonOrNull } from './json.ts';

/*
 * The one list of what is a secret: logs of nodes, the support bundle, and the tests that search both for secrets read it here.
 */

/** What stands in the place of a secret. */
export const HIDDEN = '***';

/** Members of objects whose texts are secrets, by the last part of their names. */
const SECRET_MEMBER =
  /(?:^|[_-])(?:pass(?:w(?:or)?d|phrase)?|secrets?|token|key_?material|(?:private|api|recovery)_?key|cookie|credentials?|cipher|signature|user_?data|k_g|k_r)$/i;

/** Files with secrets in a folder. `isMixed`: most of their texts are none, so only members of such names count. */
export type SecretFile = { readonly folder: string; readonly names: RegExp; readonly isMixed?: true };

/** Files of a host that hold secrets: a bundle never has one of them, and their texts are replaced wherever else they stand. */
export const SECRET_FILES: readonly SecretFile[] = [
  { folder: '/etc/regent/secrets', names: /./ },
  { folder: '/etc/regent/pki', names: /\.(?:key|pem)$/ },
  { folder: '/etc/regent', names: /^regent\.conf$/ },
  { folder: '/etc/regent/backup', names: /./ },
  { folder: '/etc/bind/regent', names: /^keys\.conf$/ },
  { folder: '/var/lib/regent/region/pki', names: /\.key$|^secrets\.json$/ },
  { folder: '/var/lib/regent/agent', names: /^(?:credential|rack-key)$/ },
  { folder: '/var/lib/regent/agent', names: /^ledger\.json$/, isMixed: true },
  { folder: '/var/lib/regent', names: /^(?:(?:init|join)-under-\w+|restore-unfinished)\.json$/ },
  { folder: '/root/.config/regent', names: /^config\.json$/ },
];

/** Is it a file of `SECRET_FILES`, or a copy of one that the agent stores beside it? */
export function isSecretFile(path: string): boolean {
  const [, folder = '', name = ''] = /^(.*?)(?:\/\.(?:stage|previous|trial))?\/([^/]+)$/.exec(path) ?? [];
  return SECRET_FILES.some((file) => file.folder === folder && file.names.test(name));
}

/** What stands before a secret in daemons' output, and which part is replaced. */
const RULES: readonly (readonly [what: RegExp, instead: string])[] = [
  // A private key, as far as the line has it.
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*/g, `-----BEGIN PRIVATE KEY-----${HIDDEN}`],
  // The password of an address: postgres://regent:secret@127.0.0.1
  [/(:\/\/[^\s:/@]*:)[^\s/@]+(?=@)/g, `$1${HIDDEN}`],
  // HTTP: Authorization: Bearer …, Cookie: …
  [/\b((?:proxy-)?authorization|(?:set-)?cookie)("?\s*[:=]\s*).+/gi, `$1$2${HIDDEN}`],
  [/\b(bearer|basic)\s+[\w+/=.~:-]{8,}/gi, `$1 ${HIDDEN}`],
  // password=…, "apiKey": "…", PASSWORD '…', oauth_signature="…"
  [
    /((?:pass(?:word|wd|phrase)?|pwd|secret|token|signature|api[_-]?key|private[_-]?key|credential)s?"?\s*(?:[=:]\s*|\s(?=')))("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|[^\s,;&'"]+)/gi,
    `$1${HIDDEN}`,
  ],
  // A key of the API and a token that lets a host in.
  [/\b[\w-]{12,}:[\w-]{12,}:[\w-]{20,}\b/g, HIDDEN],
  [/\bregent\d+-[\w-]{8,}/g, HIDDEN],
];

/**
 * A line of a program as people may read it: values that look like secrets are `***`. Programs name secrets in many forms, so this is only the second
 * fence: Regent's own code writes no secret to a log. Pure.
 */
export function maskSecrets(line: string): string {
  return RULES.reduce((text, [what, instead]) => text.replace(what, instead), line);
}

/** A run of characters that only a machine makes: a key, a token, a hash. */
const LONG_RUN = /[A-Za-z0-9+/_-]{32,}={0,2}/g;
/** Long runs that people need: a name or a path in small letters; a UUID with its dashes. */
const PLAIN_RUNS: readonly RegExp[] = [
  /^[a-z_./-]+$/,
  /^\/?[a-z0-9_-]{1,31}(?:\/[a-z0-9_-]{1,31})+\/?$/,
  /^(?!(?:[0-9a-f]{7}-){4})[a-z0-9]{1,15}(?:[-_][a-z0-9]{1,15})+$/,
  /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/,
];
const DIGEST_LINE = /sha-?(?:1|256)|digest|commit/i;
const DIGEST_RUN = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/;
/** Lines inside of a private key. */
const KEY_BLOCK = /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g;

/**
 * A text of many lines for people outside of the site: as `maskSecrets`, and without every long run of characters that may be a key. `known`: texts that
 * are secrets; they go whatever stands around them. Digests stay in lines that say that they have one. Pure.
 */
export function maskText(text: string, known: readonly string[] = []): string {
  // The longest first: one secret may be a part of another.
  const ordered = [...known].sort((a, b) => b.length - a.length);
  const plain = ordered.reduce((rest, secret) => rest.replaceAll(secret, HIDDEN), text);
  return plain.replaceAll(KEY_BLOCK, `-----BEGIN PRIVATE KEY-----${HIDDEN}`).split('\n').map(maskLine).join('\n');
}

/** Most lines of a log have nothing that a rule could begin with. */
const HINT =
  /pass|pwd|secret|token|signature|key|credential|cookie|authori[sz]ation|bearer|basic|:\/\/|-----|[\w-]{12}:[\w-]{12}|regent\d|[A-Za-z0-9+/_-]{32}/i;

function maskLine(line: string): string {
  if (!HINT.test(line)) return line;
  const isAbout = DIGEST_LINE.test(line);
  const keep = (run: string) => PLAIN_RUNS.some((plain) => plain.test(run)) || (isAbout && DIGEST_RUN.test(run));
  return maskSecrets(line).replaceAll(LONG_RUN, (run) => (keep(run) ? run : HIDDEN));
}

/** A value of JSON with its secrets masked: members of such names, and what `maskSecrets` finds in texts. Pure. */
export function maskValue(value: unknown, known: readonly string[] = []): unknown {
  if (typeof value === 'string')
    return known.reduce((rest, secret) => rest.replaceAll(secret, HIDDEN), maskSecrets(value));
  if (Array.isArray(value)) return value.map((item) => maskValue(item, known));
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value).map(([name, member]) => {
    const isSecret = isSecretMember(name) && (typeof member === 'string' || Array.isArray(member)) && member.length > 0;
    return [name, isSecret ? HIDDEN : maskValue(member, known)] as const;
  });
  return Object.fromEntries(members);
}

/** Is the text of a member of this name a secret? Names in `camelCase` count as `camel_case`. */
export function isSecretMember(name: string): boolean {
  return SECRET_MEMBER.test(name.replaceAll(/([a-z])([A-Z])/g, '$1_$2'));
}

/** What only a machine writes: a key or its line, the parts of a credential. */
const MACHINE_MADE = /^(?=.*\d)[A-Za-z0-9+/_-]{16,}={0,2}$/;
/** Characters of the shortest text that counts as a secret of a file. */
const SECRET_MIN = 6;
/** `NAME=value`, `NAME: value`, `name "value";` */
const ASSIGNMENT = /^([A-Za-z_][\w.-]*)(?:\s*=\s*|:\s+|\s+(?="))"?([^"\s;]+)"?;?$/;

/** The secrets in a file of `SECRET_FILES`: they must stand in no bundle. Pure. */
export function secretsIn(content: string, isMixed = false): readonly string[] {
  const value = jsonOrNull(content);
  const isJson = typeof value === 'object' && value !== null;
  const texts = isJson ? secretsOfValue('', value, isMixed) : content.split('\n').flatMap(secretsOfLine);
  // Shorter ones would replace what is no secret.
  return [...new Set(texts)].filter((text) => text.length >= SECRET_MIN);
}

function secretsOfLine(line: string): readonly string[] {
  const [, name = '', value = ''] = ASSIGNMENT.exec(line.trim()) ?? [];
  const [, password] = /:\/\/[^\s:/@]*:([^\s/@]+)@/.exec(line) ?? [];
  const parts = name === '' ? line.trim().split(':') : [];
  return [
    ...(isSecretMember(name) && value !== '' ? [value] : []),
    ...(password === undefined ? [] : [password]),
    ...parts.filter((part) => MACHINE_MADE.test(part)),
  ];
}

function secretsOfValue(name: string, value: unknown, isMixed: boolean): readonly string[] {
  if (typeof value === 'string') {
    const isSecret = isSecretMember(name) || (!isMixed && MACHINE_MADE.test(value));
    if (isSecret) return [value];
    return isMixed ? [] : value.split('\n').flatMap(secretsOfLine);
  }
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([member, item]) => secretsOfValue(member, item, isMixed));
}
