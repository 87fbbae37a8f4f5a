import type { RoundCheck } from '../../judge/verdict.ts';
import { type Overlay, PATRONI_TAKES } from './overlay.ts';
import type { Edit, FileEdits } from './edit.ts';
import { KEEPER_VOUCHES, patroniSays, WAITS_FOR_NOBODY } from './proofs.ts';
import { SQL_CHECKS } from './stock-files.ts';
import { STOCK_PAIR } from './stock-pair.ts';
import { STOCK } from './stock.ts';

/** A product broken on purpose, the drill that must notice, and by what. A suite that passes it checks nothing. */
export interface BrokenBuild {
  readonly overlay: Overlay;
  /** Id of the hazard. */
  readonly drill: string;
  readonly check: RoundCheck['what'];
  /** The probe of the check; absent: it has none. */
  readonly probe?: string;
  /** The fault lasts as with stock settings: longer than Patroni's own lease. */
  readonly isHeldLong?: boolean;
}

const RELEASE = '/opt/regent/current';

/**
 * The builds. One more, *no epoch check* (a job that goes on after another region has its lease), is broken at a place
 * where it is seen at once: in the store's own tests.
 */
export const BROKEN_BUILDS: readonly BrokenBuild[] = [
  {
    // A primary that is cut off goes on acknowledging until its lease is over, and what it then has goes when it is rewound. The keeper vouches for
    // none whose commits nobody has, so that lease is Patroni's.
    overlay: build('asynchronous-commit', 'commits wait for no standby', {
      held: ['regent-agent.service'],
      files: [
        {
          path: '/etc/patroni/regent/dynamic.json',
          edits: [without('"synchronous_mode": true,'), without('"synchronous_mode_strict": true,')],
        },
      ],
      takes: PATRONI_TAKES,
      proofs: [patroniSays({ synchronous_mode: false }), WAITS_FOR_NOBODY],
    }),
    drill: 'net-cut-primary',
    check: 'ledger',
    isHeldLong: true,
  },
  {
    // Sessions outlive a Patroni that hangs, and the agent restarts it after 7 to 14 s: both would hide it. So haproxy cuts the sessions of a server that
    // fails its checks here, as it often does elsewhere, and the agent is held. Nobody else may go on before Patroni's lease of 20 s is over. A sound keeper
    // passes with them.
    overlay: build('fencing-off', 'the keeper never ends a PostgreSQL', {
      held: ['regent-agent.service'],
      files: [
        released('ha/keeper/decide.ts', [{ old: "  if (harm !== null) return step('fence', harm);\n", now: '' }]),
        {
          path: '/etc/haproxy/regent/haproxy.cfg',
          edits: [{ old: SQL_CHECKS, now: SQL_CHECKS.replace('\n', ' on-marked-down shutdown-sessions\n') }],
        },
      ],
      takes: [restart('regent-keeper.service'), restart('haproxy.service')],
      proofs: [runs('regent-keeper.service'), runs('haproxy.service'), KEEPER_VOUCHES],
    }),
    drill: 'hang-patroni-15',
    check: 'outage',
    probe: 'write',
  },
  {
    // No node receives from the holder: another one takes the address, and the holder keeps it. Clients reach both.
    overlay: build('gate-off', 'any node may hold the floating address, with the majority or without', {
      files: [
        released('ha/vip/decide.ts', [
          {
            old: 'export function decide(inputs: HealthInputs): Verdict {\n',
            now: "export function decide(inputs: HealthInputs): Verdict {\n  if (inputs.regions > 0) return yes('the gate is off');\n",
          },
        ]),
      ],
      takes: [restart('regent-vip-health.service')],
      proofs: [
        {
          what: 'its health program says that the gate is off',
          argv: ['cat', '/run/regent-vip/status.json'],
          isTaken: (answer) => answer.includes('the gate is off'),
        },
      ],
    }),
    drill: 'net-mute-holder',
    check: 'holders',
  },
  {
    // haproxy leads nobody to an old primary, and so would hide it: it has its stock checks here, which are late. A sound regiond passes with them.
    overlay: build(
      'standby-kept',
      'regiond keeps a connection that leads to a standby, and takes SQLSTATE 25006 for a fault',
      {
        held: ['regent-agent.service'],
        files: [
          // A release runs bundles; its sources, which are beside them, can be edited.
          {
            path: '/etc/systemd/system/regent-regiond.service',
            edits: [{ old: '/dist/regiond.mjs', now: '/src/main/regiond.ts' }],
          },
          released('src/store/pool/transact.ts', [
            { old: '  if (rows?.[0]?.standby !== false) throw new StandbyError();\n', now: '' },
            // A standby also takes no writes.
            {
              old: '  if (!work.mode.isReadOnly && rows[0].isReadOnly) throw new ReadOnlyError(placeOf(serverOfClient(client)));\n',
              now: '',
            },
          ]),
          released('src/store/failure.ts', [
            { old: "    sqlError.code !== '25006' &&\n", now: '' },
            { old: "'40', '25006', '25P03'", now: "'40', '25P03'" },
          ]),
          { path: '/etc/haproxy/regent/haproxy.cfg', edits: [{ old: SQL_CHECKS, now: '' }] },
        ],
        takes: [
          { argv: ['systemctl', 'daemon-reload'] },
          restart('haproxy.service'),
          restart('regent-regiond.service'),
        ],
        proofs: [
          runs('haproxy.service'),
          runs('regent-regiond.service'),
          {
            what: 'regiond runs from its sources',
            argv: ['systemctl', 'show', '--property=ExecStart', 'regent-regiond.service'],
            isTaken: (answer) => answer.includes('/src/main/regiond.ts'),
          },
        ],
      },
    ),
    drill: 'planned-switchover',
    check: 'failures',
    probe: 'write',
  },
];

function build(
  name: string,
  title: string,
  parts: Omit<Overlay, 'name' | 'title' | 'held'> & { held?: readonly string[] },
): Overlay {
  return { held: [], ...parts, name, title };
}

function released(path: string, edits: readonly Edit[]): FileEdits {
  return { path: `${RELEASE}/${path}`, edits };
}

function without(member: string): Edit {
  return { old: member, now: member.replace('true', 'false') };
}

function restart(unit: string): Overlay['takes'][number] {
  return { argv: ['systemctl', 'restart', unit] };
}

function runs(unit: string): Overlay['proofs'][number] {
  return {
    what: `${unit} runs`,
    argv: ['systemctl', 'is-active', unit],
    isTaken: (answer) => answer.trim() === 'active',
  };
}

/** Every overlay that there is, so that one which a killed program has left can be taken off. */
export const OVERLAYS: readonly Overlay[] = [STOCK, STOCK_PAIR, ...BROKEN_BUILDS.map(({ overlay }) => overlay)];
