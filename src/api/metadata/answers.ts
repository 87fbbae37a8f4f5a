import { isIP } from 'node:net';
import { isRejected, type Rejected, rejected } from '../../core/errors.ts';
import { tarOf } from '../../core/tar.ts';
import type { Asker, Described, MetadataPort } from '../../region/machines/metadata/port.ts';
import { isOAuthRefusal, type NonceMemory, parseOAuth, refuseStale } from '../oauth.ts';
import type { ApiPorts } from '../server.ts';
import { readForm } from './body.ts';
import type { Answer, Exchange } from './exchange.ts';
import { METADATA_VERSIONS, type Target } from './paths.ts';
import { baseUrl, enlistPreseed, preseed } from './preseed.ts';
import { takeInventory, takeSignal, takeStatus } from './told.ts';

interface Ports extends Pick<ApiPorts, 'region' | 'clock'> {
  readonly nonces: NonceMemory;
}

const NO_PATH = rejected('not_found', 'There is no such metadata, or no such version.');
const NOBODY = rejected(
  'unauthenticated',
  'These credentials are nobody’s, or the run is over that they were made for.',
);
/** The same answer; it is known besides that a machine had these credentials. */
const OVER: Rejected = { ...NOBODY };
const YAML = 'text/plain; charset=utf-8';
const ENLIST: Readonly<Record<string, string>> = {
  'instance-id': 'i-maas-enlistment',
  'local-hostname': 'maas-enlisting-node',
  'public-keys': '',
};
const ENLIST_USER_DATA = '#cloud-config\n';

/** Answers a call: who asks, then what it asks for. */
export async function answerMetadata(ports: Ports, exchange: Exchange): Promise<Answer | Rejected> {
  const { asked, method } = exchange;
  if (asked === null) return NO_PATH;
  const { target } = asked;
  if (target.kind === 'enlist-preseed') return answerEnlistPreseed(exchange);
  if ('mirror' in target && target.mirror === 'enlist') return method === 'GET' ? answerEnlist(target) : NO_PATH;
  if (target.kind === 'by-id') return answerById(ports, exchange, target.machine);
  if (target.kind === 'inventory') {
    const asker = await machineItself(ports, exchange, target.machine);
    if (isRejected(asker)) return asker;
    return method === 'POST' ? takeInventory(ports.region.metadata, asker, exchange) : NO_PATH;
  }
  const asker = await identify(ports, exchange);
  if (asker === OVER) return answerOver(target, method);
  if (isRejected(asker)) return asker;
  if (target.kind === 'status') {
    if (target.machine !== asker.machineId) return notYours(target.machine);
    return method === 'POST' ? takeStatus(ports.region.metadata, asker, exchange) : NO_PATH;
  }
  return method === 'GET' ? answerItem(ports.region.metadata, target, asker) : answerOperation(ports, exchange, asker);
}

/**
 * A machine whose run is over. cloud-init asks for its instance's id for two minutes, whatever the refusal, and the machine's start waits for it: so it gets one,
 * which is nobody's, and is refused all else. Its reports change nothing any more.
 */
function answerOver(target: Target, method: string): Answer | Rejected {
  if (target.kind === 'status' && method === 'POST') return { status: 204, body: '' };
  const isFirst = target.kind === 'meta-data' && target.item === 'instance-id' && method === 'GET';
  return isFirst ? text('over') : OVER;
}

/** By the credentials of a run. Without a window: machines have dead clocks, and PLAINTEXT gains nothing from one. */
async function identify({ region, clock, nonces }: Ports, exchange: Exchange): Promise<Asker | Rejected> {
  const read = parseOAuth(exchange.authorization);
  if (isOAuthRefusal(read)) return rejected(read.status === 400 ? 'bad_request' : 'unauthenticated', read.message);
  const asker = await region.metadata.identify(read);
  if (asker === null) return (await region.metadata.isOver(read)) ? OVER : NOBODY;
  const place = { nowMs: clock.now(), source: exchange.source };
  const stale = refuseStale(read, { windowSeconds: null, nonces }, place);
  return stale === null ? asker : rejected('unauthenticated', stale.message);
}

/** By credentials where it shows some, else by the address that it has. */
async function machineItself(ports: Ports, exchange: Exchange, machineId: string): Promise<Asker | Rejected> {
  if (exchange.authorization === undefined) {
    if (isIP(exchange.source) === 0) return rejected('forbidden', 'Nobody says from which address this call comes.');
    return ports.region.metadata.admit(machineId, exchange.source, exchange.relay);
  }
  const asker = await identify(ports, exchange);
  return isRejected(asker) || asker.machineId === machineId ? asker : notYours(machineId);
}

function notYours(machineId: string): Rejected {
  return rejected('forbidden', `These credentials are not those of the machine ${machineId}.`);
}

