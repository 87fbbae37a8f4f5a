/** Runs statements of one connection, in order. */
export type RunSql = (text: string, values?: unknown[]) => Promise<unknown>;

/** A subnet that has room for all of them, made with the first. */
const SUBNET = `insert into subnets (vlan_id, name, cidr) select min(id), 'bench', '10.128.0.0/9' from vlans;
  insert into tags (name) values ('rack-a'), ('gpu')`;

/**
 * Rows of the machines from `from` to before `to`, as the API would write them, without its pace: deployed ones with a BMC, tags, two cards, an address and an
 * inventory of so many disks. A part of 10,000 takes some seconds.
 */
export async function addMachines(run: RunSql, from: number, to: number, disks = 12): Promise<void> {
  await run('begin');
  await run(`select set_config('regent.operation', 'many machines', true)`);
  if (from === 0) for (const statement of SUBNET.split(';')) await run(statement);
  const span = [from, to];
  await run(
    `insert into bmcs (name, power_type, parameters)
       select 'bmc' || n, 'ipmi', '{"power_address": "10.88.0.1", "power_user": "operator"}' from generate_series($1::int, $2::int - 1) n`,
    span,
  );
  await run(
    `insert into machines (id, hostname, domain_id, bmc_id, power_parameters, description, annotations)
       select lpad(to_hex(n), 6, '0'), 'm' || n, (select min(id) from domains), (select id from bmcs where name = 'bmc' || n),
         '{"power_id": "1"}', 'a machine of many', '{"owner": "somebody"}' from generate_series($1::int, $2::int - 1) n`,
    span,
  );
  const these = `from generate_series($1::int, $2::int - 1) n join machines m on m.id = lpad(to_hex(n), 6, '0')`;
  await run(
    `insert into interfaces (machine_id, name, mac, kind, vlan_id, position)
       select m.id, 'eno' || card, ('52' || lpad(to_hex(card), 2, '0') || lpad(m.id, 8, '0'))::macaddr::text, 'physical', (select min(id) from vlans), card - 1
         ${these} cross join generate_series(1, 2) card`,
    span,
  );
  await run(
    `insert into interface_addresses (interface_id, subnet_id, address)
       select i.id, (select id from subnets where name = 'bench'), '10.128.0.1'::inet + n
         ${these} join interfaces i on i.machine_id = m.id and i.name = 'eno1'`,
    span,
  );
  await run(`insert into machine_tags (machine_id, tag_id) select m.id, t.id ${these} cross join tags t`, span);
  await run(
    `insert into machine_states (machine_id, state, epoch, commissioned_at, installed_at) select m.id, 'deployed', 7, now(), now() ${these}`,
    span,
  );
  await run(
    `insert into machine_deployments (machine_id, image, image_name, deployed_at) select m.id, repeat('a', 64), 'debian-13', now() ${these}`,
    span,
  );
  await run(`insert into machine_power (machine_id, state, at) select m.id, 'on', now() ${these}`, span);
  await run(
    `insert into machine_inventories (machine_id, inventory) select m.id, jsonb_build_object('disks',
       (select jsonb_agg(jsonb_build_object('name', 'sd' || d, 'bytes', 480000000000, 'serial', m.id || d)) from generate_series(1, ${disks}) d)) ${these}`,
    span,
  );
  await run('commit');
}
