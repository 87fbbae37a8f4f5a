import type { Upgrade, UpgradeStart } from '../../../contract/site/upgrade.ts';
import { isRejected } from '../../../core/errors.ts';
import { jsonOrNull } from '../../../core/json.ts';
import { IMAGE_ARCHITECTURES, parseManifest, RELEASE_FILE } from '../../../model/images/image.ts';
import { printerOf } from '../../change.ts';
import type { Call, NounSpec } from '../../command-spec.ts';
import { CliError, EXIT, type ExitCode, usageError } from '../../exit.ts';
import { printable } from '../../format/escape.ts';
import { printOne, type Shape } from '../../format/output.ts';
import { option, options } from '../../values.ts';
import { move, optionsOf, patienceOptions } from '../cluster/move.ts';
import { measure, sendFile, untilWhole } from '../images/upload.ts';

const PATIENCE_S = 6 * 3600;

const UPGRADE: Shape<Upgrade> = {
  kind: 'upgrade',
  name: (upgrade) => upgrade.version ?? 'packages',
  columns: [
    { header: 'what', value: (upgrade) => upgrade.version ?? 'packages of Debian' },
    { header: 'state', value: (upgrade) => (upgrade.direction === 'back' ? `${upgrade.state} (back)` : upgrade.state) },
    { header: 'progress', value: (upgrade) => upgrade.sentence },
    { header: 'next', value: (upgrade) => upgrade.next },
    {
      header: 'nodes',
      value: (upgrade) =>
        upgrade.nodes
          .map(
            ({ name, state, version, seconds }) =>
              `${name} ${state} ${version}${seconds === null ? '' : ` (${seconds} s)`}`,
          )
          .join(', '),
    },
    {
      header: 'packages',
      wide: true,
      value: (upgrade) =>
        upgrade.nodes.map(({ name, changes }) => `${name}: ${changes.join(', ') || 'none'}`).join('; '),
    },
  ],
};

/** `regent upgrade`. */
export const UPGRADE_NOUN: NounSpec = {
  noun: 'upgrade',
  summary: 'upgrade all nodes, one at a time, each drained meanwhile',
  commands: [
    {
      verb: '',
      summary: 'upgrade all nodes to the release of an archive, or Debian’s packages: one node at a time, each drained',
      args: [
        { name: '[archive]', help: 'regent-VERSION.tar.gz, with its .sig beside it, as scripts/release makes them' },
      ],
      options: [
        { flags: '--packages', help: 'instead of an archive: Debian’s packages of the managed daemons, by apt' },
        { flags: '--to <node>', help: 'only this node; may be given several times', repeat: true },
        { flags: '--without <node>', help: 'leave this node out; may be given several times', repeat: true },
        { flags: '--canary <node>', help: 'the node that is first' },
        { flags: '--pause-after <node>', help: 'pause after this node, after `canary`, or after all `regions`' },
        { flags: '--force', help: 'begin although the doctor has findings' },
        {
          flags: '--dry-run',
          help: 'every node gets the archive and checks it, or lists packages; nothing is changed',
        },
        ...patienceOptions(PATIENCE_S),
      ],
      examples: [
        'regent upgrade regent-0.5.0+1a2b3c4d5e.tar.gz --canary r3 --pause-after canary',
        'regent upgrade --packages --dry-run',
      ],
      run: begin,
    },
    {
      verb: 'status',
      summary: 'show the last upgrade node by node, and how to go on or back',
      run: async (call) => {
        const { client } = await call.region();
        await printOne(printerOf(call), UPGRADE, (await client.call('upgrade.show', {})).body);
      },
    },
    {
      verb: 'resume',
      summary: 'go on with an upgrade that was paused or has stopped',
      options: optionsOf(PATIENCE_S),
      run: (call) => move(call, 'upgrade.resume', {}, PATIENCE_S),
    },
    {
      verb: 'back',
      summary: 'install the release before again on each node that was upgraded',
      options: optionsOf(PATIENCE_S),
      run: (call) => move(call, 'upgrade.back', {}, PATIENCE_S),
    },
  ],
};

async function begin(call: Call): Promise<ExitCode> {
  const [path] = call.args;
  const isPackages = call.options['packages'] === true;
  if ((path === undefined) === !isPackages)
    throw usageError('What is installed? Give an archive, or --packages.', ['regent upgrade --help']);
  const image = path === undefined ? {} : { image: await upload(call, path) };
  const body: UpgradeStart = { ...image, ...choices(call) };
  // Every node has to answer, so a dry run is a job, too.
  return move({ ...call, change: { ...call.change, dryRun: false } }, 'upgrade.start', { body }, PATIENCE_S);
}

function choices(call: Call): Omit<UpgradeStart, 'image'> {
  const [nodes, without] = [[...options(call, 'to')], [...options(call, 'without')]];
  const canary = option(call, 'canary');
  const pauseAfter = option(call, 'pauseAfter');
  return {
    ...(nodes.length === 0 ? {} : { nodes }),
    ...(without.length === 0 ? {} : { without }),
    ...(canary === undefined ? {} : { canary }),
    ...(pauseAfter === undefined ? {} : { pauseAfter }),
    ...(call.options['force'] === true ? { force: true } : {}),
    ...(call.change.dryRun ? { checkOnly: true } : {}),
  };
}

/** Makes the archive an image of the kind release, and sends its file; gives the image's digest. Nothing is sent of an archive that its note does not fit. */
async function upload(call: Call, path: string): Promise<string> {
  const file = await call.io.openFile(path);
  if (file === null) throw new CliError(EXIT.notFound, `There is no file ${printable(path)}.`);
  const note = await readNote(call, `${path}.sig`);
  call.io.err.write(`regent: ${printable(path)}: its digest is computed\n`);
  const { size, sha256 } = await measure(file.open(0));
  if (sha256 !== note.sha256)
    throw new CliError(
      EXIT.error,
      `${printable(path)} is damaged: its SHA-256 is not the one in its .sig. Copy it again.`,
    );
  const { version, architecture, signature } = note;
  const name = `release/${version.toLowerCase().replaceAll('+', '-')}`.slice(0, 61);
  const files = { [RELEASE_FILE]: { size, sha256 } };
  const manifest = `${JSON.stringify({ format: 1, kind: 'release', architecture, name, version, signature, files }, null, 2)}\n`;
  const checked = parseManifest(manifest);
  if (isRejected(checked)) throw new CliError(EXIT.error, checked.message);
  const { client } = await call.region();
  const { body } = await client.call('image.create', { body: { manifest } });
  const { digest } = body.image;
  if (!body.image.files.every(({ places }) => places.some(({ state }) => state === 'there')))
    await sendFile(call, client, { image: digest, file: RELEASE_FILE, content: { size, open: file.open } });
  await untilWhole(call, client, digest);
  return digest;
}

async function readNote(call: Call, path: string) {
  const value = jsonOrNull((await call.io.readFile(path)) ?? '') as Readonly<Record<string, unknown>> | null;
  const { version, architecture, sha256, signature } = value ?? {};
  const isKnown = IMAGE_ARCHITECTURES.some((one) => one === architecture);
  if (typeof version === 'string' && isKnown && typeof sha256 === 'string' && typeof signature === 'string')
    return { version, architecture: String(architecture), sha256, signature };
  throw new CliError(
    EXIT.error,
    `There is no signature ${printable(path)}, or it cannot be read. Rule: scripts/release writes it beside the archive.`,
  );
}
