import { ADMINS, begin, EVERYBODY, get, OPERATORS, post, WATCHERS } from '../base/route-spec.ts';
import { NodeActionPage, NodeActionQuery } from './action.ts';
import { Doctor } from './doctor.ts';
import * as drill from './drill.ts';
import { Job } from '../base/job.ts';
import { ClusterStatus } from './status.ts';
import { WhatIf, WhatIfQuery } from './what-if.ts';

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
  'cluster.what-if': get('/cluster/what-if', 'What would come of it if a node died, were drained or cut off now', {
    roles: EVERYBODY,
    query: WhatIfQuery,
    response: WhatIf,
  }),
  'service.actions': get('/service-actions', 'What agents did to services: reloads, restarts and why, oldest first', {
    roles: WATCHERS,
    query: NodeActionQuery,
    response: NodeActionPage,
  }),

  'drill.write': post('/drills/ledger', 'Write a number of a drill: a write like all others that configures nothing', {
    roles: OPERATORS,
    body: drill.DrillEntryCreate,
    response: drill.DrillEntry,
  }),
  'drill.ledger': get('/drills/ledger/{run}', 'List the numbers that a run has written', {
    roles: WATCHERS,
    params: drill.DrillLedgerParams,
    query: drill.DrillLedgerQuery,
    response: drill.DrillLedgerPage,
  }),
  'drill.run': begin('/drills/runs', 'Play a harmless drill on this cluster itself', {
    roles: OPERATORS,
    body: drill.DrillRunRequest,
    response: Job,
  }),
  'drill.record': post('/drills/rounds', 'Store a round of a drill with its verdict and its recording', {
    roles: ADMINS,
    body: drill.DrillRoundCreate,
    response: drill.DrillRound,
    bodyLimit: drill.DRILL_BODY,
  }),
  'drill.list': get('/drills/rounds', 'List rounds of drills, newest first', {
    roles: WATCHERS,
    query: drill.DrillRoundListQuery,
    response: drill.DrillRoundPage,
  }),
  'drill.show': get('/drills/rounds/{round}', 'Show a round of a drill with its verdict and its recording', {
    roles: WATCHERS,
    params: drill.DrillRoundParams,
    response: drill.DrillRecording,
  }),
  'drill.hazards': get('/drills/hazards', 'List the hazards that this version can make', {
    roles: WATCHERS,
    response: drill.DrillHazards,
  }),
  'drill.report': get(
    '/drills/report',
    'Report a stored round, or all of a run: HTML, JUnit XML or text, within JSON',
    { roles: WATCHERS, query: drill.DrillReportQuery, response: drill.DrillReport },
  ),
} as const;
