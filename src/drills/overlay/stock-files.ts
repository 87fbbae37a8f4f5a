import type { Edit, FileEdits } from './edit.ts';

const NOTHING = '';
/** haproxy's checks of the databases, in its configuration. */
export const SQL_CHECKS = '    default-server inter 500ms fastinter 200ms downinter 300ms fall 2 rise 1 tcp-ut 3s\n';

/** Patroni's documentation, "Dynamic Configuration Settings"; PostgreSQL's, "Replication", "Connections". */
function patroni(): FileEdits {
  const member = (name: string, ours: string, stock: string) => ({
    old: `"${name}": ${ours}`,
    now: `"${name}": ${stock}`,
  });
  return {
    path: '/etc/patroni/regent/dynamic.json',
    edits: [
      member('ttl', '20,', '30,'),
      member('loop_wait', '1,', '10,'),
      member('retry_timeout', '3,', '10,'),
      member('primary_start_timeout', '0,', '300,'),
      member('synchronous_mode', 'true,', 'false,'),
      member('synchronous_mode_strict', 'true,', 'false,'),
      member('wal_receiver_timeout', '"3s"', '"60s"'),
      member('wal_sender_timeout', '"3s"', '"60s"'),
      member('wal_retrieve_retry_interval', '"100ms"', '"5s"'),
      member('tcp_keepalives_idle', '2,', '0,'),
      member('tcp_keepalives_interval', '1,', '0,'),
      member('tcp_keepalives_count', '3,', '0,'),
      member('tcp_user_timeout', '3000,', '0,'),
      member('client_connection_check_interval', '"2s"', '"0"'),
    ],
  };
}

/** Every etcd by its own address, as Patroni's documentation has it: the path through our own program is not part of a stock setup. */
function etcdsOfPatroni(): FileEdits {
  return {
    path: '/etc/patroni/regent/patroni.yml',
    edits: [
      { old: '  use_proxies: true\n', now: NOTHING },
      { old: '    - "127.0.0.1:2378"\n', now: NOTHING },
    ],
  };
}

/** etcd's documentation, "Tuning": 100 ms and 1000 ms. */
function etcd(): FileEdits {
  return {
    path: '/etc/etcd/regent/etcd.yml',
    edits: [
      { old: 'heartbeat-interval: 30\n', now: 'heartbeat-interval: 100\n' },
      { old: 'election-timeout: 300\n', now: 'election-timeout: 1000\n' },
    ],
  };
}

/** haproxy's configuration manual, "Server options": inter 2s, fall 3, rise 2; keepalives are the kernel's (2 h). */
function haproxy(): FileEdits {
  return {
    path: '/etc/haproxy/regent/haproxy.cfg',
    edits: [
      {
        old: '    option clitcpka\n    clitcpka-idle 10s\n    clitcpka-intvl 3s\n    clitcpka-cnt 3\n    option srvtcpka\n    srvtcpka-idle 2s\n    srvtcpka-intvl 1s\n    srvtcpka-cnt 2\n',
        now: NOTHING,
      },
      { old: '    timeout check 800ms\n', now: NOTHING },
      { old: '    timeout check 1s\n', now: NOTHING },
      { old: SQL_CHECKS, now: NOTHING },
      { old: '    timeout check 700ms\n', now: NOTHING },
      backend('/health/ready?held', '1s'),
      backend('/health/live', '2s'),
      { old: '    default-server tcp-ut 3s pool-purge-delay 2s\n', now: NOTHING },
    ],
  };
}

/** The checks of a backend, by the page that they ask for, and how often. */
function backend(page: string, inter: string): Edit {
  const asks = `uri ${page} ver HTTP/1.1 hdr Host regent-region
    http-check expect status 200
    default-server check`;
  const ours = ` inter ${inter} fastinter 200ms downinter 500ms fall 2 rise 1\n`;
  return { old: asks + ours, now: `${asks}\n` };
}

/** keepalived.conf(5): adverts of 1 s, three missed. */
function keepalived(): FileEdits {
  const line = (text: string) => ({ old: `    ${text}\n`, now: NOTHING });
  return {
    path: '/etc/keepalived/regent/keepalived.conf',
    edits: [
      { old: '    advert_int 0.1\n', now: '    advert_int 1\n' },
      line('down_timer_adverts 9'),
      line('timer_expired_backup'),
      line('max_auto_priority -1'),
      line('vrrp_garp_master_delay 1'),
      line('vrrp_garp_master_repeat 3'),
      line('vrrp_garp_master_refresh 30'),
      line('vrrp_garp_lower_prio_repeat 3'),
      line('vrrp_garp_lower_prio_delay 1'),
      { old: '    track_file {\n        fit\n    }\n', now: NOTHING },
    ],
  };
}

/** The kernel's Documentation/networking/ip-sysctl and arp(7). */
function kernel(): FileEdits {
  const value = (name: string, ours: number, stock: number) => ({
    old: `${name} = ${ours}\n`,
    now: `${name} = ${stock}\n`,
  });
  return {
    path: '/etc/sysctl.d/90-regent.conf',
    edits: [
      value('tcp_syn_retries', 2, 6),
      value('tcp_thin_linear_timeouts', 1, 0),
      value('base_reachable_time_ms', 1000, 30_000),
      value('delay_first_probe_time', 1, 5),
      value('retrans_time_ms', 200, 1000),
      value('ucast_solicit', 2, 3),
    ],
  };
}

/** What a region node's files have where they have our settings for a failover, and what the engines come with. */
export const STOCK_FILES: readonly FileEdits[] = [
  patroni(),
  etcdsOfPatroni(),
  etcd(),
  haproxy(),
  keepalived(),
  kernel(),
];
