import type { JSX } from 'preact';
import type { Status } from '../../../../contract/site/status.ts';
import { useView } from '../../../live/use-view.ts';
import { Section, Shown } from '../../../parts/page.tsx';
import { EN } from '../../../texts/en.ts';

const NOUNS = ['machine', 'vlan', 'subnet', 'lease', 'domain', 'record', 'rack'];
const SHOWN = ['machines', 'vlans', 'subnets', 'leases', 'domains', 'records'] as const;
/** Shown if there are any: somebody has to do something about them. */
const WANTING = ['racksWaiting', 'withoutSecondary'] as const;

/** How much of everything there is. */
export function Counts(): JSX.Element {
  const status = useView('status.show', {}, { nouns: NOUNS });
  return (
    <Section title={EN.overview.counts}>
      <Shown view={status.view}>{({ counts }) => <CountList counts={counts} />}</Shown>
    </Section>
  );
}

function CountList({ counts }: { readonly counts: Status['counts'] }): JSX.Element {
  const wanting = WANTING.filter((name) => (counts[name] ?? 0) > 0);
  return (
    <ul class="counts">
      {[...SHOWN, ...wanting].map((name) => (
        <li key={name}>
          <strong>{counts[name]}</strong> {EN.overview.count[name]}
        </li>
      ))}
    </ul>
  );
}
