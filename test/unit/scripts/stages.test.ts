import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { endText } from '../../../src/lab/product/product.ts';
import { clusterOf, SINGLE } from '../../../src/lab/topologies.ts';

const LIBRARY = join(import.meta.dirname, '../../../scripts/lib');
/** A clock that a stage moves on (`pass SECONDS`); a line is not drawn again by itself. */
const CLOCK = 'now() { cat "$folder/now"; }; tick() { sleep 60; }; pass() { echo $(($(now) + $1)) >"$folder/now"; }';
let folder = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'regent-stages-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Runs stages of a script on a terminal of 80 columns, or with its output in a pipe; `seen`: what is there in the end, line by line. */
function run(stages: string, where: 'terminal' | 'pipe') {
  const begin = `set -euo pipefail; folder=${folder}; log=${folder}/up.log; echo 0 >${folder}/now; . ${LIBRARY}/say.sh; . ${LIBRARY}/stages.sh; ${CLOCK}; watch_steps`;
  const script = `${begin}; trap stop_ticker EXIT; begin_stages "$log"\n${stages}`;
  const environment = { PATH: '/usr/bin:/bin', SCRIPT: script };
  const [program, ...args] =
    where === 'terminal'
      ? ['script', '--quiet', '--return', '--command', 'stty cols 80; exec bash -c "$SCRIPT" up', '/dev/null']
      : ['bash', '-c', '{ eval "$SCRIPT"; } 2>&1', 'up'];
  const { status, stdout } = spawnSync(program ?? '', args, { env: environment, encoding: 'utf8', timeout: 30_000 });
  // A terminal shows of a line what was drawn last.
  const seen = stdout
    .replaceAll('\r\n', '\n')
    .split('\n')
    .map((line) => line.slice(line.lastIndexOf('\r\u001b[K') + 1).replace('\u001b[K', ''));
  return {
    code: status,
    raw: stdout,
    seen: seen.filter((line) => line !== ''),
    log: readFileSync(`${folder}/up.log`, 'utf8'),
  };
}

const WELL = `step one 'do this'; echo noise >&2; pass 3
step 'two and more' 'do that'; pass 65; for n in $(seq 500); do echo "noise $n" >&2; done
end_stage; echo the end`;

describe.each(['terminal', 'pipe'] as const)('a command of stages in a %s', (where) => {
  it('prints a line for each with its time; what they say is in the log', () => {
    const { code, seen, log } = run(WELL, where);
    expect([code, seen]).toEqual([0, [`log: ${folder}/up.log`, '    3 s  one', '   65 s  two and more', 'the end']]);
    expect(log).toMatch(/^== one\nnoise\n== two and more\nnoise 1\n(?:noise \d+\n)*noise 500\n$/);
  });

  it('that fails names the stage, the last lines of its log, what to do, and the log', () => {
    const failing = `step one 'do this'; echo of another >&2
step two 'do that'; pass 7; for n in $(seq 100); do echo "noise $n" >&2; done; false; echo never`;
    const { code, seen } = run(failing, where);
    expect(code).toBe(1);
    expect(seen).toEqual([
      `log: ${folder}/up.log`,
      '    0 s  one',
      '    7 s  two: failed. The last lines of its log:',
      ...Array.from({ length: 12 }, (_, index) => `         noise ${index + 89}`),
      expect.stringMatching(/^up: "two" failed \(exit 1, line \d+\)$/),
      '  what to do: do that',
      `  the whole log: ${folder}/up.log`,
    ]);
  });

  it('that refuses says why in its own words', () => {
    const { code, seen } = run(`step one 'do this'; fail 'no room' 'make room'`, where);
    expect([code, seen.slice(-3)]).toEqual([
      1,
      ['up: no room', '  what to do: make room', `  the whole log: ${folder}/up.log`],
    ]);
  });
});

describe('a terminal', () => {
  it('shows the stage that runs, with the last line of the log, in one line of its width', () => {
    const long = 'x'.repeat(200);
    // It is drawn before each tick: after the second one of these it was drawn with what the log has now.
    const stages = `tick() { sleep 0.05; echo >>"$folder/ticks"; }; step hosts 'do this'; pass 5; echo "booting ${long}" >&2; : >"$folder/ticks"
until [ "$(wc -l <"$folder/ticks")" -ge 2 ]; do sleep 0.05; done; end_stage`;
    const { raw, seen } = run(stages, 'terminal');
    expect(seen.at(-1)).toBe('    5 s  hosts');
    const drawn = raw.split('\r\u001b[K').filter((text) => text.includes('booting'));
    expect(drawn[0]).toBe(`    5 s  hosts: booting ${long}`.slice(0, 79));
  });
});

describe('the end of scripts/up', () => {
  const result = {
    url: 'http://127.0.0.1:5240',
    version: '0.9.0',
    apiKey: 'a:b:c',
    isNewKey: true,
    health: 'All is well.',
  };
  const place = { contextFile: '/top/.regent/context.json', ui: 'https://127.0.0.1:5443/ui/' };

  it('is a line each for UI, API, key, trust, first command, stop; the log is the seventh', () => {
    expect(endText(clusterOf({ regions: 3, racks: 2 }), result, place)).toBe(`
Regent 0.9.0 runs in ${clusterOf({ regions: 3, racks: 2 }).name}. All is well.

  UI     https://127.0.0.1:5443/ui/ (log in with the key)
  API    http://127.0.0.1:5240 (10.77.0.10 in the lab, whoever holds it)
  key    a:b:c (the admin's, shown this once; bin/regent reads it from /top/.regent/context.json)
  trust  curl -so regent-ca.crt http://127.0.0.1:5240/ui/ca.crt; import it in the browser as an authority
  try    bin/regent cluster status
  stop   sudo scripts/down (--purge removes it without a trace)
`);
  });

  it('shows no key again, and nothing of a UI that is not offered', () => {
    const text = endText(SINGLE, { ...result, isNewKey: false }, { ...place, ui: null });
    expect(text).not.toContain('a:b:c');
    expect(text).not.toMatch(/UI|trust/);
    expect(text).toContain('  key    as before, in /top/.regent/context.json\n');
    expect(text).toContain('  try    bin/regent status\n');
  });

  it('takes forty lines of a terminal at most, with every stage that scripts/up has', () => {
    const text = ['up', 'lib/outer.sh', 'lib/node.sh']
      .map((file) => readFileSync(join(LIBRARY, '..', file), 'utf8'))
      .join('');
    const stages = text.match(/^ *step '/gm)?.length ?? 0;
    expect(stages).toBeGreaterThan(8);
    const ended = endText(clusterOf({ regions: 3, racks: 2 }), result, place).split('\n').length;
    expect(1 + stages + ended + 1).toBeLessThanOrEqual(40);
  });
});
