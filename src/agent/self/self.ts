import { Check } from 'typebox/value';
import type { Desired, Observation } from '../../contract/cluster/agent.ts';
import type { DiskSpace } from '../../host/observe/disks.ts';
import { PairPart } from '../../services/dhcp/desired.ts';
import { LbDesired } from '../../services/lb/desired.ts';
import { VipDesired } from '../../services/vip/desired.ts';
import type { Host } from '../../host/interface.ts';
import { openPrefetch } from '../boot/prefetch.ts';
import type { RegionChannel } from '../channel/channel.ts';
import type { TrustStore } from '../channel/trust.ts';
import type { Driver } from '../driver.ts';
import type { Findings } from '../findings.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { LoopPorts } from '../ports.ts';
import type { Reporter } from '../report.ts';
import { openCertificateKeeper } from './certificate.ts';
import { openPairKeeper } from './pair-certificate.ts';
import { openSiteKeeper } from './site-certificate.ts';
import { readBoundedFolders } from './bounded-folders.ts';
import { openHostState } from './host-state.ts';
import type { AnyService } from '../../services/kit/contract.ts';
import { openRoleWatch } from './roles.ts';
import { openUpstreamWatch } from './upstreams.ts';

/**
 * What a node of a cluster is made of. `own`: its addresses now; `readRole`: text of the file of the database's role,
 * null if there is none.
 */
export interface SelfPorts {
  readonly trust: TrustStore;
  readonly own: () => ReadonlySet<string>;
  readonly readRole: () => Promise<string | null>;
  /**
   * Texts of `TRUST_FILES.site` and `siteList`, null if there is none; left out: this node shows nothing to browsers.
   */
  readonly readSite?: () => Promise<readonly (string | null)[]>;
  /**
   * Text of `TRUST_FILES.pairCertificate`, null if there is none; left out: this node has no DHCP servers with
   * partners.
   */
  readonly readPair?: () => Promise<string | null>;
  readonly readDisks: () => Promise<readonly DiskSpace[]>;
}

/** The node itself: its certificate, its roles, its disks. */
export interface Self {
  /** Reads everything once, so that the first start of a daemon knows the roles and the first report the certificate. */
  prepare(): Promise<void>;
  observe(): Pick<Observation, 'host'>;
  run(signal: AbortSignal): readonly Promise<void>[];
}

interface SelfParts {
  readonly options: {
    readonly ports: LoopPorts;
    readonly host: Pick<Host, 'files' | 'exec' | 'units'>;
    readonly nodeId: string;
    readonly services: readonly AnyService[];
  };
  readonly ports: SelfPorts;
  readonly channel: RegionChannel;
  readonly ledger: Ledger;
  readonly findings: Findings;
  readonly driver: Driver;
  readonly reporter: Reporter;
}

/**
 * Opens the parts that observe this host. A changed role, or a renewed certificate, wakes the services and starts a
 * report at once.
 */
