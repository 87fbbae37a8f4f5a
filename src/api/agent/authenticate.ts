import { type Rejected, rejected } from '../../core/errors.ts';
import type { AgentPort } from '../../region/port.ts';

const FORM = /^Bearer +node:([a-z0-9][a-z0-9-]{0,62}):([A-Za-z0-9]{16,128})$/i;

/**
 * Finds out which node calls, from `Authorization: Bearer node:<nodeId>:<secret>`. The one place on this side that changes when the
 * channel becomes mutual TLS: the node's name then comes from the certificate.
 */
export async function authenticateNode(
  authorization: string | undefined,
  agents: Pick<AgentPort, 'authenticate'>,
): Promise<{ readonly nodeId: string } | Rejected> {
  const match = FORM.exec(authorization ?? '');
  const nodeId = match?.[1] && match[2] ? await agents.authenticate(match[1], match[2]) : null;
  if (nodeId !== null) return { nodeId };
  return rejected(
    'unauthenticated',
    'The node credential is missing or wrong. "regent init" or a new join on that host makes a new one.',
  );
}
