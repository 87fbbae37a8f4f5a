import { useLive } from './live.ts';

/** What this browser's user may do. The site judges; this only keeps buttons away that it would refuse. */
export interface May {
  readonly operate: boolean;
  readonly administer: boolean;
  /** Sees users, certificates, the audit trail. */
  readonly keep: boolean;
  /** Has keys, and may change them. */
  readonly own: boolean;
  readonly user: string;
  /** Sees settings, jobs, events, drills. */
  readonly watch: boolean;
}

/** By the role of the session. */
export function useMay(): May {
  const state = useLive().session.state.value;
  if (state.kind !== 'in')
    return { operate: false, administer: false, keep: false, own: false, user: '', watch: false };
  const { role, isReadOnly } = state;
  return {
    operate: !isReadOnly && (role === 'admin' || role === 'operator'),
    administer: !isReadOnly && role === 'admin',
    keep: role === 'admin' || role === 'auditor',
    own: !isReadOnly && role !== 'auditor',
    user: state.user,
    watch: role !== 'user',
  };
}
