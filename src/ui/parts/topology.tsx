import type { JSX } from 'preact';
import type { ClusterStatus } from '../../contract/cluster/status.ts';
import { type TopologyBox, topologyOf, topologyRows } from '../models/cluster/topology.ts';
import { EN } from '../texts/en.ts';

/** The picture of who does what, and its twin as a table. `name`: of the picture, for people who cannot see it. */
export function TopologyPicture(props: { readonly cluster: ClusterStatus; readonly name?: string }): JSX.Element {
  const { cluster, name = EN.overview.topology } = props;
  const picture = topologyOf(cluster);
  return (
    <div class="topology">
      <div class="scroll" tabIndex={0} role="region" aria-label={name}>
        <svg
          viewBox={`0 0 ${picture.width} ${picture.height}`}
          width={picture.width}
          height={picture.height}
          role="img"
          aria-label={name}
        >
          {picture.links.map((link) => (
            <polyline key={`${link.from} ${link.to}`} points={link.points} class={link.isActive ? 'active' : ''} />
          ))}
          {picture.boxes.map((box) => (
            <Box key={box.id} box={box} />
          ))}
        </svg>
      </div>
      <details>
        <summary>{EN.overview.topologyTable}</summary>
        <table>
          <tbody>
            {topologyRows(cluster).map((row) => (
              <tr key={row.name}>
                <th scope="row">{row.name}</th>
                <td>{row.does}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </details>
    </div>
  );
}

function Box({ box }: { readonly box: TopologyBox }): JSX.Element {
  const isNode = box.kind === 'node';
  return (
    <g class={`box ${box.kind} ${box.tone}`} transform={`translate(${box.x} ${box.y})`}>
      <rect width={box.width} height={box.height} rx={4} />
      <rect class="mark" width={4} height={box.height} />
      <text x={14} y={20} class="title">
        {shortened(box.title, 24)}
      </text>
      {box.status !== '' && (
        <text x={14} y={isNode ? 38 : 36} class="word">
          {box.status}
        </text>
      )}
      {box.lines.map((line, index) => (
        <text key={line} x={14} y={56 + index * 16} class="line">
          {shortened(line, 30)}
        </text>
      ))}
    </g>
  );
}

/** A picture has no room for long names; the table has them whole. */
function shortened(text: string, most: number): string {
  return text.length > most ? `${text.slice(0, most - 1)}…` : text;
}
