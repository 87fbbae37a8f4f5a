import type { Desired } from '../../contract/agent.ts';

/**
 * Watches for a wish that this agent starts anew: a nonce in a desired state. What is held when it starts is done, and so is what the very first
 * desired state of a host has: it was for an agent before. Calls `end` for each new one.
 */
export function watchOwnRestart(held: Desired | null, end: (nonce: string) => void): (desired: Desired) => void {
  let known: { readonly nonce: string | undefined } | null = held && { nonce: held.body.agentRestart };
  return ({ body: { agentRestart: nonce } }) => {
    const isNew = known !== null && nonce !== undefined && nonce !== known.nonce;
    known = { nonce };
    if (isNew) end(nonce);
  };
}
