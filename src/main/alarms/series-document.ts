import { SERIES_BOUNDS, STEP_DAYS } from '../../model/cluster/series.ts';
import { SERIES } from '../../region/cluster/series/table.ts';

/** docs/for-operators/series.md. Pure. */
export function seriesDocument(): string {
  const rows = SERIES.map(({ name, unit, labels, help }) => {
    const named = labels.map((label) => `\`${label}\``).join(' ');
    return `| \`${name}\` | ${unit} | ${named} | ${help} |`;
  });
  return `${[
    '# Series',
    '',
    '<!-- npm run alarms writes this page -->',
    '',
    'Regions store these numbers in the database, for charts: every five minutes for',
    `${STEP_DAYS['5m']} days, and of each hour the least, mean and greatest value for ${STEP_DAYS['1h']} days. Only one region stores`,
    'a number of the site; each region stores the numbers of its own requests. While the database takes no writes',
    'there are gaps; no value is invented. The UI shows ten of them on the page Charts, and leases on that of a subnet.',
    '',
    '```sh',
    'regent series',
    'regent series regent_pool_leases --from 30d --label subnet=10.10.20.0/24',
    '```',
    '',
    '`GET /api/v1/series?name=NAME,NAME&label=KEY=VALUE&from=…&to=…&step=5m|1h` gives one value for each step from `from`',
    'on, `null` for a gap, of step 1h also the arrays `low` and `high`. Without `name` it lists the series. An answer has',
    `at most ${SERIES_BOUNDS.names} names and ${SERIES_BOUNDS.points} points; a larger one is refused. Times are those of the database, and begin at full steps.`,
    '',
    '`regent_pool_leases` has a `forecast`: `limit` is the size of the pools now, `fullAt` is when the least-squares line',
    'through the values of the answer reaches it. `fullAt` is `null` if the values span less than a day, do not grow, or',
    'reach the limit more than 400 days ahead. A month at step 1h is a good span.',
    '',
    `A site stores at most ${SERIES_BOUNDS.stored} series; more are left out, and the log of the region reports how many. With all ${SERIES_BOUNDS.stored} and`,
    `${STEP_DAYS['1h']} days the two tables and their indexes take less than 200 MB. A site with 1,000 machines, 20 subnets and 5 nodes`,
    'has about 200 series.',
    '',
    '| series | unit | labels | meaning |',
    '|---|---|---|---|',
    ...rows,
  ].join('\n')}\n`;
}
