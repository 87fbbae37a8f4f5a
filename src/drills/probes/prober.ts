import type { ProberConfig } from './config.ts';
import type { Probe } from './lanes/lane.ts';
import { maasChangeProbe, maasReadProbe } from './lanes/maas.ts';
import { serveProber } from './lanes/serve.ts';
import { connectProbe, dnsProbe, lookupProbe, proxyProbe, readProbe } from './lanes/services.ts';
import { writeProbe } from './lanes/write.ts';
import { serveOrigin } from './web/origin.ts';

/* A client of every service of the site, as a program, to be run in a network namespace (`startProber`). */
serveProber<ProberConfig>(async (config) => {
  const { everyMs, api, write, read, maas, vip, dns, proxy } = config;
  const probes: Probe[] = [];
  if (api && write) probes.push(writeProbe(api, write, everyMs));
  if (api && read) probes.push(readProbe(api, read, everyMs));
  if (api && maas) probes.push(maasReadProbe(api, maas, everyMs), maasChangeProbe(api, maas));
  if (vip) probes.push(connectProbe('vip', vip, everyMs));
  if (dns) {
    probes.push(...dns.servers.map((server) => dnsProbe(dns, server, everyMs)));
    if (dns.lookup.length > 0) probes.push(lookupProbe(dns, everyMs));
  }
  if (proxy) {
    await serveOrigin([proxy.originPort]);
    probes.push(proxyProbe(proxy, Date.now().toString(36)));
  }
  return { probes };
});
