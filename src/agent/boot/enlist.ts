import { Compile } from 'typebox/compile';
import type { BootClient } from '../../boot/client.ts';
import type { EnlistAnswer } from '../../boot/decide.ts';
import { EnlistReply } from '../../contract/machines/enlist.ts';
import { AppError } from '../../core/errors.ts';
import type { RegionChannel } from '../channel/channel.ts';

/**
 * Asks a region about a machine that no boot record knows. `via`: an address on the network of the request, the rack's own or the machine's; null: not known.
 * Throws when no region answers, or one answers with something else.
 */
export type AskEnlist = (client: BootClient, signal: AbortSignal, via?: string | null) => Promise<EnlistAnswer>;

const validator = Compile(EnlistReply);

/** Sends the boot listener's questions to the regions. */
export function askToEnlist(channel: Pick<RegionChannel, 'enlist'>): AskEnlist {
  return async ({ mac, uuid, serial, architecture, firmware }, signal, via = null) => {
    const question = { mac, uuid, serial, architecture, firmware, ...(via === null ? {} : { via }) };
    const answer = await channel.enlist(question, signal);
    if (!validator.Check(answer))
      throw new AppError('region_refused', 'the region’s answer does not fit the agent protocol');
    return answer;
  };
}
