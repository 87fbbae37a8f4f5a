import { dice, RANDOM } from '../dice.ts';

/** What starts the whole system of the image "ephemeral": as a container it commissions and rescues, in a virtual machine it installs. */
const ALL = ['container', 'machine'] as const;
type Kind = (typeof ALL)[number];

/** `REGENT_SYSTEMS`: how many are drawn by the seed (CI, where they turn with the commits); unset: both. */
const CASES = Number(process.env['REGENT_SYSTEMS'] ?? ALL.length);
const played = dice(RANDOM.seed).shuffled(ALL).slice(0, CASES);

/** That kind where it is played in this run, else none: for `describe.each`. */
export const drawn = (kind: Kind): readonly Kind[] => played.filter((one) => one === kind);
