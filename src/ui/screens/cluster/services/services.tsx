import type { JSX } from 'preact';
import { usePlaces } from '../../../live/place.ts';
import { useList } from '../../../live/use-view.ts';
import { linkTo } from '../../../models/base/address.ts';
import { type ServiceCell, type ServiceGrid, serviceGrid } from '../../../models/cluster/services.ts';
import { State } from '../../../parts/icon.tsx';
import { Empty, Page, Shown } from '../../../parts/page.tsx';
import { CLI } from '../../../texts/base/cli.ts';
import { EN } from '../../../texts/en.ts';

const TEXTS = EN.services;
const EVERY_MS = 5000;

/** The page of services: a table with a row for each service and a column for each node. */
export function Services(): JSX.Element {
  const places = usePlaces();
  const showsUnhealthyOnly = places.place.value.query['ill'] === 'yes';
  const services = useList('service.list', {}, { nouns: ['service', 'node', 'job'], everyMs: EVERY_MS });
  return (
    <Page title={TEXTS.title} cli={CLI.services}>
      <label class="check">
        <input
          type="checkbox"
          checked={showsUnhealthyOnly}
          onChange={(event) => places.setQuery({ ill: event.currentTarget.checked ? 'yes' : '' })}
        />
        {TEXTS.onlyIll}
      </label>
      <Shown view={services.view}>
        {(all) => {
          const shown = showsUnhealthyOnly
            ? all.filter((service) => service.isWanted && service.state !== 'healthy')
            : all;
          if (all.length === 0) return <Empty text={TEXTS.empty} next={TEXTS.emptyNext} />;
          return shown.length === 0 ? <Empty text={TEXTS.allWell} /> : <Grid grid={serviceGrid(shown)} />;
        }}
      </Shown>
    </Page>
  );
}

/** The table. The cell of a node that does not run the service is empty. */
export function Grid({ grid }: { readonly grid: ServiceGrid }): JSX.Element {
  return (
    <div class="table-scroll" role="region" aria-label={TEXTS.grid} tabIndex={0}>
      <table class="grid" aria-label={TEXTS.grid}>
        <thead>
          <tr>
            <th scope="col">{TEXTS.kind}</th>
            {grid.nodes.map((node) => (
              <th key={node} scope="col">
                <a href={linkTo(['nodes', node])}>{node}</a>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {grid.kinds.map((kind) => (
            <tr key={kind}>
              <th scope="row">{kind}</th>
              {grid.nodes.map((node) => (
                <td key={node}>
                  <Cell cell={grid.cell(kind, node)} />
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Cell({ cell }: { readonly cell: ServiceCell | null }): JSX.Element {
  const [only, ...others] = cell?.services ?? [];
  if (cell === null || only === undefined) return <span class="hidden">{TEXTS.notHere}</span>;
  if (others.length === 0)
    return (
      <a href={linkTo(['services', only.node, only.service])}>
        <span class="hidden">{TEXTS.cellName(only.service, only.node)}</span>
        <State tone={cell.tone} label={cell.label} />
      </a>
    );
  return (
    <details>
      <summary>
        <span class="hidden">{TEXTS.cellName(cell.kind, cell.node)}</span>
        <State tone={cell.tone} label={cell.label} /> <span class="faint">{TEXTS.instances(others.length + 1)}</span>
      </summary>
      <ul>
        {cell.services.map((service) => (
          <li key={service.service}>
            <a href={linkTo(['services', service.node, service.service])}>{service.service}</a>
          </li>
        ))}
      </ul>
    </details>
  );
}