export function openSelf({ options, ports, channel, ledger, findings, driver, reporter }: SelfParts): Self {
  const { trust, own, readRole, readDisks } = ports;
  const shared = { ports: options.ports, findings };
  const onCertificate = () => {
    driver.setCertificate(trust.current()?.facts.serial ?? null);
    reporter.changed();
  };
  const roles = openRoleWatch({
    ...shared,
    vip: () => vipOf(ledger),
    own,
    readRole,
    databaseRole: () => databaseRoleOf(driver),
    onChange: (next) => {
      driver.setRoles(next);
      reporter.changed();
    },
  });
  const { host, nodeId, services } = options;
  const readBounded = () => readBoundedFolders(services, host.units);
  const state = openHostState({ ...shared, trust, roles, readDisks, readBounded });
  const upstreams = openUpstreamWatch({
    ports: options.ports,
    host,
    services,
    ledger,
    onChange: () => reporter.changed(),
  });
  const copies = openPrefetch({
    ports: options.ports,
    held: () => ledger.held(),
    exec: (command) => host.exec(command),
    onChange: () => reporter.changed(),
  });
  const keeper = openCertificateKeeper({
    ...shared,
    channel,
    trust,
    files: host.files,
    nodeId,
    onChange: onCertificate,
  });
  const { site, pair } = openShown({ options, ports, channel, ledger, findings, driver, reporter });
  return {
    prepare: async () => {
      await trust.refresh();
      onCertificate();
      // Before haproxy's files are checked, which name the list.
      await site?.prepare();
      await roles.readRoles();
    },
    observe: () => {
      const seen = state.current();
      if (seen === undefined) return {};
      const now = { ages: driver.ages(), upstreams: [...upstreams.current()], copies: [...copies.current()] };
      return { host: { ...seen, ...now, ...(pair ? { pairCertificate: pair.current() } : {}) } };
    },
    run: (signal) => [
      ...(site ? [site.run(signal)] : []),
      ...(pair ? [pair.run(signal)] : []),
      keeper.run(signal),
      roles.run(signal),
      state.run(signal),
      upstreams.run(signal),
      copies.run(signal),
    ],
  };
}

/** Certificates that daemons of this node show beside the node's own. */
function openShown({ options, ports, channel, ledger, findings, driver, reporter }: SelfParts) {
  const { host, nodeId } = options;
  const { trust } = ports;
  const shared = { ports: options.ports, findings, channel, files: host.files };
  const site =
    ports.readSite &&
    openSiteKeeper({
      ...shared,
      read: ports.readSite,
      wanted: () => siteDigestOf(ledger),
      isRegion: () => trust.current()?.facts.isRegion === true,
      onChange: (digest) => driver.setSite(digest),
    });
  const pair =
    ports.readPair &&
    openPairKeeper({
      ...shared,
      nodeId,
      read: ports.readPair,
      wanted: () => pairAuthorityOf(ledger),
      authority: () => trust.authority(),
      onChange: (serial) => {
        driver.setPair(serial);
        reporter.changed();
      },
    });
  return { site, pair };
}

/** The floating address that this node may hold, as its ledger says; null: it may hold none. */
function vipOf(ledger: Ledger): string | null {
  const desired = ledger.held()?.body.services['vip']?.desired;
  return Check(VipDesired, desired) ? (desired.vip.split('/')[0] ?? null) : null;
}

/** Digest of the site's certificate that this node is to show, as its ledger says; null: none. */
function siteDigestOf(ledger: Ledger): string | null {
  const desired = ledger.held()?.body.services['lb']?.desired;
  return Check(LbDesired, desired) ? (desired.siteDigest ?? null) : null;
}

/** By whose signature the DHCP servers of this rack are known to their partners, as its ledger says; null: it is in no pair. */
function pairAuthorityOf(ledger: Ledger): string | null {
  for (const { desired } of Object.values(ledger.held()?.body.services ?? {})) {
    const trust = Check(PairPart, desired) ? desired.pair.trust : undefined;
    if (trust !== undefined) return trust.own;
  }
  return null;
}

/** The database's role by its last probe; null: no probe ran. */
function databaseRoleOf(driver: Driver): string | null {
  const role = driver.reports().find(({ service }) => service === 'db')?.facts?.['role'];
  return typeof role === 'string' ? role : null;
}

/**
 * Watches for a request to restart this agent: a nonce in a desired state. What is held when it starts is done, and so is what the very first
 * desired state of a host has: it was for an agent before. Calls `end` for each new one.
 */
export function watchOwnRestart(held: Desired | null, end: (nonce: string) => void): (desired: Desired) => void {
  let known: { readonly nonce: string | undefined } | null = held && { nonce: held.body.agentRestart };
  return ({ body: { agentRestart: nonce } }) => {
    const isNew = known !== null && nonce !== undefined && nonce !== known.nonce;
    known = { nonce };
    if (isNew) end(nonce);
  };
}
