import { readFile } from 'node:fs/promises';
import Type from 'typebox';
import { Compile } from 'typebox/compile';
import { sentenceOf } from '../../core/errors.ts';
import { jsonOrNull } from '../../core/json.ts';
import { PORTS, REGION_SERVER_NAME } from '../../model/cluster/cluster.ts';
import type { PatroniAnswer, PatroniPort, PatroniState } from '../../region/cluster/moves/patroni.ts';
import type { TlsFiles } from './tls.ts';
import { askTls } from './tls-ask.ts';

const QUERY_MS = 2000;
/** Patroni itself waits for the outcome for a little more than 20 s; it answers as soon as another one leads. */
const SWITCHOVER_MS = 30_000;
const ANSWER_MAX = 1024 * 1024;
/** User of Patroni's REST API, as templates/db/patroni.yml.hbs names it. */
const USER = 'regent';

/** What Patroni 4 answers at `/cluster`. A lag may be the text `unknown`. */
const Cluster = Compile(
  Type.Object({
    members: Type.Array(
      Type.Object({
        name: Type.String(),
        role: Type.String(),
        state: Type.String(),
        lag: Type.Optional(Type.Union([Type.Number(), Type.String()])),
      }),
    ),
    pause: Type.Optional(Type.Boolean()),
  }),
);
const Secrets = Compile(Type.Object({ restapi: Type.String({ minLength: 1 }) }));

/**
 * Patroni of the region nodes by its REST API, with the node's certificate and, for what changes something, the password of `secretsFile`
 * (the cluster's secrets). Files are read at each question: they may be renewed.
 */
export function openPatroni(files: TlsFiles, secretsFile: string, port: number = PORTS.patroni): PatroniPort {
  const common = { files, port, servername: REGION_SERVER_NAME, answerMax: ANSWER_MAX };
  return {
    cluster: async (addresses) => {
      for (const host of addresses) {
        const answer = await askTls({ ...common, host, path: '/cluster', timeoutMs: QUERY_MS }).catch(() => null);
        const state = answer?.status === 200 ? readCluster(answer.text) : null;
        if (state !== null) return state;
      }
      return null;
    },
    switchover: async (host, { leader, candidate }, signal) => {
      try {
        const authorization = `Basic ${Buffer.from(`${USER}:${await passwordOf(secretsFile)}`).toString('base64')}`;
        const body = { leader, ...(candidate !== null && { candidate }) };
        const question = { ...common, host, path: '/switchover', body, timeoutMs: SWITCHOVER_MS };
        const { status, text } = await askTls({ ...question, authorization, signal });
        return readAnswer(status, text);
      } catch (error) {
        // What broke off may have arrived.
        return { kind: 'doubtful', why: sentenceOf(error) };
      }
    },
  };
}

/** Null: it is not what Patroni answers. */
export function readCluster(text: string): PatroniState | null {
  const value = jsonOrNull(text);
  if (!Cluster.Check(value)) return null;
  return {
    leader: value.members.find(({ role }) => role === 'leader')?.name ?? null,
    isPaused: value.pause === true,
    members: value.members.map(({ name, role, state, lag }) => ({
      name,
      role,
      state,
      lagBytes: typeof lag === 'number' ? lag : null,
    })),
  };
}

/** 200: another one leads. 503: not (in time), or etcd did not take the order. Everything else: nothing has started (412: it is not possible). */
export function readAnswer(status: number, text: string): PatroniAnswer {
  const why = `${text.trim().slice(0, 300)} (${status})`;
  if (status === 200 || status === 202) return { kind: 'done', why };
  return { kind: status >= 500 ? 'doubtful' : 'refused', why };
}

async function passwordOf(path: string): Promise<string> {
  const value = jsonOrNull(await readFile(path, 'utf8'));
  if (Secrets.Check(value)) return value.restapi;
  throw new Error(`${path} holds no password of Patroni's REST API`);
}