async function answerById(ports: Ports, exchange: Exchange, machineId: string): Promise<Answer | Rejected> {
  const op = await operationOf(exchange);
  if (isRejected(op)) return op;
  const isRead = exchange.method === 'GET' && op === 'get_preseed';
  const isNetboot = exchange.method === 'POST' && (op === 'netboot_off' || op === 'netboot_on');
  if (!isRead && !isNetboot) return unknownOperation(op);
  const base = baseUrl(exchange.host, exchange.isTls);
  if (isRejected(base)) return base;
  const asker = await machineItself(ports, exchange, machineId);
  if (isRejected(asker)) return asker;
  if (isNetboot) return answerNetboot(ports.region.metadata, asker, op === 'netboot_on');
  const credentials = await ports.region.metadata.credentials(asker);
  return isRejected(credentials) ? credentials : { status: 200, type: YAML, body: preseed(base, credentials) };
}

function answerEnlistPreseed({ method, query, host, isTls }: Exchange): Answer | Rejected {
  const op = query.get('op');
  if (method !== 'GET' || op !== 'get_enlist_preseed') return unknownOperation(op ?? '');
  const base = baseUrl(host, isTls);
  return isRejected(base) ? base : { status: 200, type: YAML, body: enlistPreseed(base) };
}

type Item = Extract<Target, { readonly item: string }>;

function answerEnlist({ kind, item }: Item): Answer | Rejected {
  if (kind === 'index') return text('meta-data', 'user-data');
  if (kind === 'user-data') return { status: 200, body: ENLIST_USER_DATA };
  if (kind !== 'meta-data') return NO_PATH;
  if (item === '') return text(...Object.keys(ENLIST));
  const found = Object.hasOwn(ENLIST, item) ? ENLIST[item] : undefined;
  return found === undefined ? NO_PATH : text(found);
}

async function answerItem(metadata: MetadataPort, target: Target, asker: Asker): Promise<Answer | Rejected> {
  if (target.kind === 'versions') return text(...METADATA_VERSIONS);
  if (target.kind === 'maas-scripts') return answerScripts(metadata, asker);
  const described = await metadata.describe(asker);
  if (isRejected(described)) return described;
  const { userData } = described;
  if (target.kind === 'index')
    return text('maas-commissioning-scripts', 'meta-data', ...(userData === null ? [] : ['user-data']));
  if (target.kind === 'user-data')
    return userData === null
      ? rejected('not_found', 'This machine has no user data.')
      : { status: 200, type: 'application/octet-stream', body: userData };
  if (target.kind === 'meta-data') return answerMetaData(described, target.item);
  // The archive of MAAS before 2.0, which no image of today reads.
  return target.kind === 'maas-commissioning-scripts' ? { status: 204, body: '' } : NO_PATH;
}

async function answerScripts(metadata: MetadataPort, asker: Asker): Promise<Answer | Rejected> {
  const files = await metadata.scripts(asker);
  if (isRejected(files)) return files;
  if (files.length === 0) return { status: 204, body: '' };
  return { status: 200, type: 'application/x-tar', body: tarOf(files) };
}

function answerMetaData({ instanceId, hostname, publicKeys, vendorData }: Described, item: string): Answer | Rejected {
  switch (item) {
    case '':
      return text(
        'instance-id',
        'local-hostname',
        ...(publicKeys.length > 0 ? ['public-keys'] : []),
        'vendor-data',
        'x509',
      );
    case 'instance-id':
      return text(instanceId);
    case 'local-hostname':
      return text(hostname);
    case 'public-keys':
      return text(...publicKeys);
    case 'vendor-data':
      return text(vendorData);
    case 'x509':
      return text();
    default:
      return NO_PATH;
  }
}

/** A POST to a version: what it asks for stands in the form, in the query or in the path. */
async function answerOperation(ports: Ports, exchange: Exchange, asker: Asker): Promise<Answer | Rejected> {
  if (exchange.asked?.target.kind !== 'index') return NO_PATH;
  const form = await readForm(exchange.body, exchange.contentType);
  if (isRejected(form)) return form;
  const op = exchange.asked.op ?? exchange.query.get('op') ?? form.fields.get('op') ?? '';
  if (op === 'signal') return takeSignal(ports.region.metadata, asker, form);
  if (op === 'netboot_on' || op === 'netboot_off')
    return answerNetboot(ports.region.metadata, asker, op === 'netboot_on');
  return unknownOperation(op);
}

async function answerNetboot(metadata: MetadataPort, asker: Asker, isOn: boolean): Promise<Answer | Rejected> {
  return (await metadata.netboot(asker, isOn)) ?? { status: 200, body: 'OK' };
}

async function operationOf(exchange: Exchange): Promise<string | Rejected> {
  const named = exchange.asked?.op ?? exchange.query.get('op');
  if (named !== null && named !== '') return named;
  if (exchange.method !== 'POST') return '';
  const form = await readForm(exchange.body, exchange.contentType);
  return isRejected(form) ? form : (form.fields.get('op') ?? '');
}

function unknownOperation(op: string): Rejected {
  return rejected('bad_request', `There is no operation ${JSON.stringify(op.slice(0, 40))} here.`);
}

function text(...lines: readonly string[]): Answer {
  return { status: 200, body: lines.join('\n') };
}
