import type { BootClient } from '../../boot/client.ts';
import type { EnlistAnswer } from '../../boot/decide.ts';
import type { AskEnlist } from './enlist.ts';
import { sentenceOf } from '../../core/errors.ts';
import type { Log } from '../../core/ports.ts';

/** Questions to regions at once: further machines are sent away to come again, at no cost to the regions. */
const AT_ONCE = 8;

type UnknownMachinePorts = { readonly enlist: AskEnlist; readonly enlistMs: number; readonly log: Log };

/**
 * Asks a region about unknown machines: one question for each MAC at a time, few in all, each with a deadline. It never throws: a region
 * that does not answer counts as none.
 */
export function openUnknownMachines({ enlist, enlistMs, log }: UnknownMachinePorts) {
  const pending = new Map<string, Promise<EnlistAnswer>>();
  const askRegion = async (client: BootClient, via: string | null): Promise<EnlistAnswer> => {
    try {
      const signal = AbortSignal.timeout(enlistMs);
      const late = new Promise<never>((_, reject) => {
        signal.addEventListener('abort', () => reject(new Error(`no answer within ${enlistMs} ms`)), { once: true });
      });
      return await Promise.race([enlist(client, signal, via), late]);
    } catch (error) {
      log.warn('no region enlists a machine', { mac: client.mac, error: sentenceOf(error) });
      return { kind: 'no-region' };
    } finally {
      pending.delete(client.mac);
    }
  };
  return {
    /** `via`: the machine's own address, so that its VLAN is known; null: not known. */
    ask: (client: BootClient, via: string | null): Promise<EnlistAnswer> => {
      const running = pending.get(client.mac);
      if (running) return running;
      if (pending.size >= AT_ONCE) return Promise.resolve({ kind: 'busy' });
      const question = askRegion(client, via);
      pending.set(client.mac, question);
      return question;
    },
  };
}
