import type { RouteId, RouteOutput } from '../../../src/contract/routes.ts';
import { before } from './when.ts';

type Item<I extends RouteId> = RouteOutput<I> extends { items: (infer T)[] } ? T : never;

/** Who may do what on a site that a test plays, its settings, and what was done. */
export interface KeepingData {
  users: Item<'user.list'>[];
  keys: Item<'api-key.list'>[];
  sshKeys: Item<'ssh-key.list'>[];
  sessions: Item<'session.list'>[];
  tokens: Item<'token.list'>[];
  certificates: Item<'certificate.list'>[];
  siteCertificate: RouteOutput<'site-certificate.show'>;
  settings: Item<'setting.list'>[];
  changes: RouteOutput<'config.show'>[];
  files: RouteOutput<'config.files'>;
  found: RouteOutput<'config.findings'>;
  pending: RouteOutput<'config.diff'>;
  audit: Item<'audit.list'>[];
  hits: Item<'search.list'>[];
  notes: Item<'notification.list'>[];
  places: Item<'place.list'>[];
}

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const CHROMIUM =
  'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36';
/** It stands on the page as it is. */
const CHANGED = '2026-03-01T10:00:00.000Z';
const SOON = '2030-01-02T03:04:05.000Z';

/** Two users, some keys, three changes. `free`: what takes the place of free texts. */
export function keeping(free = ''): KeepingData {
  return {
    users: [user('admin', 'admin'), user('ann', 'operator', free)],
    keys: [key('terraform', 'ann', free), { ...key('backup', 'admin', free), expiresAt: SOON }],
    sshKeys: [
      {
        id: 1,
        user: 'ann',
        type: 'ssh-ed25519',
        bits: 256,
        fingerprint: 'SHA256:uNiVztksCsDhcc0u9e8BrrQXVUpKZIDTMczCvj3tD2s',
        comment: free || 'ann@laptop',
        key: 'ssh-ed25519 AAAA',
        createdAt: before(9 * DAY),
      },
    ],
    sessions: [
      { ...session('a1b2c3d4', 'admin', free), isCurrent: true },
      { ...session('e5f6a7b8', 'ann', free), isReadOnly: true, apiKey: 'tokenofann' },
    ],
    tokens: [
      token('abcdefghijkl', 'open'),
      { ...token('mnopqrstuvwx', 'used'), usedBy: free || 'r3', usedAt: before(HOUR), isRack: true },
    ],
    certificates: ['r1', 'r2'].map((node, index) => ({
      serial: `0${index}a1b2c3`,
      nodeId: node,
      node,
      state: 'good' as const,
      notBefore: '2026-01-01T00:00:00.000Z',
      notAfter: SOON,
      revokedAt: null,
      revokedWhy: null,
    })),
    siteCertificate: {
      isOwn: true,
      subject: `CN=${free || 'regent.example'}`,
      issuer: `CN=${free || 'regent.example'}`,
      serial: '0a1b2c3d',
      fingerprint: 'f'.repeat(64),
      notBefore: '2026-01-01T00:00:00.000Z',
      notAfter: SOON,
      names: [free || 'regent.example', '10.77.0.10'],
      certificate: '',
      warnings: [`It does not cover ${free || '10.77.0.11'}.`],
      changedAt: before(DAY),
    },
    settings: [
      setting('default_domain', free || 'lab.test', 'regent.internal'),
      setting('default_ttl', 30, 30),
      setting('upstream_dns', ['192.0.2.53'], []),
      setting('enlist_machines', true, true),
    ],
    changes: [
      change(42, free || 'vlan set lab/vlan10', {
        table: 'vlans',
        op: 'update',
        key: { id: 1 },
        before: { id: 1, dhcp_on: false, name: free || 'vlan10' },
        after: { id: 1, dhcp_on: true, name: free || 'vlan10' },
      }),
      { ...change(41, free || 'config rollback 40'), reverts: 40 },
      change(40, free || 'record create www.example.test A'),
    ],
    files: {
      id: 42,
      nodes: [
        {
          node: 'k1',
          generation: 12,
          publishedAt: before(HOUR),
          first: 41,
          last: 42,
          files: [
            {
              service: 'dhcp@vlan10',
              target: '/etc/kea/vlan10.conf',
              change: 'changed',
              diff: `--- a\n+++ b\n@@ -1 +1 @@\n-${free || 'subnet4: []'}\n+subnet4: [10.10.10.0/24]\n`,
            },
          ],
          findings: [
            {
              service: 'dhcp@vlan10',
              code: 'pool-small',
              severity: 'warning',
              subject: 'subnet 10.10.10.0/24',
              sentence: free || 'Its dynamic range has four addresses.',
            },
          ],
        },
      ],
      lost: ['k2'],
    },
    found: {
      id: 42,
      state: 'compiled',
      compiledAt: CHANGED,
      first: 41,
      last: 42,
      items: [
        {
          ...pastFinding('k1', free || 'Its dynamic range has four addresses.'),
          remedy: free || 'regent range create',
          isNew: true,
        },
        { ...pastFinding('k2', free || 'Its time is off by two seconds.'), severity: 'error', untilAt: SOON },
      ],
      gone: [{ ...pastFinding('k1', free || 'It has no dynamic range.'), untilAt: CHANGED }],
      isCut: false,
      refusals: [
        {
          node: 'k1',
          service: 'dhcp@vlan10',
          generation: 12,
          state: 'healthy',
          why: free || 'kea-dhcp4 serves',
          held: [{ name: 'snippet phones', why: free || 'kea-dhcp4: no such option.', remedy: 'Change it.' }],
          at: CHANGED,
        },
        {
          node: 'k2',
          service: 'dhcp@vlan10',
          generation: 12,
          state: 'check_failed',
          why: free || 'kea-dhcp4 -t: line 7: syntax error',
          held: [],
          at: CHANGED,
        },
      ],
    },
    pending: {
      revision: 42,
      nodes: [{ node: 'r1', files: [], findings: [], wanted: 12, applied: 12, isCurrent: true }],
    },
    audit: [
      entry(9, 'ann', free || 'vlan set lab/vlan10', 'done'),
      entry(8, free || 'bob', 'login', 'refused: unauthenticated'),
    ],
    hits: [
      { kind: 'machine', ref: 'abc123', name: free || 'm10.lab.test', detail: '52:54:00:ab:00:01' },
      { kind: 'subnet', ref: '1', name: '10.10.10.0/24', detail: free || '10.10.10.0/24 on lab/vlan10' },
      { kind: 'vlan', ref: '1', name: 'lab/vlan10', detail: 'VID 10' },
    ],
    notes: [
      note(1, 'info', free || 'Hall 2 has no power on Sunday.\nMachines there are off.'),
      { ...note(2, 'error', free || 'The lease of the line ends.'), ident: 'line', dismissable: false },
    ],
    places: [],
  };
}

