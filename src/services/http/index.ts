import { type Serving, servingOf } from '../../model/networks/serving.ts';
import type { ManagedService } from '../kit/contract.ts';
import { compileHttp, HTTP_PARTS } from './compile.ts';
import {
  activateHttp,
  certificateHttp,
  checkHttp,
  HTTP_COMMANDS,
  parseProbeHttp,
  probeHttp,
  roleChangeHttp,
} from './daemon.ts';
import { HttpDesired } from './desired.ts';
import { metricsHttp } from './metrics.ts';
import { BODIES, FOLDER, HTTP_FILES, type HttpView, viewHttp } from './view.ts';

/** nginx 1.26: boot files, images and the proxy to regions' metadata, for machines of a rack's VLANs. */
export const http: ManagedService<HttpDesired, HttpView, Serving> = {
  name: 'http',
  desired: HttpDesired,
  unit: 'nginx.service',
  version: { argv: ['/usr/sbin/nginx', '-v'], timeoutMs: 5000 },
  folder: FOLDER,
  commands: HTTP_COMMANDS,
  users: ['regent-http'],
  files: HTTP_FILES,
  boundedFolders: [BODIES],
  prepare: servingOf,
  compile: compileHttp,
  lint: () => [],
  parts: HTTP_PARTS,
  view: viewHttp,
  check: checkHttp,
  activate: activateHttp,
  onRoleChange: roleChangeHttp,
  onCertificate: certificateHttp,
  probe: probeHttp,
  parseProbe: parseProbeHttp,
  metrics: metricsHttp,
};
