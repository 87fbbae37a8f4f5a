/** A JSON object of Redfish (DMTF DSP0266). */
export interface RedfishBody {
  readonly [name: string]: unknown;
}

/** What the next start uses, in Redfish's terms. */
export interface RedfishBoot {
  readonly BootSourceOverrideEnabled: string;
  readonly BootSourceOverrideTarget: string;
  readonly BootSourceOverrideMode: string;
}

export const ROOT = '/redfish/v1';
export const SYSTEMS = `${ROOT}/Systems`;
export const SESSIONS = `${ROOT}/SessionService/Sessions`;

/** Kinds of reset that a computer knows. */
export const RESETS = ['On', 'ForceOff', 'GracefulShutdown', 'ForceRestart'];

/** What a path names. `none`: nothing of ours. */
export type RedfishPath =
  | { readonly kind: 'root' | 'sessions' | 'systems' | 'none' }
  | { readonly kind: 'session'; readonly id: string }
  | { readonly kind: 'system' | 'reset' | 'reset-info'; readonly id: string };

/** Reads the path of a request, with a slash at its end or without. */
export function parsePath(url: string): RedfishPath {
  const path = url.replace(/\/+$/, '');
  if (path === ROOT) return { kind: 'root' };
  if (path === SESSIONS) return { kind: 'sessions' };
  if (path === SYSTEMS) return { kind: 'systems' };
  if (path.startsWith(`${SESSIONS}/`)) return { kind: 'session', id: path.slice(SESSIONS.length + 1) };
  const [, id = '', rest = ''] = /^\/redfish\/v1\/Systems\/([^/]+)(.*)$/.exec(path) ?? [];
  if (id === '') return { kind: 'none' };
  if (rest === '') return { kind: 'system', id };
  if (rest === '/ResetActionInfo') return { kind: 'reset-info', id };
  return rest === '/Actions/ComputerSystem.Reset' ? { kind: 'reset', id } : { kind: 'none' };
}

/** The list of systems. `place`: what stands before each link. */
export function systemsBody(ids: readonly string[], place = ''): RedfishBody {
  return { Members: ids.map((id) => ({ '@odata.id': `${place}${SYSTEMS}/${id}` })) };
}

/** A system as it is now. `resets`: null if another resource lists them (`resetInfoBody`). */
export interface RedfishSystem {
  readonly id: string;
  readonly manufacturer: string;
  readonly isOn: boolean;
  readonly boot: RedfishBoot;
  readonly resets: readonly string[] | null;
}

/** One system, as a GET of it answers. */
export function systemBody({ id, manufacturer, isOn, boot, resets }: RedfishSystem): RedfishBody {
  const base = `${SYSTEMS}/${id}`;
  const listed =
    resets === null
      ? { '@Redfish.ActionInfo': `${base}/ResetActionInfo` }
      : { 'ResetType@Redfish.AllowableValues': resets };
  return {
    '@odata.id': base,
    Manufacturer: manufacturer,
    Model: 'X1',
    PowerState: isOn ? 'On' : 'Off',
    Boot: { ...boot, 'BootSourceOverrideTarget@Redfish.AllowableValues': ['None', 'Pxe', 'Hdd'] },
    Actions: { '#ComputerSystem.Reset': { target: `${base}/Actions/ComputerSystem.Reset`, ...listed } },
  };
}

/** The kinds of reset, as a resource of their own. */
export function resetInfoBody(resets: readonly string[]): RedfishBody {
  return { Parameters: [{ Name: 'ResetType', AllowableValues: resets }] };
}

/** A refusal. */
export function errorBody(message: string): RedfishBody {
  return { error: { code: 'Base.1.0.GeneralError', message, '@Message.ExtendedInfo': [{ Message: message }] } };
}
