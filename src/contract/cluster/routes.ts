import { EVERYBODY, get, WATCHERS } from '../route-spec.ts';
import { NodeActionPage, NodeActionQuery } from './action.ts';
import { Doctor } from './doctor.ts';
import { ClusterStatus } from './status.ts';

/** Calls about the cluster as a whole. */
export const CLUSTER_ROUTES = {
  'cluster.show': get('/cluster', 'The cluster on one screen: what can be lost, roles, replication, certificates', {
    roles: EVERYBODY,
    response: ClusterStatus,
  }),
  'cluster.doctor': get('/cluster/doctor', 'The standing invariants, each with explanation and remedy', {
    roles: EVERYBODY,
    response: Doctor,
  }),
  'service.actions': get('/service-actions', 'What agents did to services: reloads, restarts and why, oldest first', {
    roles: WATCHERS,
    query: NodeActionQuery,
    response: NodeActionPage,
  }),
} as const;
