import { Compile } from 'typebox/compile';
import Type from 'typebox';
import { AppError, sentenceOf } from '../../core/errors.ts';
import { PORTS } from '../../model/cluster.ts';
import type { EtcdPort } from '../../region/trust/port.ts';
import type { TlsFiles } from './tls.ts';
import { askTls } from './tls-ask.ts';

const TIMEOUT_MS = 3000;
const ANSWER_MAX = 1024 * 1024;
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
    remove: async (id) => {
      const answer = await ask(files, port, '/v3/cluster/member/remove', { ID: id }).catch((error: unknown) => {
        throw new AppError('etcd', `etcd does not answer: ${sentenceOf(error)}`);
      });
      if (answer.status === 200 || answer.status === NOT_FOUND) return;
      throw new AppError('etcd', `etcd refused to remove the member ${id}: ${answer.text.slice(0, 300)}`);
    },
  };
}

function ask(files: TlsFiles, port: number, path: string, body: unknown) {
  return askTls({ files, host: '127.0.0.1', port, path, body, timeoutMs: TIMEOUT_MS, answerMax: ANSWER_MAX });
}
