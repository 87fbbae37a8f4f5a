import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { dashboardText } from '../../src/main/alarms/dashboard.ts';
import { ALERTS, alertName } from '../../src/main/alarms/rules.ts';
import { CHECKS } from '../../src/region/cluster/doctor.ts';

/** Rules are judged by Debian's own promtool, out of the package `prometheus`, which is fetched once and not installed. */
const CACHE = '/var/cache/regent-test-images/prometheus';
const PROMTOOL = join(CACHE, 'usr/bin/promtool');
const ROOT = join(import.meta.dirname, '../..');
const RULES = join(ROOT, 'deploy/prometheus/regent.rules.yml');
const FETCH_MS = 300_000;

beforeAll(() => {
  if (existsSync(PROMTOOL)) return;
  mkdirSync(join(CACHE, '..'), { recursive: true });
  const folder = mkdtempSync(`${CACHE}-`);
  const run = (program: string, args: readonly string[]) =>
    execFileSync(program, args, { cwd: folder, timeout: FETCH_MS, stdio: ['ignore', 'ignore', 'pipe'] });
  run('apt-get', ['-o', 'APT::Sandbox::User=root', 'download', 'prometheus']);
  const [file = ''] = readdirSync(folder).filter((name) => name.endsWith('.deb'));
  run('dpkg-deb', ['-x', file, 'x']);
  rmSync(CACHE, { recursive: true, force: true });
  renameSync(join(folder, 'x'), CACHE);
  rmSync(folder, { recursive: true });
}, FETCH_MS);

const promtool = (...args: readonly string[]) =>
  execFileSync(PROMTOOL, args, { encoding: 'utf8', timeout: 60_000, stdio: ['ignore', 'pipe', 'pipe'] });

/** Each 15 s one value: `state` and `muted` of one finding, as two regions give them. */
const finding = (id: string, state: string, muted = '0x40') =>
  ['r1', 'r2'].flatMap((instance) => [
    { series: `regent_finding_state{finding="${id}",instance="${instance}"}`, values: state },
    { series: `regent_finding_muted{finding="${id}",instance="${instance}"}`, values: muted },
  ]);
const alertsOf = (alertname: string, at: string, severities: readonly string[], labels: object = {}) => ({
  eval_time: at,
  alertname,
  exp_alerts: severities.map((severity) => ({ exp_labels: { severity, ...labels } })),
});

/** The tests name alerts and labels; promtool compares annotations too, so each test reads them from the list. */
function testFile(tests: readonly object[]): string {
  return JSON.stringify({ rule_files: [RULES], evaluation_interval: '15s', tests });
}

describe('the rules of Prometheus', () => {
  it('are good for promtool', () => {
    expect(promtool('check', 'rules', RULES)).toContain(`SUCCESS: ${ALERTS.length} rules found`);
  });

  it('have an alert for each invariant of the doctor', () => {
    const names = ALERTS.map(({ alert }) => alert);
    for (const { id } of CHECKS) expect(names).toContain(alertName(id));
    expect(new Set(names).size).toBe(names.length);
  });

  it('alarm of what stands, once for all regions, not of what is muted or over, and tell a warning from a fault', () => {
    const up = ['a', 'b'].map((instance) => ({ series: `up{job="regent",instance="${instance}"}`, values: '1x40' }));
    const build = { series: 'regent_build_info{version="1"}', values: '1x40' };
    const noted = (alert: string, found: Record<string, string>) => {
      const rule = ALERTS.find((one) => one.alert === alert);
      return [
        {
          exp_labels: found,
          exp_annotations: { summary: rule?.summary ?? '', description: rule?.description ?? '' },
        },
      ];
    };
    const standing = (alert: string, id: string, severity: string, at = '2m') => ({
      eval_time: at,
      alertname: alert,
      exp_alerts: noted(alert, { severity, finding: id }),
    });
    const tests = [
      {
        interval: '15s',
        input_series: [
          ...up,
          build,
          ...finding('backup', '0x3 3x40'),
          ...finding('clock', '1x40'),
          ...finding('jobs', '3x40', '1x12 0x40'),
          ...finding('disks', '3x4 0x40'),
        ],
        alert_rule_test: [
          alertsOf('RegentBackup', '30s', []),
          standing('RegentBackup', 'backup', 'critical'),
          standing('RegentClock', 'clock', 'warning'),
          alertsOf('RegentJobs', '2m', []),
          standing('RegentJobs', 'jobs', 'critical', '5m'),
          alertsOf('RegentDisks', '2m', []),
          alertsOf('RegentDown', '2m', []),
          alertsOf('RegentRegionDown', '2m', []),
        ],
      },
      {
        interval: '15s',
        // A node is silent for five minutes: what nobody knows meanwhile raises no alarm, what is broken does.
        input_series: [
          ...up,
          build,
          ...finding('agents', '3x20 0x40'),
          ...finding('disks', '2x60'),
          ...finding('standbys', '3x60'),
        ],
        alert_rule_test: [
          standing('RegentAgents', 'agents', 'critical'),
          standing('RegentStandbys', 'standbys', 'critical'),
          alertsOf('RegentDisks', '2m', []),
          standing('RegentDisks', 'disks', 'critical', '7m'),
        ],
      },
      {
        interval: '15s',
        input_series: [{ series: 'up{job="regent",instance="a"}', values: '0x40' }],
        alert_rule_test: [
          {
            eval_time: '2m',
            alertname: 'RegentRegionDown',
            exp_alerts: [
              {
                exp_labels: { severity: 'warning', instance: 'a', job: 'regent' },
                exp_annotations: {
                  summary: 'The region node a does not answer',
                  description: ALERTS.find(({ alert }) => alert === 'RegentRegionDown')?.description,
                },
              },
            ],
          },
          { eval_time: '2m', alertname: 'RegentDown', exp_alerts: noted('RegentDown', { severity: 'critical' }) },
        ],
      },
    ];
    const file = join(mkdtempSync('/tmp/regent-rules-'), 'tests.yml');
    writeFileSync(file, testFile(tests));
    expect(promtool('test', 'rules', file)).toContain('SUCCESS');
    rmSync(join(file, '..'), { recursive: true });
  });
});

describe("Grafana's dashboard", () => {
  const panels = (JSON.parse(dashboardText()) as { panels: readonly DashboardPanel[] }).panels;
  const cells = ({ gridPos: { x, y, w, h } }: DashboardPanel) =>
    Array.from({ length: w * h }, (_, index) => `${x + (index % w)},${y + Math.floor(index / w)}`);

  it('draws only what PromQL can say, by promtool', () => {
    const rules = panels
      .flatMap(({ targets }) => targets.map(({ expr }) => expr))
      .map((expr, index) => ({ record: `regent:panel:${index}`, expr }));
    const file = join(mkdtempSync('/tmp/regent-panels-'), 'rules.yml');
    writeFileSync(file, JSON.stringify({ groups: [{ name: 'panels', rules }] }));
    expect(promtool('check', 'rules', file)).toContain(`SUCCESS: ${rules.length} rules found`);
    rmSync(join(file, '..'), { recursive: true });
  });

  it('has panels that lie side by side within 24 columns, each with its own id', () => {
    const taken = panels.flatMap(cells);
    expect(new Set(taken).size).toBe(taken.length);
    for (const { gridPos } of panels) expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24);
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
  });
});

interface DashboardPanel {
  readonly id: number;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets: readonly { readonly expr: string }[];
}
