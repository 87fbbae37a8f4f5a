import { isIP } from 'node:net';
import { isRejected, type Rejected, rejected } from '../../core/errors.ts';
import { tarOf } from '../../core/tar.ts';
import type { MachineCaller, MachineDescription, MetadataPort } from '../../region/machines/metadata/port.ts';
import { isOAuthRefusal, type NonceMemory, parseOAuth, refuseStale } from '../oauth.ts';
import type { ApiPorts } from '../server.ts';
import { readForm } from './body.ts';
import type { MetadataAnswer, MetadataExchange } from './exchange.ts';
import { METADATA_VERSIONS, type MetadataTarget } from './paths.ts';
import { baseUrl, enlistPreseed, preseed } from './preseed.ts';
import { takeInventory, takeSignal, takeStatus } from './reports.ts';

type Ports = Pick<ApiPorts, 'region' | 'clock'> & { readonly nonces: NonceMemory };

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

/** Answers a call: first who calls, then what the call requests. */
export async function answerMetadata(ports: Ports, exchange: MetadataExchange): Promise<MetadataAnswer | Rejected> {
  const { path: asked, method } = exchange;
  if (asked === null) return NO_PATH;
  const { target } = asked;
  if (target.kind === 'enlist-preseed') return answerEnlistPreseed(exchange);
  if ('mirror' in target && target.mirror === 'enlist') return method === 'GET' ? answerEnlist(target) : NO_PATH;
  if (target.kind === 'by-id') return answerById(ports, exchange, target.machine);
  if (target.kind === 'inventory') {
    const requester = await machineItself(ports, exchange, target.machine);
    if (isRejected(requester)) return requester;
    return method === 'POST' ? takeInventory(ports.region.metadata, requester, exchange) : NO_PATH;
  }
  const requester = await identify(ports, exchange);
  if (requester === OVER) return answerOver(target, method);
  if (isRejected(requester)) return requester;
  if (target.kind === 'status') {
    if (target.machine !== requester.machineId) return notYours(target.machine);
    return method === 'POST' ? takeStatus(ports.region.metadata, requester, exchange) : NO_PATH;
  }
  return method === 'GET'
    ? answerItem(ports.region.metadata, target, requester)
    : answerOperation(ports, exchange, requester);
}

/**
 * A machine whose run is over. cloud-init asks for its instance's id for two minutes, whatever the refusal, and the machine's start waits for it: so it gets one,
 * which is nobody's, and is refused all else. Its reports change nothing any more.
 */
function answerOver(target: MetadataTarget, method: string): MetadataAnswer | Rejected {
  if (target.kind === 'status' && method === 'POST') return { status: 204, body: '' };
  const isFirst = target.kind === 'meta-data' && target.item === 'instance-id' && method === 'GET';
  return isFirst ? text('over') : OVER;
}

/** By the credentials of a run. Without a window: machines have dead clocks, and PLAINTEXT gains nothing from one. */
async function identify(
  { region, clock, nonces }: Ports,
  exchange: MetadataExchange,
): Promise<MachineCaller | Rejected> {
  const read = parseOAuth(exchange.authorization);
  if (isOAuthRefusal(read)) return rejected(read.status === 400 ? 'bad_request' : 'unauthenticated', read.message);
  const requester = await region.metadata.identify(read);
  if (requester === null) return (await region.metadata.isOver(read)) ? OVER : NOBODY;
  const place = { nowMs: clock.now(), source: exchange.source };
  const stale = refuseStale(read, { windowSeconds: null, nonces }, place);
  return stale === null ? requester : rejected('unauthenticated', stale.message);
}

/** By credentials where it shows some, else by the address that it has. */
async function machineItself(
  ports: Ports,
  exchange: MetadataExchange,
  machineId: string,
): Promise<MachineCaller | Rejected> {
  if (exchange.authorization === undefined) {
    if (isIP(exchange.source) === 0) return rejected('forbidden', 'Nobody says from which address this call comes.');
    return ports.region.metadata.admit(machineId, exchange.source, exchange.relay);
  }
  const requester = await identify(ports, exchange);
  return isRejected(requester) || requester.machineId === machineId ? requester : notYours(machineId);
}

function notYours(machineId: string): Rejected {
  return rejected('forbidden', `These credentials are not those of the machine ${machineId}.`);
}

