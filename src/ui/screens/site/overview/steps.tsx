import type { JSX } from 'preact';
import type { ClusterStatus } from '../../../../contract/cluster/status.ts';
import { useList, useView } from '../../../live/use-view.ts';
import { firstSteps } from '../../../models/site/first-run.ts';
import { dataOf } from '../../../models/base/view.ts';
import { State } from '../../../parts/icon.tsx';
import { Section } from '../../../parts/page.tsx';
import { EN } from '../../../texts/en.ts';

const TEXTS = EN.overview.steps;

/** The next steps of a new site, until they are done. */
export function Steps({ cluster }: { readonly cluster: ClusterStatus }): JSX.Element | null {
  const vlans = useList('vlan.list', {}, { nouns: ['vlan', 'rack'] });
  const status = useView('status.show', {}, { nouns: ['machine'] });
  const [networks, counts] = [dataOf(vlans.view), dataOf(status.view)?.counts];
  if (networks === null || counts === undefined) return null;
  const steps = firstSteps(cluster, networks, counts);
  if (steps === null) return null;
  return (
    <Section title={TEXTS.title}>
      <ol class="steps">
        {steps.map(({ id, isDone, link }) => (
          <li key={id}>
            <a href={link}>{TEXTS.list[id].what}</a> <code>{TEXTS.list[id].how}</code>{' '}
            {isDone && <State tone="ok" label={TEXTS.done} />}
          </li>
        ))}
      </ol>
    </Section>
  );
}
