/*
 * A clock of its own for what a rack's pairs live by: their Keas and the controller run with libfaketime, a package of the lab's hosts. Only the day's
 * time is another one; clocks since the boot stay. Drop-ins in /run hold it: a boot ends them.
 */
const UNITS = ['kea-dhcp4@', 'regent-pairs'];
const [FOLDER, NAME] = ['/run/systemd/system', 'drill-clock.conf'];
const TIME = '/run/drill-clock';
const DROP_IN = [
  '[Service]',
  'Environment=LD_PRELOAD=@LIBRARY@ FAKETIME_DONT_FAKE_MONOTONIC=1 FAKETIME_NO_CACHE=1 FAKETIME_DISABLE_SHM=1',
  `Environment=FAKETIME_TIMESTAMP_FILE=${TIME}`,
].join('\\n');
/** Shell: another offset. Programs read the file each time that they read the clock; a half-written file would end them. */
const writeOffset = (offset: string): string => `echo ${offset} >${TIME}.new && mv ${TIME}.new ${TIME}`;
/** Programs restart with it, and the pairs of the rack are together again after so long at the most, s. */
const TOGETHER_S = 60;

const FILES = UNITS.map((unit) => `${FOLDER}/${unit}.service.d/${NAME}`);

/**
 * Shell of root in a rack's host: its clock is so far ahead, s. Where nothing is prepared yet it prepares the host first, which starts the programs
 * again, and waits until each pair of the host works together.
 */
export function setClock(aheadS: number): string {
  const offset = `${aheadS < 0 ? '' : '+'}${aheadS}`;
  return `set -e
if ! [ -e ${FILES[0]} ]; then
  library=$(ls /usr/lib/*/faketime/libfaketimeMT.so.1)
  echo +0 >${TIME}
  for unit in ${UNITS.join(' ')}; do
    mkdir -p ${FOLDER}/$unit.service.d
    printf '${DROP_IN}\\n' | sed "s|@LIBRARY@|$library|" >${FOLDER}/$unit.service.d/${NAME}
  done
  systemctl daemon-reload
  systemctl restart regent-pairs.service
  systemctl kill --signal=KILL 'kea-dhcp4@*.service'
  sleep 3
  for left in $(seq ${TOGETHER_S} -1 0); do
    [ "$(cat /run/regent-pairs/*.json | grep -c .)" = "$(grep -l '"kea":"hot-standby"' /run/regent-pairs/*.json | wc -l)" ] && break
    [ $left != 0 ] || { echo 'the pairs do not come together' >&2; exit 1; }
    sleep 1
  done
fi
${writeOffset(offset)}`;
}

/** Shell of root: the real time again. Programs that run keep a clock that they share with the host now; those that start later know of nothing. */
export const REAL_TIME = `set -e
[ -e ${FILES[0]} ] || exit 0
${writeOffset('+0')}
rm -f ${FILES.join(' ')}
systemctl daemon-reload`;
