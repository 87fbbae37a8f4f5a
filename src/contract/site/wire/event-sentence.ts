import { objectIn, textOf } from './object-detail.ts';
import {
  actorOf,
  nameIn,
  type IdNames,
  type NamedObject,
  nounText,
  type SentencePart,
  type Sentence,
  sentence,
} from './sentence.ts';

/** What a sentence needs of an event. `names`: of the identifiers in it; a release before 0.4.0 sends none. */
export interface EventFacts {
  readonly kind: string;
  readonly subject: string;
  readonly who: string;
  readonly data: unknown;
  readonly names?: IdNames;
}

/** An event with its parts at hand. */
interface Parts {
  readonly who: SentencePart;
  /** The subject as an object of its noun. */
  readonly it: NamedObject;
  readonly detail: string;
  readonly rest: string;
  readonly data: Readonly<Record<string, unknown>>;
  readonly names: IdNames | undefined;
}

type SentenceWriter = (parts: Parts) => Sentence;

/** What happened, in one sentence with names. */
export function eventSentence(event: EventFacts): Sentence {
  const [noun = '', ...rest] = event.kind.split('.');
  const data = typeof event.data === 'object' && event.data !== null ? (event.data as Parts['data']) : {};
  const { name, detail } = objectIn(event.kind, nameIn(event.names, event.subject), data);
  const parts: Parts = {
    who: actorOf(event.who, event.names),
    it: { noun, name, ...(rest.includes('deleted') ? { isGone: true } : {}) },
    detail,
    rest: rest.join('.'),
    data,
    names: event.names,
  };
  return (BY_KIND[event.kind] ?? BY_NOUN[noun] ?? anything)(parts);
}

/** `admin deleted record www.example.test A 192.0.2.1`. */
const anything: SentenceWriter = ({ who, it, rest, detail }) =>
  sentence`${who} ${verbText(rest)} ${nounText(it.noun)} ${it}${detail === '' ? '' : ` ${detail}`}`;

const verbText = (rest: string): string => rest.replaceAll(/[-_.]/g, ' ');
const after = (value: unknown, lead: string): string => (textOf(value) === '' ? '' : `${lead}${textOf(value)}`);
const machine = ({ it }: Parts): NamedObject => ({ noun: 'machine', name: it.name });

const BY_KIND: Readonly<Record<string, SentenceWriter>> = {
  'config.published': ({ it, data }) =>
    sentence`Regent published configuration ${textOf(data['generation'])} for ${{ noun: 'node', name: it.name }}`,
  'config.rolled_back': ({ who, it, data }) =>
    sentence`${who} undid ${{ noun: 'change', name: it.name }}${after(data['summary'], ': ')}`,
  'cluster.primary-changed': ({ data }) =>
    sentence`The primary database moved from ${node(data['from'])} to ${node(data['to'])}`,
  'cluster.vip-moved': ({ data }) =>
    sentence`The floating address moved from ${node(data['from'])} to ${node(data['to'])}`,
  'machine.signal': (parts) =>
    sentence`${machine(parts)} reported ${after(parts.data['status'], '')}${listed(parts.data['scripts'], ' of ')}${after(parts.data['error'], ': ')}`,
  'machine.status': (parts) =>
    sentence`${machine(parts)} reported ${after(parts.data['type'], '')} ${after(parts.data['name'], '')}${after(parts.data['result'], ': ')}`,
  'machine.inventory': (parts) => sentence`${machine(parts)} reported its hardware`,
  'machine.boot-seen': (parts) =>
    sentence`${machine(parts)} started from the network${after(parts.data['by'], ', served by ')}`,
  'machine.deployment': (parts) =>
    sentence`${parts.who} deployed ${after(parts.data['image'], '')} to ${machine(parts)}`,
  'machine.tagged': (parts) => sentence`Tag rules changed the tags of ${machine(parts)}`,
  'machine.storage': (parts) => sentence`${parts.who} changed the storage of ${machine(parts)}`,
  'lease.changed': ({ it, data }) =>
    'added' in data
      ? sentence`${node(it.name)} reported leases: ${textOf(data['added'])} new, ${textOf(data['changed'])} changed, ${textOf(data['removed'])} ended`
      : leaseSentence(it, data, 'was renewed for'),
  'lease.added': ({ it, data }) => leaseSentence(it, data, 'was leased to'),
  'lease.removed': ({ it, data }) => leaseSentence(it, data, 'is no longer leased to'),
  'finding.opened': ({ it, data }) => sentence`Alarm ${finding(it)} began${after(data['detail'], ': ')}`,
  'finding.closed': ({ it }) => sentence`Alarm ${finding(it)} ended`,
  'finding.muted': ({ who, it }) => sentence`${who} muted alarm ${finding(it)}`,
  'finding.unmuted': ({ who, it }) => sentence`${who} unmuted alarm ${finding(it)}`,
  'user.password': ({ who, it }) => sentence`${who} changed the password of ${it}`,
};

