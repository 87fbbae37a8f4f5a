import { RANDOM } from '../../dice.ts';
import { pause } from '../../until.ts';
import { VIP } from '../nodes.ts';
import type { BadDay } from './plan.ts';
import { answerOf, INIT, RACK, type Story } from './story.ts';

const DATA = '/var/lib/postgresql/17/regent';

/** Bad days before there is a cluster. */
export const BEGINNING: readonly BadDay<Story>[] = [
  {
    name: 'init: the floating address answers already',
    at: 'bare',
    run: async ({ hosts, refused, clean, tell }) => {
      const address = [`${VIP}/24`, 'dev', 'eth0'];
      await hosts.lab.ask(RACK.name, ['ip', 'address', 'add', ...address]);
      const result = await hosts.regent('r1', INIT);
      await hosts.lab.ask(RACK.name, ['ip', 'address', 'del', ...address]);
      refused(result, /Another device answers at the floating address 10\.77\.0\.10/);
      await clean('r1');
      tell('floating address taken', answerOf(result));
    },
  },
  {
    name: 'init: the power fails in the middle, twice; the next run goes on',
    at: 'bare',
    to: 'alone',
    run: async ({ hosts, begin, tell }) => {
      const cut = async (ms: number, from: () => Promise<unknown>) => {
        const running = hosts.regent('r1', INIT).catch(() => null);
        await from();
        await pause(ms);
        await hosts.power.kill('r1');
        await running;
        await hosts.power.start('r1');
        return ms;
      };
      const first = await cut(300 + Math.floor(RANDOM.next() * 3_000), async () => {});
      // While the database is made: Patroni alone would never get over it.
      const data = ['sh', '-c', `for i in $(seq 1200); do [ -e ${DATA} ] && exit; sleep 0.05; done; exit 1`];
      const second = await cut(Math.floor(RANDOM.next() * 2_000), () => hosts.lab.ask('r1', data, 90_000));
      await begin();
      tell(
        'power cut in init',
        `after ${first} ms, and ${second} ms into the making of the database; the third run ended well, doctor green`,
      );
    },
  },
];
