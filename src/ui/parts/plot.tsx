import type { JSX, TargetedKeyboardEvent, TargetedPointerEvent } from 'preact';
import { useState } from 'preact/hooks';
import {
  isDrawn,
  newestOf,
  lengthOf,
  PLOT,
  type PlotData,
  type PlotScale,
  pathOf,
  scaleOf,
  tickText,
  valueText,
} from '../models/base/plot.ts';
import { stamp } from '../models/base/time.ts';
import { CHARTS } from '../texts/base/charts.ts';

/** Lines that differ in colour and stroke. More of them repeat both. */
const STROKES = 6;
const STEPS: Readonly<Record<string, number>> = { ArrowLeft: -1, ArrowRight: 1, PageUp: 12, PageDown: -12 };

/**
 * A plot of values over time: axes, gaps, a cursor for pointer and keyboard that reads the values, and the same as a
 * table. `name`: unique on the page.
 */
export function Plot({ name, data }: { readonly name: string; readonly data: PlotData }): JSX.Element {
  const last = lengthOf(data) - 1;
  const [at, setAt] = useState(() => newestOf(data));
  if (!isDrawn(data)) return <p class="faint">{CHARTS.empty}</p>;
  const scale = scaleOf(data);
  const cursor = Math.min(at, last);
  const move = (place: number) => setAt(Math.min(last, Math.max(0, place)));
  const press = (event: TargetedKeyboardEvent<HTMLElement>) => {
    const step = STEPS[event.key];
    if (step !== undefined) move(cursor + step);
    else if (event.key === 'Home') move(0);
    else if (event.key === 'End') move(last);
    else return;
    event.preventDefault();
  };
  const point = (event: TargetedPointerEvent<HTMLElement>) => {
    const { left, width } = event.currentTarget.getBoundingClientRect();
    const place = ((event.clientX - left) / width) * PLOT.width;
    move(Math.round(((place - PLOT.left) / (PLOT.width - PLOT.left - PLOT.right)) * last));
  };
  const moment = stamp(new Date(data.from + cursor * data.stepMs).toISOString());
  const values = data.lines.map(({ label, values: own }) => `${label} ${valueText(own[cursor] ?? null, data.unit)}`);
  return (
    <figure class="plot">
      <div
        role="slider"
        tabIndex={0}
        aria-label={CHARTS.cursor(name)}
        aria-valuemin={0}
        aria-valuemax={last}
        aria-valuenow={cursor}
        aria-valuetext={`${moment}: ${values.join(', ')}`}
        onKeyDown={press}
        onPointerMove={point}
      >
        <Drawing data={data} scale={scale} cursor={data.from + cursor * data.stepMs} />
      </div>
      <figcaption>
        <p class="faint">{moment}</p>
        <ul class="legend">
          {data.lines.map(({ label, values: own }, index) => (
            <li key={label}>
              <svg class={`stroke-${index % STROKES}`} viewBox="0 0 24 8" width="24" height="8" aria-hidden="true">
                <path d="M0 4H24" />
              </svg>
              {label} <strong>{valueText(own[cursor] ?? null, data.unit)}</strong>
            </li>
          ))}
          {data.limit !== undefined && (
            <li>
              <svg class="limit" viewBox="0 0 24 8" width="24" height="8" aria-hidden="true">
                <path d="M0 4H24" />
              </svg>
              {data.limit.label} <strong>{valueText(data.limit.value, data.unit)}</strong>
            </li>
          )}
        </ul>
      </figcaption>
      <Twin name={name} data={data} />
    </figure>
  );
}

function Drawing(props: { readonly data: PlotData; readonly scale: PlotScale; readonly cursor: number }): JSX.Element {
  const { data, scale } = props;
  const [right, below] = [PLOT.width - PLOT.right, PLOT.height - PLOT.below];
  return (
    <svg viewBox={`0 0 ${PLOT.width} ${PLOT.height}`} aria-hidden="true">
      {scale.ticks.map((value) => (
        <g key={value}>
          <path class="grid" d={`M${PLOT.left} ${scale.y(value)}H${right}`} />
          <text class="side" x={PLOT.left - 6} y={scale.y(value) + 4}>
            {valueText(value, data.unit)}
          </text>
        </g>
      ))}
      {scale.times.map((time) => (
        <g key={time}>
          <path class="grid" d={`M${scale.x(time)} ${below}v4`} />
          <text x={scale.x(time)} y={below + 18}>
            {tickText(time)}
          </text>
        </g>
      ))}
      {data.limit !== undefined && <path class="limit" d={`M${PLOT.left} ${scale.y(data.limit.value)}H${right}`} />}
      {data.lines.map((line, index) => (
        <path key={line.label} class={`line stroke-${index % STROKES}`} d={pathOf(line, data, scale)} />
      ))}
      <path class="cursor" d={`M${scale.x(props.cursor)} ${PLOT.above}V${below}`} />
    </svg>
  );
}

/** The values as a table: made when it is opened, the newest first. */
function Twin({ name, data }: { readonly name: string; readonly data: PlotData }): JSX.Element {
  const [isOpen, setOpen] = useState(false);
  const places = Array.from({ length: lengthOf(data) }, (_, index) => index).toReversed();
  return (
    <details open={isOpen} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>{CHARTS.asTable}</summary>
      {isOpen && (
        <div class="plot-table" tabIndex={0} role="region" aria-label={CHARTS.table(name)}>
          <table>
            <thead>
              <tr>
                <th scope="col">{CHARTS.time}</th>
                {data.lines.map(({ label }) => (
                  <th key={label} scope="col">
                    {label}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {places.map((place) => (
                <tr key={place}>
                  <td>{stamp(new Date(data.from + place * data.stepMs).toISOString())}</td>
                  {data.lines.map(({ label, values }) => (
                    <td key={label}>{valueText(values[place] ?? null, data.unit)}</td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </details>
  );
}
