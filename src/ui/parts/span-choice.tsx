import type { JSX } from 'preact';
import { usePlaces } from '../live/place.ts';
import { SPAN_DAYS, type SpanId, spanIn } from '../models/base/charts.ts';
import { CHARTS } from '../texts/base/charts.ts';

/** The span of the charts of a page. It stands in the address. `usual`: without one there. */
export function useSpan(usual: SpanId): SpanId {
  return spanIn(usePlaces().place.value.query['span'], usual);
}

/** Chooses the span. */
export function SpanChoice({ usual }: { readonly usual: SpanId }): JSX.Element {
  const places = usePlaces();
  const at = useSpan(usual);
  return (
    <fieldset class="spans">
      <legend class="hidden">{CHARTS.span}</legend>
      {(Object.keys(SPAN_DAYS) as SpanId[]).map((id) => (
        <label key={id} class="check">
          <input
            type="radio"
            name="span"
            checked={id === at}
            onChange={() => places.setQuery({ span: id === usual ? '' : id })}
          />
          {CHARTS.spans[id]}
        </label>
      ))}
    </fieldset>
  );
}