const BY_NOUN: Readonly<Record<string, SentenceWriter>> = {
  job: ({ it, rest, data, names }) =>
    sentence`${{ noun: 'job', name: `Job ${it.name.replace('job/', '')}` }}${jobText(data, names)} ${verbOf(JOB_VERBS, rest)}${after(data['result'], ': ')}`,
  command: ({ it, rest, data }) =>
    sentence`Command ${it.name.replace('command/', '')}${after(data['kind'], ' ')}${after(data['node'], ' on ')} ${verbOf(COMMAND_VERBS, rest)}`,
  service: ({ it, rest, data }) => {
    const [name = '', service = ''] = it.name.split('/');
    return sentence`${{ noun: 'service', name: service === '' ? it.name : `${service} on ${name}` }} is ${verbText(rest)}${after(data['before'], ', was ')}${after(data['why'], ': ')}`;
  },
  machine: (parts) => {
    const { rest, who, data } = parts;
    const [part = '', ...more] = rest.split('.');
    const value = verbText(more.join('.'));
    if (part === 'state')
      return sentence`${machine(parts)} became ${value}${after(data['before'], ', was ')}${after(data['text'], ': ')}`;
    if (part === 'power') return sentence`The power of ${machine(parts)} is ${value}`;
    if (part === 'netboot')
      return sentence`${machine(parts)} will start from ${value === 'on' ? 'the network' : 'its disk'}`;
    if (NOUN_VERBS.includes(rest)) return anything(parts);
    return sentence`${machine(parts)}: ${verbText(rest)}${after(data['text'], ': ')}, by ${who}`;
  },
};

const NOUN_VERBS = ['created', 'changed', 'deleted', 'enlisted', 'ignored', 'unignored'];
const JOB_VERBS: Readonly<Record<string, string>> = {
  added: 'was ordered',
  started: 'started',
  resumed: 'went on at another region',
  'given-back': 'waits',
  'abort-wanted': 'is to end',
  aborted: 'was ended early',
};
const COMMAND_VERBS: Readonly<Record<string, string>> = { added: 'was sent', done: 'succeeded', failed: 'failed' };
const verbOf = (verbs: Readonly<Record<string, string>>, rest: string): string => verbs[rest] ?? verbText(rest);

const node = (value: unknown): NamedObject => ({ noun: 'node', name: textOf(value) });
const finding = (it: NamedObject): NamedObject => ({ noun: 'finding', name: it.name.replace('finding/', '') });
const listed = (value: unknown, lead: string): string =>
  Array.isArray(value) && value.length > 0 ? `${lead}${value.map(textOf).join(', ')}` : '';

function leaseSentence(it: NamedObject, data: Parts['data'], verb: string): Sentence {
  const holder = textOf(data['hostname']) || textOf(data['mac']) || 'a client';
  return sentence`${{ noun: 'lease', name: it.name }} ${verb} ${holder}${after(data['node'], ' by ')}`;
}

/** ` (machine-power of m3)`. */
function jobText({ kind, target }: Parts['data'], names: IdNames | undefined): string {
  const of = textOf(target).replace(/^[a-z]+:/, '');
  return textOf(kind) === '' ? '' : ` (${textOf(kind)}${of === '' ? '' : ` of ${nameIn(names, of)}`})`;
}
