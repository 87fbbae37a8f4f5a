/** Where the page is: a path below `/ui/#`, and what is filtered, sorted and chosen on it. All of it stands in the address, so it can be sent to somebody. */
export type Place = { readonly path: readonly string[]; readonly query: Readonly<Record<string, string>> };

/** Reads the part of an address behind `#`. Whatever it is, it is a place. */
export function parsePlace(hash: string): Place {
  const [path = '', search = ''] = hash.replace(/^#/, '').split('?', 2);
  return {
    path: path
      .split('/')
      .filter((part) => part !== '')
      .map(decoded),
    query: Object.fromEntries(new URLSearchParams(search)),
  };
}

/** The part of an address behind `#`, as parsePlace reads it. Empty values are left out. */
export function placeText(place: Place): string {
  const search = new URLSearchParams(Object.entries(place.query).filter(([, value]) => value !== '')).toString();
  return `/${place.path.map(encodeURIComponent).join('/')}${search === '' ? '' : `?${search}`}`;
}

/** A link within the user interface. */
export function linkTo(path: readonly string[], query: Readonly<Record<string, string>> = {}): string {
  return `#${placeText({ path, query })}`;
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
