import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openFindings } from '../../src/agent/findings.ts';
import { openSiteKeeper, type SiteKeeper } from '../../src/agent/self/site-certificate.ts';
import { AppError } from '../../src/core/errors.ts';
import { textDigest } from '../../src/core/stable-json.ts';
import type { FileContent } from '../../src/core/host-values.ts';
import { refuseContent, refuseInstall } from '../../src/host/policy.ts';
import { helperPolicy } from '../../src/main/helper-policy.ts';
import { siteListText, TRUST_FILES } from '../../src/model/cluster/trust-files.ts';
import { lb } from '../../src/services/lb/index.ts';
import { SERVICES } from '../../src/services/registry.ts';
import { operatorCertificate } from '../kit/cluster/operator-certificate.ts';
import { engineRig, FAKE_FACTS, wish } from '../kit/engine-rig.ts';
import { realClock, realRandom } from '../kit/postgres.ts';
import { memoryLog } from '../kit/virtual-time.ts';
import { goldenTemplates } from '../kit/goldens.ts';

const POLICY = helperPolicy(SERVICES, 'regent-agent', goldenTemplates());

interface Pair {
  readonly certificate: string;
  readonly key: string;
}
const { site: SITE, siteList: LIST } = TRUST_FILES;
let one: Pair;
let two: Pair;
beforeAll(async () => {
  const make = async (name: string): Promise<Pair> => {
    const { leaf, middle, key } = await operatorCertificate({ names: [name], kind: 'ec' });
    return { certificate: `${leaf}${middle}`, key };
  };
  [one, two] = [await make('one.test'), await make('two.test')];
});

let files: Map<string, FileContent>;
let order: string[];
let answer: unknown;
let asked: number;
let wanted: string | null;
let isRegion: boolean;
let now: number;
let shown: string[];
let findings: ReturnType<typeof openFindings>;
let keeper: SiteKeeper;
beforeEach(() => {
  [files, order, answer, asked, wanted, isRegion, now, shown] = [new Map(), [], one, 0, null, true, 0, []];
  findings = openFindings(realClock, memoryLog());
  const beat = Object.assign(() => {}, { end: () => {} });
  const clock = { ...realClock, monotonic: () => now };
  keeper = openSiteKeeper({
    ports: { clock, random: realRandom, log: memoryLog(), wait: async () => {}, loop: () => beat },
    channel: {
      siteCertificate: async () => {
        asked += 1;
        if (answer instanceof Error) throw answer;
        return answer;
      },
    },
    files: {
      install: async (file) => {
        if ((refuseInstall(POLICY, file) ?? refuseContent(POLICY, file)) !== null)
          throw new AppError('denied', 'the helper refuses it');
        files.set(file.path, file);
        order.push(file.path);
      },
    },
    findings,
    read: async () => [SITE, LIST].map(({ path }) => files.get(path)?.content ?? null),
    wanted: () => wanted,
    isRegion: () => isRegion,
    onChange: (digest) => shown.push(digest),
  });
});
const want = (pair: Pair) => {
  wanted = textDigest(pair.certificate);
};
const told = () => findings.all().map(({ code, sentence }) => `${code}: ${sentence}`);
const tendLater = () => {
  now += 120_000;
  return keeper.tend();
};

