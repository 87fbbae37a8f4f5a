import { useLive } from './live.ts';

/** What this user may do. The site decides; this only hides buttons that the site would refuse. */
export interface May {
  readonly operate: boolean;
  readonly administer: boolean;
  /** May read users, certificates, the audit trail. */
  readonly keep: boolean;
  /** Has API keys, and may change them. */
  readonly own: boolean;
  readonly user: string;
  /** May read settings, jobs, events, drills. */
  readonly watch: boolean;
}

/** Derived from the role of the session. */
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
