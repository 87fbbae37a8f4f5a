/** Where an instance of Kea has its things. `key` null: the rack's own server, under Debian's names. */
export interface KeaPlaces {
  readonly key: string | null;
  /** Regent's own folder; Debian's AppArmor profile lets kea-dhcp4 read all of `/etc/kea`. */
  readonly folder: string;
  /** Its file. Its name is part of the pid file's. */
  readonly conf: string;
  /** The same for `kea-dhcp4 -T`, but without lease file: the checker would read all leases, and fail for what is wrong with them. */
  readonly check: string;
  /** The certificate by which the partner of a pair is known; there is none while the pair speaks clear text. */
  readonly partner: string;
  /** What `ha/dhcp` reads of a pair; nothing reads it without one. */
  readonly pair: string;
  readonly socket: string;
  readonly leases: string;
  readonly unit: string;
  /** What `ha/dhcp` says of a pair. */
  readonly state: string;
}

/** Start of the folders of instances. */
export const INSTANCE_FOLDERS = '/etc/kea/regent-';

/** Units of instances, as systemctl matches them. */
export const INSTANCE_UNITS = 'kea-dhcp4@*.service';

/** A key: two host names with `_` between them. */
export const KEY_PATTERN = '[a-z0-9-]{1,63}_[a-z0-9-]{1,63}';

const NAMES = [
  new RegExp(`^${INSTANCE_FOLDERS}(?<key>${KEY_PATTERN})(?:/|$)`, 'u'),
  new RegExp(`^kea-dhcp4@(?<key>${KEY_PATTERN})\\.service$`, 'u'),
  new RegExp(`^/run/kea/kea4-(?<key>${KEY_PATTERN})\\.sock$`, 'u'),
  new RegExp(`^(?<key>${KEY_PATTERN})$`, 'u'),
];

/** The key of the instance that a folder, file, unit or socket belongs to; null: to none. */
export function keyInName(name: string): string | null {
  return NAMES.map((form) => form.exec(name)?.groups?.['key']).find((key) => key !== undefined) ?? null;
}

/** The places of the rack's own server: `scripts/install`, `ha/kea` and Debian's AppArmor profile know them. */
export const OWN_PLACES: KeaPlaces = placesOf(null);

/** The places of an instance; they have its key in their names. */
export function placesOf(key: string | null): KeaPlaces {
  const folder = key === null ? '/etc/kea/regent' : `${INSTANCE_FOLDERS}${key}`;
  const suffix = key === null ? '' : `-${key}`;
  return {
    key,
    folder,
    conf: `${folder}/kea-dhcp4${suffix}.conf`,
    check: `${folder}/check/kea-dhcp4${suffix}.conf`,
    partner: `${folder}/partner.crt`,
    pair: `${folder}/pair.json`,
    // Debian's profile allows this name alone; `systemd/kea-apparmor` adds those of instances.
    socket: key === null ? '/run/kea/kea4-ctrl-socket' : `/run/kea/kea4-${key}.sock`,
    leases: `/var/lib/kea/kea-leases4${suffix}.csv`,
    unit: key === null ? 'kea-dhcp4-server.service' : `kea-dhcp4@${key}.service`,
    state: `/run/regent-pairs/${key ?? 'none'}.json`,
  };
}
