import { Compile } from 'typebox/compile';
import Type from 'typebox';
import { AppError, sentenceOf } from '../../../core/errors.ts';
import { PORTS } from '../../../model/cluster/cluster.ts';
import type { EtcdPort } from '../../../region/cluster/trust/port.ts';
import { storedLearners } from './stored-members.ts';
import type { TlsFiles } from '../tls.ts';
import { askTls } from '../tls-ask.ts';

const TIMEOUT_MS = 3000;
const ANSWER_MAX = 1024 * 1024;
/** A snapshot is text of 4/3 of its size. A cluster of ours has some 100 kB; larger ones are not read for the doctor. */
const SNAPSHOT_MAX = 24 * ANSWER_MAX;
const SNAPSHOT_MS = 10_000;
/** etcd has no member with that id (any more). */
const NOT_FOUND = 404;

/** What etcd's gateway writes (proto3 JSON: 64-bit numbers are texts, what is zero or false is left out). */
const Members = Compile(
  Type.Object({
    members: Type.Array(
      Type.Object({
        ID: Type.String({ pattern: '^[0-9]{1,20}$' }),
        name: Type.Optional(Type.String()),
        isLearner: Type.Optional(Type.Boolean()),
        peerURLs: Type.Array(Type.String()),
      }),
    ),
  }),
);

/** A part of a snapshot: one line of the answer. */
const Part = Compile(Type.Object({ result: Type.Object({ blob: Type.Optional(Type.String()) }) }));

/** etcd of this host, by its JSON API with the node's certificate (etcd 3.5, "gRPC gateway"). Files are read at each call: they are renewed. */
export function openEtcd(files: TlsFiles, port: number = PORTS.etcdClient): EtcdPort {
  return {
    members: async () => {
      const answer = await ask(files, port, '/v3/cluster/member/list', {}).catch(() => null);
      if (answer?.status !== 200) return null;
      const value: unknown = JSON.parse(answer.text);
      if (!Members.Check(value)) throw new AppError('etcd', 'the list of etcd members cannot be read');
      return value.members.map(({ ID, name = '', isLearner = false, peerURLs }) => ({
        id: ID,
        name,
        isLearner,
        peerUrls: peerURLs,
      }));
    },
    storedLearners: async () => {
      const question = { files, host: '127.0.0.1', port, path: '/v3/maintenance/snapshot', body: {} };
      const limits = { timeoutMs: SNAPSHOT_MS, answerMax: SNAPSHOT_MAX };
      const answer = await askTls({ ...question, ...limits }).catch(() => null);
      if (answer?.status !== 200) return null;
      const store = Buffer.concat(answer.text.split('\n').filter(Boolean).map(partOf));
      return storedLearners((offset, length) => store.subarray(offset, offset + length));
    },
    remove: async (id) => {
      const answer = await ask(files, port, '/v3/cluster/member/remove', { ID: id }).catch((error: unknown) => {
        throw new AppError('etcd', `etcd does not answer: ${sentenceOf(error)}`);
      });
      if (answer.status === 200 || answer.status === NOT_FOUND) return;
      throw new AppError('etcd', `etcd refused to remove the member ${id}: ${answer.text.slice(0, 300)}`);
    },
  };
}

function partOf(line: string): Buffer {
  const part: unknown = JSON.parse(line);
  if (!Part.Check(part)) throw new AppError('etcd', 'the snapshot of etcd cannot be read');
  return Buffer.from(part.result.blob ?? '', 'base64');
}

const LIMITS = { timeoutMs: TIMEOUT_MS, answerMax: ANSWER_MAX };

function ask(files: TlsFiles, port: number, path: string, body: unknown) {
  return askTls({ files, host: '127.0.0.1', port, path, body, ...LIMITS });
}