/** A node has not taken the last change; a token was revoked; a certificate ends soon. */
export function illKeeping(free = ''): KeepingData {
  const well = keeping(free);
  const [file] = well.files.nodes;
  return {
    ...well,
    places: [{ name: 'r9', isRegion: true, isRack: false, openedAt: before(HOUR), openedBy: free || 'ann' }],
    tokens: [token('abcdefghijkl', 'revoked'), token('mnopqrstuvwx', 'expired')],
    certificates: well.certificates.map((row, index) => ({
      ...row,
      state: index === 0 ? ('revoked' as const) : row.state,
      revokedAt: index === 0 ? before(HOUR) : null,
      revokedWhy: index === 0 ? free || 'its disk was stolen' : null,
    })),
    pending: {
      revision: 42,
      nodes: [
        {
          node: 'r3',
          files: file?.files ?? [],
          findings: file?.findings ?? [],
          wanted: 12,
          applied: 11,
          isCurrent: false,
        },
      ],
    },
  };
}

/** Nothing of it but the one who set the site up. */
export function newKeeping(): KeepingData {
  const well = keeping();
  return {
    ...well,
    users: [],
    keys: [],
    sshKeys: [],
    sessions: [],
    tokens: [],
    certificates: [],
    settings: [],
    changes: [],
    audit: [],
    hits: [],
    notes: [],
  };
}

