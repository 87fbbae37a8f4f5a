import type { Doctor, Invariant } from '../../../contract/cluster/doctor.ts';
import { printerOf } from '../../change.ts';
import type { Call, NounSpec } from '../../command-spec.ts';
import { EXIT, type ExitCode } from '../../exit.ts';
import { printable } from '../../format/escape.ts';
import { printData, printList, type Shape } from '../../format/output.ts';
import { tableLines } from '../../format/table.ts';
import { askCluster } from '../base/ask.ts';
import { muteText } from './finding.ts';

const SHAPE: Shape<Invariant> = {
  kind: 'invariant',
  name: (row) => row.id,
  columns: [
    { header: 'state', value: (row) => row.state },
    { header: 'invariant', value: (row) => row.id },
    { header: 'found', value: (row) => row.detail },
    { header: 'since', wide: true, value: (row) => row.since ?? '' },
    { header: 'muted', wide: true, value: (row) => (row.mute == null ? '' : muteText(row.mute)) },
    { header: 'remedy', wide: true, value: (row) => row.remedy },
  ],
};

/** `regent doctor`. */
export const DOCTOR: NounSpec = {
  noun: 'doctor',
  summary: 'what always has to be true of the site, with explanation and remedy',
  commands: [
    {
      verb: '',
      summary: 'judge the standing invariants; exit code 6 when one is broken or unknown',
      examples: [
        'regent doctor',
        'regent doctor -o json',
        'sudo regent doctor   # on a region node also while the database is away',
      ],
      run: showDoctor,
    },
  ],
};

async function showDoctor(call: Call): Promise<ExitCode> {
  const doctor = await askCluster(call, 'cluster.doctor');
  const printer = printerOf(call);
  const exit = doctor.state === 'ok' ? EXIT.ok : EXIT.degraded;
  if (await printData(printer, doctor)) return exit;
  if (printer.format === 'table') call.io.out.write(`${doctorLines(doctor).join('\n')}\n`);
  else await printList(printer, SHAPE, doctor.invariants);
  return exit;
}

/** Problems come first, each with why it matters and what to do; then all invariants in short. */
function doctorLines(doctor: Doctor): string[] {
  const wrong = doctor.invariants.filter((row) => row.state !== 'ok');
  const memory = doctor.source === 'memory' ? ['The database is away: this is what the regions remember.'] : [];
  return [
    printable(`${doctor.state === 'ok' ? 'OK' : 'DEGRADED'}: ${doctor.summary}`),
    ...memory,
    ...wrong.flatMap((row) => [
      '',
      printable(`${row.state.toUpperCase()}: ${row.title}? ${row.detail}`),
      printable(`  Why it matters: ${row.explanation}`),
      ...(row.remedy === '' ? [] : [printable(`  What to do: ${row.remedy}`)]),
      ...(row.since == null ? [] : [printable(`  Since: ${row.since}`)]),
      ...(row.mute == null ? [] : [printable(`  Muted: ${muteText(row.mute)}`)]),
    ]),
    '',
    ...tableLines(
      ['state', 'invariant', 'found'],
      doctor.invariants.map((row) => [row.state, row.id, row.detail]),
    ),
  ];
}
