import { Compile } from 'typebox/compile';
import Type from 'typebox';
import { type ReadAt, readBoltBucket } from '../../../core/bolt.ts';
import { AppError } from '../../../core/errors.ts';
import type { StoredLearner } from '../../../region/cluster/trust/port.ts';

const Member = Compile(
  Type.Object({ isLearner: Type.Optional(Type.Boolean()), peerURLs: Type.Array(Type.String(), { minItems: 1 }) }),
);

/**
 * The members that etcd's v3 store calls learners. etcd 3.5.1 to 3.5.19 write neither a promotion nor a member's name there (fixed in 3.5.20 and
 * 3.5.24), and etcd 3.6 takes its members from there: such members lose their vote, or etcd does not start.
 */
export function storedLearners(readAt: ReadAt): StoredLearner[] {
  const members = readBoltBucket(readAt, 'members');
  if (members === null) throw new AppError('etcd', 'the store of etcd has no list of members');
  return [...members].flatMap(([id, text]) => {
    const member: unknown = JSON.parse(text);
    if (!Member.Check(member)) throw new AppError('etcd', `the store of etcd has a member ${id} that cannot be read`);
    return member.isLearner === true ? [{ id, place: new URL(member.peerURLs[0] ?? '').host }] : [];
  });
}