/** Answers of the calls about these. */
export function keepingAnswers(
  data: KeepingData,
  params: Readonly<Record<string, string>>,
  query: URLSearchParams,
): Partial<Record<RouteId, () => unknown>> {
  const page = (items: unknown[]) => () => ({ items, next: null });
  return {
    'user.list': page(data.users),
    'api-key.list': page(data.keys),
    'ssh-key.list': page(data.sshKeys),
    'session.list': page(data.sessions),
    'token.list': page(data.tokens),
    'certificate.list': page(data.certificates),
    'site-certificate.show': () => data.siteCertificate,
    'setting.list': page(data.settings),
    'setting.show': () => data.settings.find((row) => row.name === params['setting']),
    'config.history': page(data.changes),
    'config.show': () => {
      const row = data.changes.find(({ id }) => String(id) === params['change']);
      return row && { ...row, at: CHANGED };
    },
    'config.files': () => ({ ...data.files, id: Number(params['change']) }),
    'config.findings': () => ({ ...data.found, id: Number(params['change']) }),
    'config.diff': () => data.pending,
    'audit.list': page(data.audit.filter((row) => !query.has('refused') || row.outcome !== 'done')),
    'notification.list': page(data.notes),
    'notification.show': () => data.notes.find(({ id }) => String(id) === params['notification']),
    'place.list': page(data.places),
    'search.list': () => ({ items: data.hits }),
  };
}

function pastFinding(node: string, sentence: string): KeepingData['found']['items'][number] {
  return {
    node,
    service: 'dhcp@vlan10',
    code: 'pool-small',
    severity: 'warning',
    subject: 'subnet 10.10.10.0/24',
    sentence,
    since: '2026-02-01T10:00:00.000Z',
    isNew: false,
    untilAt: null,
  };
}

function user(name: string, role: Item<'user.list'>['role'], free = ''): Item<'user.list'> {
  return { name, role, email: free, hasPassword: role === 'admin', createdAt: before(9 * DAY) };
}

function key(label: string, owner: string, free: string): Item<'api-key.list'> {
  return {
    user: owner,
    label: free || label,
    consumer: 'consumer',
    token: `tokenof${label}`,
    createdAt: before(9 * DAY),
    expiresAt: null,
    usedAt: before(HOUR),
  };
}

function session(id: string, owner: string, free: string): Item<'session.list'> {
  return {
    id,
    user: owner,
    isReadOnly: false,
    isCurrent: false,
    apiKey: null,
    address: '192.0.2.7',
    agent: free || CHROMIUM,
    createdAt: before(2 * HOUR),
    seenAt: before(HOUR),
    expiresAt: SOON,
  };
}

function token(id: string, state: Item<'token.list'>['state']): Item<'token.list'> {
  return {
    id,
    isRegion: true,
    isRack: false,
    place: null,
    state,
    createdBy: 'admin',
    createdAt: before(HOUR),
    expiresAt: SOON,
    usedAt: null,
    usedBy: null,
  };
}

/** A note for all users. */
export function note(
  id: number,
  category: Item<'notification.list'>['category'],
  message: string,
): Item<'notification.list'> {
  const readers = { user: null, users: true, admins: false };
  return { id, ident: null, category, message, context: {}, ...readers, dismissable: true, createdAt: before(HOUR) };
}

type Value = Item<'setting.list'>['value'];
function setting(name: string, value: Value, fallback: Value): Item<'setting.list'> {
  return { name, value, default: fallback, isDefault: JSON.stringify(value) === JSON.stringify(fallback) };
}

function change(
  id: number,
  summary: string,
  ...rows: KeepingData['changes'][number]['rows']
): KeepingData['changes'][number] {
  return { id, at: before(HOUR), who: 'ann', origin: 'ui', summary, reverts: null, rows };
}

function entry(id: number, who: string, action: string, outcome: string): Item<'audit.list'> {
  return { id, at: before(HOUR), who, origin: 'ui', action, outcome };
}

/** Pages of these, and what stands on them once they are there. */
export const KEEPING_PAGES = [
  { path: 'changes', has: '42', isNew: true },
  { path: 'changes/42', has: '/etc/kea/vlan10.conf' },
  { path: 'events', has: 'Events' },
  { path: 'events/audit', has: 'ann', isNew: true },
  { path: 'access/users', has: 'ann', isNew: true },
  { path: 'access/keys', has: 'terraform', isNew: true },
  { path: 'access/ssh-keys', has: 'SHA256:', isNew: true },
  { path: 'access/sessions', has: '192.0.2.7', isNew: true },
  { path: 'access/tokens', has: 'abcdefghijkl', isNew: true },
  { path: 'access/certificates', has: 'r2', isNew: true },
  { path: 'notes', has: 'Hall 2 has no power', isNew: true },
  { path: 'settings', has: 'default_ttl', isNew: true },
  { path: 'search?q=10', has: 'Search', isNew: true },
] as const satisfies readonly { path: string; has: string; isNew?: true }[];
