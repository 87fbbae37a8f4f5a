import type { JSX } from 'preact';
import type { ClusterStatus } from '../../../../contract/cluster/status.ts';
import { useMay } from '../../../live/use-may.ts';
import { useView } from '../../../live/use-view.ts';
import { drillFact, type OverviewFact, factsOf, headline } from '../../../models/site/overview.ts';
import { dataOf } from '../../../models/base/view.ts';
import { State } from '../../../parts/icon.tsx';
import { Page, Placeholder, Section, Shown } from '../../../parts/page.tsx';
import { TopologyPicture } from '../../../parts/topology.tsx';
import { CLI } from '../../../texts/base/cli.ts';
import { EN } from '../../../texts/en.ts';
import { MyNotes } from '../../people/notes/note-list.tsx';
import { Counts } from './counts.tsx';
import { Deaths } from './deaths.tsx';
import { Happened } from './happened.tsx';
import { Jobs } from './jobs.tsx';
import { Steps } from './steps.tsx';
import { FullestSubnets, ServiceGrid } from './where.tsx';

/** Roles move without an event, so they are read at this interval, ms. */
const EVERY_MS = 5000;

/** The cluster at a glance. */
export function Overview(): JSX.Element {
  const cluster = useView('cluster.show', {}, { nouns: ['node', 'job', 'rack', 'vlan'], everyMs: EVERY_MS });
  const may = useMay();
  return (
    <Page title={EN.overview.title} cli={CLI.overview}>
      <MyNotes isQuiet />
      <Shown view={cluster.view}>
        {(data) => (
          <>
            <Headline cluster={data} />
            <FactTiles cluster={data} />
            {data.warnings.length > 0 && (
              <Section title={EN.overview.warnings}>
                <ul class="findings">
                  {data.warnings.map((warning) => (
                    <li key={warning}>{warning}</li>
                  ))}
                </ul>
              </Section>
            )}
            {data.nodes.length > 0 && (
              <Section title={EN.overview.topology}>
                <TopologyPicture cluster={data} />
              </Section>
            )}
            <Steps cluster={data} />
            {data.nodes.length > 0 && <Deaths />}
            {data.nodes.length > 0 && <ServiceGrid />}
          </>
        )}
      </Shown>
      {may.watch && <Jobs />}
      <Counts />
      <FullestSubnets />
      <Happened />
    </Page>
  );
}

function Headline({ cluster }: { readonly cluster: ClusterStatus }): JSX.Element {
  const found = headline(cluster);
  const { tone, losses, promised, regions, isSingle, alone, applying, why } = found;
  const TEXTS = EN.overview;
  return (
    <section class={`headline ${tone}`}>
      <p class="big">
        <State tone={tone} label={TEXTS.headline(found)} />
      </p>
      {applying.length > 0 ? <p>{TEXTS.applying(applying, alone)}</p> : alone > 0 && <p>{TEXTS.noStandby(alone)}</p>}
      {cluster.state !== 'ok' && <p>{cluster.summary}</p>}
      {cluster.state === 'ok' && losses >= promised && why.length > 0 && <p class="faint">{`${why.join('; ')}.`}</p>}
      {losses < promised && <p class="faint">{TEXTS.promised(promised)}</p>}
      {cluster.source === 'memory' && <p class="waiting">{TEXTS.fromMemory}</p>}
      {!isSingle && (
        <details open={losses < promised}>
          <summary>{TEXTS.why}</summary>
          <ul>
            {losses < promised ? why.map((line) => <li key={line}>{line}</li>) : <li>{TEXTS.majority(regions)}</li>}
          </ul>
        </details>
      )}
    </section>
  );
}

function FactTiles({ cluster }: { readonly cluster: ClusterStatus }): JSX.Element {
  const drills = useView('drill.list', { query: { limit: 1, sort: '-id' } }, { nouns: ['drill'] });
  const rounds = dataOf(drills.view);
  const facts: readonly OverviewFact[] = [...factsOf(cluster), ...(rounds ? [drillFact(rounds.items[0] ?? null)] : [])];
  return (
    <ul class="tiles">
      {facts.map((fact) => (
        <li key={fact.id} class={fact.tone}>
          <span class="faint">{EN.overview.facts[fact.id]}</span>
          <strong>
            <State tone={fact.tone} label={fact.value} />
          </strong>
          <span class="note">{fact.note}</span>
        </li>
      ))}
      {drills.view.kind === 'loading' && (
        <li class="off">
          <span class="faint">{EN.overview.facts.drill}</span>
          <Placeholder />
        </li>
      )}
    </ul>
  );
}