describe("the agent's keeper of the site's certificate", () => {
  it('makes the list before haproxy is configured, also without a region', async () => {
    answer = new AppError('region_unreachable', 'nobody answers');
    want(one);
    await keeper.prepare();
    expect(files.get(LIST.path)).toEqual({ ...LIST, content: siteListText(false) });
    expect([order, asked, shown, told()]).toEqual([[LIST.path], 0, [''], []]);
    await keeper.prepare();
    expect(order).toHaveLength(1);
  });

  it('fetches what is wanted, writes the file and then the list, and tells haproxy once', async () => {
    await keeper.prepare();
    want(one);
    await keeper.tend();
    expect(order).toEqual([LIST.path, SITE.path, LIST.path]);
    expect(files.get(SITE.path)).toMatchObject({
      mode: 0o640,
      group: 'regent-pki',
      content: `${one.certificate}${one.key}`,
    });
    expect(files.get(LIST.path)?.content).toBe(siteListText(true));
    await keeper.tend();
    expect([asked, shown]).toEqual([1, ['', wanted]]);
    [answer] = [two];
    want(two);
    await keeper.tend();
    expect([asked, shown.at(-1), told()]).toEqual([2, wanted, []]);
  });

  it('knows after a restart what lies there, and mends what somebody removed or damaged', async () => {
    files.set(SITE.path, { ...SITE, content: `${one.certificate}${one.key}` });
    files.set(LIST.path, { ...LIST, content: 'somebody wrote this\n' });
    want(one);
    await keeper.prepare();
    await keeper.tend();
    expect([asked, shown, order]).toEqual([0, [wanted], [LIST.path]]);
    files.set(SITE.path, { ...SITE, content: `${one.certificate}${two.key}` });
    await keeper.tend();
    // The list leaves a damaged file out at once.
    expect(order.slice(1)).toEqual([LIST.path, SITE.path, LIST.path]);
    files.delete(SITE.path);
    await keeper.tend();
    expect([asked, shown]).toEqual([2, [wanted, '', wanted, '', wanted]]);
  });

  it.each<readonly [string, () => unknown, string]>([
    ['is of no protocol', () => ({ certificate: 1 }), 'not fit the agent protocol'],
    [
      'has a key of another one',
      () => ({ certificate: one.certificate, key: two.key }),
      'none of the 2 is for the key',
    ],
    ['has no key', () => ({ certificate: one.certificate, key: 'x' }), 'this is not a private key'],
    ['is another one than is wanted', () => two, 'a certificate that is not the current one of the site'],
    ['does not come', () => new AppError('region_unreachable', 'nobody answers'), 'nobody answers'],
  ])('takes no answer that %s: what is shown stays, a finding tells, and it is tried again', async (_, bad, words) => {
    await keeper.prepare();
    want(one);
    answer = bad();
    await keeper.tend();
    expect(files.has(SITE.path)).toBe(false);
    expect(told()).toEqual([expect.stringContaining(words)]);
    expect(told().join()).not.toContain('BEGIN');
    await keeper.tend();
    expect(asked).toBe(1);
    answer = one;
    await tendLater();
    expect([asked, told(), shown.at(-1)]).toEqual([2, [], wanted]);
  });

  it('does nothing on a rack', async () => {
    isRegion = false;
    want(one);
    await keeper.prepare();
    await keeper.tend();
    expect([asked, order, shown]).toEqual([0, [], []]);
  });
});

describe('a service that shows the certificate of the site', () => {
  const service = { onSiteCertificate: () => ({ kind: 'reload', why: 'another site certificate' }) as const };
  const runs = async (...steps: readonly (string | undefined)[]) => {
    const rig = engineRig(service);
    const engine = await rig.start();
    let done: string[] = [];
    for (const site of steps) {
      const report = await engine.run(wish(1, {}, site === undefined ? {} : { site }), FAKE_FACTS);
      done = (report.actions ?? []).map(({ kind, trigger }) => `${kind} ${trigger}`);
    }
    return done.slice(1);
  };

  it('hears of each one once, also of the first, which may have come after its start', async () => {
    expect(await runs('')).toEqual([]);
    expect(await runs('', 'a', 'a', 'b')).toEqual(['reload certificate', 'reload certificate']);
    expect(await runs('a', 'a')).toEqual(['reload certificate']);
    expect(await runs(undefined, 'a', '')).toEqual(['reload certificate', 'reload certificate']);
  });

  it('is haproxy alone', () => {
    expect(SERVICES.filter((service) => 'onSiteCertificate' in service).map(({ name }) => name)).toEqual([lb.name]);
  });
});
