import { authorizationOf } from './maas.ts';
import type { TestRegion } from './region.ts';

/** A value of a play; Python writes it into the form. */
export type PlayValue = string | number | boolean | null;
export type PlayValues = Readonly<Record<string, PlayValue>>;

// What an answer has in it is what a module looks for.
// oxlint-disable-next-line typescript/no-explicit-any
type Body = any;

/** What a module tells: did it change something, and what is there now. */
export interface Played {
  readonly changed: boolean;
  readonly record: Body;
}

/** The client of the Ansible collection maas.maas, as strict as it is: other statuses than these are errors. */
export interface AnsibleClient {
  /** null: 404. */
  get(path: string, query?: string): Promise<Body>;
  post(path: string, values: PlayValues, op?: string): Promise<Body>;
  put(path: string, values: PlayValues): Promise<Body>;
  remove(path: string): Promise<void>;
}

const BOUNDARY = 'AnsibleBoundary0123456789abcdefgh';
type Method = 'GET' | 'POST' | 'PUT' | 'DELETE';

/** Makes it. Forms have no line feed at their end, and `True`, `False` and `None` in them. */
export function ansibleClient(site: Pick<TestRegion, 'api' | 'keys'>): AnsibleClient {
  async function request(method: Method, path: string, values: PlayValues | null, statuses: readonly number[]) {
    const form: { readonly headers?: Record<string, string>; readonly payload?: string } =
      values === null ? {} : formOf(values);
    const answer = await site.api.inject({
      method,
      url: `/MAAS/api/2.0/${path}`,
      ...form,
      headers: { accept: 'application/json', authorization: authorizationOf(site.keys.admin), ...form.headers },
    });
    if (!statuses.includes(answer.statusCode))
      throw new Error(`Unexpected response - ${answer.statusCode} ${answer.payload}`);
    return answer;
  }
  const bodyOf = ({ payload }: { readonly payload: string }): Body => JSON.parse(payload) as unknown;
  return {
    get: async (path, query = '') => {
      const answer = await request('GET', `${path}${query}`, null, [200, 404]);
      return answer.statusCode === 404 ? null : bodyOf(answer);
    },
    post: async (path, values, op) => {
      const answer = await request('POST', `${path}${op === undefined ? '' : `?op=${op}`}`, values, [200, 201]);
      return answer.payload.startsWith('OK') ? null : bodyOf(answer);
    },
    put: async (path, values) => bodyOf(await request('PUT', path, values, [200])),
    remove: async (path) => {
      await request('DELETE', path, null, [200, 204]);
    },
  };
}

function formOf(values: PlayValues): { readonly headers: Record<string, string>; readonly payload: string } {
  const parts = Object.entries(values).map(
    ([name, value]) => `--${BOUNDARY}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${wordOf(value)}\r\n`,
  );
  return {
    headers: { 'content-type': `multipart/form-data; boundary="${BOUNDARY}"` },
    payload: `${parts.join('')}--${BOUNDARY}--`,
  };
}

function wordOf(value: PlayValue): string {
  if (value === null) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  return String(value);
}

/** Members of `wanted` that `item` has otherwise. */
export function differing(item: Readonly<Record<string, unknown>>, wanted: PlayValues): Record<string, PlayValue> {
  return Object.fromEntries(Object.entries(wanted).filter(([name, value]) => item[name] !== value));
}

/** What a module wants of an object. `path`: where the object stands; `list` and its id unless told. */
export interface Wish {
  readonly list: string;
  readonly name: string;
  readonly wanted?: PlayValues;
  readonly path?: (item: Body) => string;
}

/** What most modules do: they look for an object by its name, and make it, or change what differs. A second run finds nothing to change. */
export async function ensure(client: AnsibleClient, wish: Wish): Promise<Played> {
  const { list, name, wanted = {} } = wish;
  const found = await findNamed(client, wish);
  if (found === undefined) return { changed: true, record: await client.post(list, { name, ...wanted }) };
  const changes = differing(found, wanted);
  if (Object.keys(changes).length === 0) return { changed: false, record: found };
  return { changed: true, record: await client.put(pathOf(wish, found), changes) };
}

/** Looks for an object by its name, and deletes it. Was there one? */
export async function absent(client: AnsibleClient, wish: Wish): Promise<boolean> {
  const found = await findNamed(client, wish);
  if (found !== undefined) await client.remove(pathOf(wish, found));
  return found !== undefined;
}

async function findNamed(client: AnsibleClient, { list, name }: Wish): Promise<Body> {
  return ((await client.get(list)) as Body[]).find((one) => one.name === name);
}

const pathOf = ({ list, path = (item) => `${list}${item.id}/` }: Wish, item: Body) => path(item);
