import type { FastifyInstance } from 'fastify';
import { AUTHORITY_PATH, type Authority } from '../../contract/people/session.ts';
import { API_PREFIX } from '../../contract/routes.ts';
import { isRejected } from '../../core/errors.ts';
import type { TrustPort } from '../../region/cluster/trust/port.ts';
import { sendProblem } from '../server.ts';

/**
 * The certificate of the cluster's authority, for browsers that are to trust it before anybody can log in: as JSON with its fingerprint, and as
 * the file that browsers and systems import. It is no secret. No query goes to the database.
 */
export function registerAuthority(app: FastifyInstance, trust: Pick<TrustPort, 'authority'>): void {
  app.get(API_PREFIX + AUTHORITY_PATH, async (_request, reply) => {
    const found = await trust.authority();
    if (isRejected(found)) return sendProblem(reply, found);
    const body: Authority = { certificate: found.pem, fingerprint: found.fingerprint };
    return reply.header('content-type', 'application/json; charset=utf-8').send(JSON.stringify(body));
  });
  app.get('/ui/ca.crt', async (_request, reply) => {
    const found = await trust.authority();
    if (isRejected(found)) return sendProblem(reply, found);
    return reply
      .header('content-type', 'application/x-x509-ca-cert')
      .header('content-disposition', 'attachment; filename="regent-ca.crt"')
      .send(found.pem);
  });
}
