/** Where a region node keeps what it had before its overlay. */
const PLACE = '/var/lib/regent-drill';

/** The name of the overlay that a node has. While it is there, held units do not start. */
export const NAME_FILE = `${PLACE}/overlay`;

const DROP_IN = '99-regent-drill.conf';

/**
 * `sh -c APPLY sh NAME "UNIT…" FILE…`: keeps the files as they are, then stops the units and has them stay so. The saved copy is complete before the
 * name is there, and is never saved twice: a changed file must not pass for the original.
 */
export const APPLY = `set -e
name=$1 units=$2; shift 2
[ ! -e ${NAME_FILE} ] || { echo "it wears $(cat ${NAME_FILE}) already" >&2; exit 1; }
rm -rf ${PLACE}; mkdir -p ${PLACE}; chmod 700 ${PLACE}
n=0; for file; do n=$((n + 1)); cp --archive --no-target-directory "$file" ${PLACE}/$n; done
for unit in $units; do systemctl is-active --quiet "$unit" && echo "$unit" || :; done >${PLACE}/active
echo "$name" >${NAME_FILE}.new; sync ${PLACE}; mv ${NAME_FILE}.new ${NAME_FILE}
for unit in $units; do
  mkdir -p "/etc/systemd/system/$unit.d"
  printf '[Unit]\\nConditionPathExists=!${NAME_FILE}\\n' >"/etc/systemd/system/$unit.d/${DROP_IN}"
done
systemctl daemon-reload
[ -z "$units" ] || systemctl stop $units`;

/** `sh -c WRITE sh N FILE`: the file, the Nth, has the text on standard input, and is known by it. Owner and mode stay. */
export const WRITE = `set -e
cat >${PLACE}/$1.worn; sync ${PLACE}/$1.worn; cat ${PLACE}/$1.worn >"$2"`;

/**
 * `sh -c RESTORE sh FILE…`: the files are as they were. The units still do not start. A file that is not as we left it has been replaced, by an
 * agent or an upgrade: what it had before is older.
 */
export const RESTORE = `set -e
n=0; for file; do
  n=$((n + 1))
  ! cmp -s ${PLACE}/$n.worn "$file" || cp --archive --no-target-directory ${PLACE}/$n "$file"
done`;

/** `sh -c START`: the units that ran run again, and nothing of this is left. */
export const START = `set -e
active=$(cat ${PLACE}/active)
for file in /etc/systemd/system/*.service.d/${DROP_IN}; do
  [ ! -e "$file" ] || { rm "$file"; rmdir --ignore-fail-on-non-empty "\${file%/*}"; }
done
systemctl daemon-reload
[ -z "$active" ] || systemctl start $active
rm -rf ${PLACE}`;
