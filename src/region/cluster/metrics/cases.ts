import { readCounts } from '../../../store/queries/cluster/counts.ts';
import { readSiteCounts } from '../../../store/queries/cluster/site-counts.ts';
import type { Tx } from '../../../store/tx.ts';
import { readSeenNodes } from '../../base/seen.ts';
import { type CasePorts, reading } from '../../base/use-case.ts';
import { readWholeSite } from '../whole-site.ts';
import { metricFamilies, nodeSamples } from './families.ts';
import { latencySamples } from './latency-samples.ts';
import { siteSamples } from './site-samples.ts';
import type { MetricSample } from './table.ts';

/** Every figure of the site at one moment. */
export async function readSiteSamples(tx: Tx, context: CasePorts): Promise<MetricSample[]> {
  const nodes = await readSeenNodes(tx, context);
  const site = await readWholeSite(tx, context, { known: nodes, isExact: false });
  const kinds = context.renderer.services.map((service) => service.name);
  return [
    ...nodeSamples({ nodes, kinds, version: context.version, now: site.now }),
    ...siteSamples(site, await readCounts(tx), await readSiteCounts(tx)),
  ];
}

/** The figures of the site, and how long requests to this region took. */
async function readSamples(tx: Tx, context: CasePorts): Promise<MetricSample[]> {
  return [...(await readSiteSamples(tx, context)), ...latencySamples(context.latencies, context.node)];
}

export const metricCases = {
  'metric.list': reading('metric.list', async (tx, _input, context) => ({
    body: { families: metricFamilies(await readSamples(tx, context)) },
  })),
};
