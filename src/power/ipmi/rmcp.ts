import type { NoAnswer, BmcAccess } from '../../host/ask/bmc/interface.ts';
import type { PowerPlace } from '../../model/machines/power.ts';

/** RMCP with an ASF presence ping (DMTF DSP0136 §3.2.4.2); tag 0. */
const PING = Uint8Array.from([0x06, 0x00, 0xff, 0x06, 0x00, 0x00, 0x11, 0xbe, 0x80, 0x00, 0x00, 0x00]);
/** Get Channel Authentication Capabilities without a session (IPMI 2.0 §22.13): some BMCs answer no ping. */
const CAPABILITIES = Uint8Array.from([
  0x06, 0x00, 0xff, 0x07, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x09, 0x20, 0x18, 0xc8, 0x81, 0x00,
  0x38, 0x8e, 0x04, 0xb5,
]);
const PONG = 0x40;

/** Does a BMC answer here, without a user and a password? `alien`: something answers that does not speak RMCP. */
export async function pingBmc(
  reach: BmcAccess,
  place: PowerPlace,
  timeoutMs: number,
): Promise<'answers' | 'alien' | NoAnswer> {
  const answer = await reach.datagram({ ...place, packets: [PING, CAPABILITIES], timeoutMs });
  if ('kind' in answer) return answer;
  return isRmcp(answer) ? 'answers' : 'alien';
}

function isRmcp(bytes: Uint8Array): boolean {
  const [version, , , messageClass] = bytes;
  if (version !== 0x06) return false;
  if (messageClass === 0x06) return bytes[8] === PONG;
  return messageClass === 0x07 && bytes.length >= 14;
}
