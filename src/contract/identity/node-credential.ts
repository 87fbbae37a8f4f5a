import { type Rejected, rejected } from '../../core/errors.ts';

/** What proves to the region that a node is itself: its id and a secret of its own. */
export interface NodeCredential {
  readonly nodeId: string;
  readonly secret: string;
}

const FORM = /^node:([a-z0-9][a-z0-9-]{0,62}):([A-Za-z0-9]{16,128})$/;

/** The bearer token of the agent channel, and the one line of the agent's credential file: `node:<nodeId>:<secret>`. */
export function formatNodeCredential(credential: NodeCredential): string {
  return `node:${credential.nodeId}:${credential.secret}`;
}

/** Reads a credential file's text; a refusal never shows it. */
export function parseNodeCredential(text: string): NodeCredential | Rejected {
  const [, nodeId, secret] = FORM.exec(text.trim()) ?? [];
  if (nodeId !== undefined && secret !== undefined) return { nodeId, secret };
  return rejected('invalid_value', 'The node credential is not of the form node:<nodeId>:<secret>.');
}
