/**
 * Series of the seeded site: values every five minutes of three days, with a gap of an hour; the pool of vlan10 grows. What the site stored by itself goes on
 * backwards, so that each plot is there from the beginning.
 */
export const SEEDED_SERIES = `
  insert into series (name, labels) values
    ('regent_pool_leases', '{"subnet": "10.10.10.0/24"}'), ('regent_pool_addresses', '{"subnet": "10.10.10.0/24"}'),
    ('regent_losses_now', '{}'), ('regent_node_disk_used_ratio', '{"node": "r1", "path": "/"}')
    on conflict do nothing;
  insert into series_samples (series, slot, value)
    select s.id, floor(extract(epoch from now()) / 300)::int - ago, case s.name
        when 'regent_pool_leases' then round((900 - ago) * 80 / 900.0) when 'regent_pool_addresses' then 100
        when 'regent_losses_now' then 1 when 'regent_node_disk_used_ratio' then 0.4 else 2 end
      from series s, generate_series(1, 880) as ago where ago not between 200 and 212 on conflict do nothing`;
