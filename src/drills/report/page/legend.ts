/** The pattern of absences, once for all drawings of a page. */
export const PATTERNS =
  '<svg width="0" height="0" style="position:absolute" aria-hidden="true"><defs><pattern id="absent" width="7" height="7" patternUnits="userSpaceOnUse" ' +
  'patternTransform="rotate(45)"><rect width="7" height="7" fill="var(--pale)"/><rect width="1.6" height="7" fill="var(--absent)"/></pattern></defs></svg>';

const ITEMS: readonly (readonly [sign: string, meaning: string])[] = [
  ['<path class="track" d="M0 11h44"/><path class="good" d="M0 11h44"/>', 'good answers in their usual rhythm'],
  ['<path class="bad" d="M4 11h8m10 0h4m8 0h6"/>', 'questions that failed, at the moment they were sent'],
  [
    '<rect class="gap" x="1" y="3" width="42" height="16" rx="2"/>',
    'longest time without a good answer; within its limit, or not judged',
  ],
  [
    '<rect class="gap over" x="1" y="3" width="42" height="16" rx="2"/>',
    'the same, where a limit of this probe did not hold (✗)',
  ],
  ['<rect class="vip" x="0" y="6" width="44" height="10"/>', 'the host had the VIP, the cluster’s floating address'],
  ['<rect class="writable" x="0" y="6" width="44" height="10"/>', 'the host’s database accepted writes'],
  ['<rect class="absent" x="0" y="0" width="44" height="22"/>', 'the host was out of every client’s reach'],
  ['<path class="event" d="M22 5l6 6l-6 6l-6 -6z"/>', 'the cluster acted there by itself (see the events)'],
  ['<path class="mark fault" d="M22 0V22"/>', '▼ a fault was made'],
  ['<path class="mark heal" d="M22 0V22"/>', '▲ a fault was taken away'],
  ['<path class="mark role" d="M22 0V22"/>', '◆ a role moved'],
];

/** What the signs of a drawing mean. */
export function legend(): string {
  const items = ITEMS.map(
    ([sign, meaning]) => `<dt><svg width="44" height="22" aria-hidden="true">${sign}</svg></dt><dd>${meaning}</dd>`,
  );
  return `<dl class="legend">${items.join('')}</dl>`;
}
