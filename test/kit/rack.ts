import { generateKeyPairSync, randomUUID } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import type { Observation } from '../../src/contract/cluster/agent.ts';
import { rackAuthorization } from '../../src/contract/cluster/rack-signature.ts';
import { REGISTER_PATH } from '../../src/contract/cluster/registration.ts';
import { publicKeyOf } from '../../src/core/signature.ts';
import { anObservation } from './observation.ts';
import { realRandom } from './postgres.ts';

/** What a call of a rack may have otherwise. `source`: its address. `time`: of its clock. `headers`: beside its own. */
export interface RackCallOptions {
  readonly source?: string;
  readonly time?: number;
  readonly nonce?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface RackAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: Readonly<Record<string, unknown>>;
}

/** A rack's agent as the wire sees it. */
export interface TestRack {
  readonly uuid: string;
  readonly name: string;
  readonly publicKey: string;
  readonly privateKey: string;
  register(app: FastifyInstance, options?: RackCallOptions): Promise<RackAnswer>;
  call(
    app: FastifyInstance,
    what: { method: 'GET' | 'POST'; path: string; body?: unknown },
    options?: RackCallOptions,
  ): Promise<RackAnswer>;
  pull(app: FastifyInstance, options?: RackCallOptions): Promise<RackAnswer>;
  observe(app: FastifyInstance, report?: Partial<Observation>, options?: RackCallOptions): Promise<RackAnswer>;
}

/** Makes a key as a host does at its installation. */
export function rackKey(): string {
  return generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
}

/** A rack with a UUID and key of its own unless given. */
export function aRack(
  name: string,
  { uuid = randomUUID(), privateKey = rackKey() }: { uuid?: string; privateKey?: string } = {},
): TestRack {
  const publicKey = publicKeyOf(privateKey);
  const call: TestRack['call'] = async (app, { method, path, body }, options = {}) => {
    const proof = { uuid, time: options.time ?? Date.now(), nonce: options.nonce ?? realRandom.hex(16) };
    const response = await app.inject({
      method,
      url: path,
      remoteAddress: options.source ?? '10.77.0.21',
      headers: {
        authorization: rackAuthorization({ method, path, body }, proof, privateKey),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...options.headers,
      },
      ...(body === undefined ? {} : { payload: JSON.stringify(body) }),
    });
    const parsed: unknown = response.body === '' ? {} : JSON.parse(response.body);
    return { status: response.statusCode, headers: response.headers, body: parsed as RackAnswer['body'] };
  };
  return {
    uuid,
    name,
    publicKey,
    privateKey,
    call,
    register: (app, options) =>
      call(app, { method: 'POST', path: REGISTER_PATH, body: { uuid, name, publicKey } }, options),
    pull: (app, options) =>
      call(app, { method: 'GET', path: '/agent/v1/desired?generation=0&digest=&wait=0' }, options),
    observe: (app, report = {}, options) =>
      call(app, { method: 'POST', path: '/agent/v1/observation', body: anObservation(uuid, report) }, options),
  };
}
