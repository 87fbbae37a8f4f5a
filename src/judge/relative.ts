import type { Timeline } from './timeline.ts';

/** A timeline whose times are absolute, with times that are counted from `zero`, to a tenth of a millisecond. */
export function relativeTo(zero: number, timeline: Timeline): Timeline {
  const at = (time: number) => Math.round((time - zero) * 10) / 10;
  const moment = <T extends { readonly at: number }>(item: T): T => ({ ...item, at: at(item.at) });
  const span = <T extends { readonly from: number; readonly to: number }>(item: T): T => ({
    ...item,
    from: at(item.from),
    to: at(item.to),
  });
  return {
    ...timeline,
    marks: timeline.marks.map(moment),
    deeds: timeline.deeds.filter((event) => event.at >= zero).map(moment),
    lanes: timeline.lanes.map((lane) => ({
      ...lane,
      samples: lane.samples.map((sample) => ({ ...sample, sentAt: at(sample.sentAt), endedAt: at(sample.endedAt) })),
    })),
    ...(timeline.sharedAddresses && { sharedAddresses: timeline.sharedAddresses.map(moment) }),
    holdings: timeline.holdings.map(span),
    writables: timeline.writables.map(span),
    absences: timeline.absences.map(span),
    healedAt: timeline.healedAt === null ? null : at(timeline.healedAt),
    redundantAt: timeline.redundantAt === null ? null : at(timeline.redundantAt),
    endedAt: at(timeline.endedAt),
  };
}
