import { sql } from 'kysely';
import { type Candidate, imageArchitecture } from '../../../model/machines/deployment/candidate.ts';
import { candidateDisks } from '../../../model/machines/deployment/stored/candidate-disks.ts';
import type { DiskSeen } from '../../../model/machines/deployment/storage-types.ts';
import type { MachineStorage } from '../../../model/machines/deployment/stored/storage.ts';
import type { Tx } from '../../tx.ts';

interface CandidateRow extends Omit<Candidate, 'architecture' | 'disks'> {
  readonly storage: MachineStorage | null;
  readonly kernelArchitecture: string | null;
  readonly disks: readonly (Omit<DiskSeen, 'bytes'> & { readonly bytes?: number; readonly bus?: string })[];
}

/** Machines that are ready and not locked, as allocation requests see them. */
export async function readCandidates(tx: Tx): Promise<Candidate[]> {
  const rows = await tx.all(sql<CandidateRow>`
    select t.id, t.hostname, t.hostname || '.' || d.name as fqdn, i.inventory #>> '{cpu,architecture}' as "kernelArchitecture",
      coalesce((i.inventory #>> '{cpu,count}')::float8, 0) as cpus, floor(coalesce((i.inventory #>> '{memory,kb}')::float8, 0) / 1024) as "memoryMb",
      array(select g.name from machine_tags c join tags g on g.id = c.tag_id where c.machine_id = t.id order by g.name) as tags, z.name as zone,
      p.name as pool, coalesce(i.inventory -> 'disks', '[]') as disks, k.storage, coalesce((select jsonb_agg(jsonb_build_object('id', n.id, 'name', n.name, 'mac', n.mac,
          'vlan', f.name || '/' || v.name, 'vid', v.vid, 'fabric', f.name, 'space', s.name,
          'subnets', array(select unnest(array[text(u.cidr), u.name]) from subnets u where u.vlan_id = v.id)) order by n.position, n.id)
        from interfaces n left join vlans v on v.id = n.vlan_id left join fabrics f on f.id = v.fabric_id left join spaces s on s.id = v.space_id
        where n.machine_id = t.id), '[]') as interfaces
    from machine_states m join machines t on t.id = m.machine_id join domains d on d.id = t.domain_id join zones z on z.id = t.zone_id
      join resource_pools p on p.id = t.pool_id left join machine_inventories i on i.machine_id = t.id
      left join machine_storage k on k.machine_id = t.id
    where m.state = 'ready' and not m.is_locked order by t.id collate "C"`);
  return rows.map(({ kernelArchitecture, disks, storage, ...row }) => ({
    ...row,
    architecture: imageArchitecture(kernelArchitecture ?? undefined),
    disks: candidateDisks(
      storage,
      disks.map((disk) => ({ ...disk, bytes: disk.bytes ?? 0 })),
    ),
  }));
}

/** Of these machines the first one that nobody else takes at this moment, locked until the transaction ends; null: all of them are being taken. */
export async function lockOneOf(tx: Tx, ids: readonly string[]): Promise<string | null> {
  const row = await tx.one(sql<{ id: string }>`
    select m.machine_id as id from machine_states m join unnest(${[...ids]}::text[]) with ordinality as w (id, place) on w.id = m.machine_id
    where m.state = 'ready' and not m.is_locked order by w.place limit 1 for update of m skip locked`);
  return row?.id ?? null;
}
