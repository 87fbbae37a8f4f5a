import { createClient } from '../../../src/contract/client.ts';
import { kill } from '../../../src/lab/lab.ts';
import { systemRandom } from '../../../src/main/process.ts';
import { mend, victimOf } from '../hazard.ts';
import { type Figure, most } from '../report.ts';
import { type SitePage, withLabPage } from './page.ts';

const ROUNDS = Number(process.env['ROUNDS'] ?? 5);
/** A record of the rounds: their zone is the site's own. */
const ADDRESS = '10.10.10.77';
/** `KILL`: one of them alone. */
const KILL = process.env['KILL'] ?? '';
/** From a host's death to the page that is live again, s: the target of the fault (numbers.md) and one second. */
const TARGETS = { holder: 2, primary: 5, 'holder and primary': 5 } as const;
type Played = keyof typeof TARGETS;
const BADGE_S = 1;
/** The same for a write: whose host it is may be the primary's, too. */
const MADE_S = 5;

interface Round {
  /** Whose host died. Where the holder is the primary, too, the page waits for the database. */
  readonly played: Played;
  readonly badgeS: number;
  readonly liveS: number;
  readonly madeS: number;
}

/**
 * A real browser on the user interface of a running lab (`REGENT_LAB`): a form is filled and looked at, the host of the address' holder loses its power, then
 * the primary's, each `ROUNDS` times, and the form is applied while it does. The badge must say so, the page be live again, the change be made once, and
 * nobody be asked to log in.
 */
export async function benchBrowser(): Promise<Figure[]> {
  return withLabPage(async ({ layout, url, apiKey, open }) => {
    const client = createClient({ url, apiKey, random: systemRandom() });
    const figures: Figure[] = [];
    for (const hazard of (['holder', 'primary'] as const).filter((one) => KILL === '' || one === KILL)) {
      const rounds: Round[] = [];
      for (let round = 1; round <= ROUNDS; round += 1) {
        const name = `${hazard}-${round}-${systemRandom().hex(3)}.regent.internal`;
        const host = await victimOf(client, hazard, '');
        const isBoth = hazard === 'holder' && (await victimOf(client, 'primary', '')) === host;
        const played = isBoth ? 'holder and primary' : hazard;
        try {
          rounds.push({ played, ...(await playRound(open, name, () => kill(layout, host))) });
          await needOne(client, name);
        } finally {
          await mend(client, layout, host);
        }
        const { badgeS, liveS, madeS } = rounds.at(-1) as Round;
        console.log(
          `   ${played} ${round}: ${host} died; badge after ${badgeS.toFixed(2)} s, made after ${madeS.toFixed(2)} s, live after ${liveS.toFixed(2)} s`,
        );
      }
      for (const [played, ofOne] of Map.groupBy(rounds, (round) => round.played))
        figures.push(...figuresOf(played, ofOne));
    }
    return figures;
  });
}

async function playRound(open: SitePage, name: string, strike: () => Promise<void>): Promise<Omit<Round, 'played'>> {
  await open.fillRecord(name, ADDRESS);
  await open.startWatch();
  const at = Date.now();
  const [madeAt] = await Promise.all([open.apply(), strike()]);
  // An outage that was over before the page saw it.
  const { lostAt, liveAt } = (await open.badgeTimes()) ?? { lostAt: at, liveAt: at };
  if (await open.asksForLogin()) throw new Error('the page asks to log in');
  const after = (time: number) => (time - at) / 1000;
  return { badgeS: after(lostAt), liveS: after(liveAt), madeS: after(madeAt) };
}

async function needOne(client: ReturnType<typeof createClient>, name: string): Promise<void> {
  const { items } = (await client.call('record.list', { query: { fqdn: name } })).body;
  if (items.length !== 1) throw new Error(`${name} was made ${items.length} times`);
  await client.call('record.delete', { params: { record: String(items[0]?.id) } });
}

function figuresOf(played: Played, rounds: readonly Round[]): Figure[] {
  const part = (pick: (round: Round) => number) => {
    const values = rounds.map(pick);
    return { value: Math.max(...values), note: values.map((value) => value.toFixed(2)).join(', ') };
  };
  const figure = (name: string, pick: (round: Round) => number, target: number) => {
    const { value, note } = part(pick);
    return most(`host of the ${played} dies: ${name}`, value, { unit: 's', target, note });
  };
  return [
    figure('badge', ({ badgeS }) => badgeS, BADGE_S),
    figure('live again', ({ liveS }) => liveS, TARGETS[played]),
    figure('change made', ({ madeS }) => madeS, MADE_S),
  ];
}