async function answerById(
  ports: Ports,
  exchange: MetadataExchange,
  machineId: string,
): Promise<MetadataAnswer | Rejected> {
  const op = await operationOf(exchange);
  if (isRejected(op)) return op;
  const isRead = exchange.method === 'GET' && op === 'get_preseed';
  const isNetboot = exchange.method === 'POST' && (op === 'netboot_off' || op === 'netboot_on');
  if (!isRead && !isNetboot) return unknownOperation(op);
  const base = baseUrl(exchange.host, exchange.isTls);
  if (isRejected(base)) return base;
  const requester = await machineItself(ports, exchange, machineId);
  if (isRejected(requester)) return requester;
  if (isNetboot) return answerNetboot(ports.region.metadata, requester, op === 'netboot_on');
  const credentials = await ports.region.metadata.credentials(requester);
  return isRejected(credentials) ? credentials : { status: 200, type: YAML, body: preseed(base, credentials) };
}

function answerEnlistPreseed({ method, query, host, isTls }: MetadataExchange): MetadataAnswer | Rejected {
  const op = query.get('op');
  if (method !== 'GET' || op !== 'get_enlist_preseed') return unknownOperation(op ?? '');
  const base = baseUrl(host, isTls);
  return isRejected(base) ? base : { status: 200, type: YAML, body: enlistPreseed(base) };
}

type Item = Extract<MetadataTarget, { readonly item: string }>;

function answerEnlist({ kind, item }: Item): MetadataAnswer | Rejected {
  if (kind === 'index') return text('meta-data', 'user-data');
  if (kind === 'user-data') return { status: 200, body: ENLIST_USER_DATA };
  if (kind !== 'meta-data') return NO_PATH;
  if (item === '') return text(...Object.keys(ENLIST));
  const found = Object.hasOwn(ENLIST, item) ? ENLIST[item] : undefined;
  return found === undefined ? NO_PATH : text(found);
}

async function answerItem(
  metadata: MetadataPort,
  target: MetadataTarget,
  requester: MachineCaller,
): Promise<MetadataAnswer | Rejected> {
  if (target.kind === 'versions') return text(...METADATA_VERSIONS);
  if (target.kind === 'maas-scripts') return answerScripts(metadata, requester);
  const described = await metadata.describe(requester);
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

async function answerScripts(metadata: MetadataPort, requester: MachineCaller): Promise<MetadataAnswer | Rejected> {
  const files = await metadata.scripts(requester);
  if (isRejected(files)) return files;
  if (files.length === 0) return { status: 204, body: '' };
  return { status: 200, type: 'application/x-tar', body: tarOf(files) };
}

function answerMetaData(
  { instanceId, hostname, publicKeys, vendorData }: MachineDescription,
  item: string,
): MetadataAnswer | Rejected {
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
async function answerOperation(
  ports: Ports,
  exchange: MetadataExchange,
  requester: MachineCaller,
): Promise<MetadataAnswer | Rejected> {
  if (exchange.path?.target.kind !== 'index') return NO_PATH;
  const form = await readForm(exchange.body, exchange.contentType);
  if (isRejected(form)) return form;
  const op = exchange.path.op ?? exchange.query.get('op') ?? form.fields.get('op') ?? '';
  if (op === 'signal') return takeSignal(ports.region.metadata, requester, form);
  if (op === 'netboot_on' || op === 'netboot_off')
    return answerNetboot(ports.region.metadata, requester, op === 'netboot_on');
  return unknownOperation(op);
}

async function answerNetboot(
  metadata: MetadataPort,
  requester: MachineCaller,
  isOn: boolean,
): Promise<MetadataAnswer | Rejected> {
  return (await metadata.netboot(requester, isOn)) ?? { status: 200, body: 'OK' };
}

async function operationOf(exchange: MetadataExchange): Promise<string | Rejected> {
  const named = exchange.path?.op ?? exchange.query.get('op');
  if (named !== null && named !== '') return named;
  if (exchange.method !== 'POST') return '';
  const form = await readForm(exchange.body, exchange.contentType);
  return isRejected(form) ? form : (form.fields.get('op') ?? '');
}

function unknownOperation(op: string): Rejected {
  return rejected('bad_request', `There is no operation ${JSON.stringify(op.slice(0, 40))} here.`);
}

const text = (...lines: readonly string[]): MetadataAnswer => ({ status: 200, body: lines.join('\n') });
