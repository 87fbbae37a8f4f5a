import type { Handler, Handlers, MaasCall } from '../../handler.ts';
import { badValue, notFound } from './refusals.ts';

/** What MAAS has and Regent has no meaning for: each call is refused with what to do instead, and what it is about must be there. */
const cannot =
  (field: string, problem: string, rule: string): Handler =>
  async () =>
    badValue(field, problem, rule);
const about =
  (requireObject: (call: MaasCall) => Promise<unknown>, refuse: Handler): Handler =>
  async (call) => {
    await requireObject(call);
    return refuse(call);
  };

const machine = ({ site, path }: MaasCall) =>
  site.call('machine.show', { params: { machine: path['system_id'] ?? '' } });
const LICENCE = 'no image of Regent asks for a licence key; user data may hold one';
const licenceKey: Handler = async ({ path }) => notFound('licence key', `${path['osystem']}/${path['distro_series']}`);

export const REFUSED_HANDLERS: Handlers = {
  'LicenseKeys.create': cannot('license_key', 'it cannot be stored', LICENCE),
  'LicenseKey.read': licenceKey,
  'LicenseKey.update': licenceKey,
  'LicenseKey.delete': licenceKey,
  'SSLKeys.create': cannot('key', 'it cannot be stored', 'machines of Regent let SSH keys in: account/prefs/sshkeys'),
  'SSLKey.delete': async ({ path }) => notFound('SSL key', path['id']),
  'Machine.mount_special': about(
    machine,
    cannot('fstype', 'it cannot be mounted', 'mounts in memory come by user data (mounts: in cloud-init)'),
  ),
  'Machine.unmount_special': about(
    machine,
    cannot('mount_point', 'nothing in memory is mounted there', 'see mount_special'),
  ),
  'NodeScriptResult.update': about(machine, cannot('suppressed', 'it cannot be', 'a result counts until the next run')),
  'NodeScriptResult.delete': about(
    machine,
    cannot('id', 'it cannot be deleted', 'results go with time, and with their machine'),
  ),
};
