import { sql } from 'kysely';
import type { DefaultImage, ImageArchitecture } from '../../../model/images/image.ts';
import type { Tx } from '../../tx.ts';
import type { MachineStage } from '../../../model/machines/stage.ts';

/** Options of the kernel of machines that have tags with some, in the order of the tags' names. */
const TAG_OPTIONS = sql`select m.machine_id, string_agg(g.kernel_options, ' ' order by g.name collate "C") as options
  from machine_tags m join tags g on g.id = m.tag_id where g.kernel_options <> ''`;

/** Options of the kernel that a machine's tags give; empty: none. */
export async function readTagOptions(tx: Tx, machineId: string): Promise<string> {
  const row = await tx.one(
    sql<{ options: string }>`${TAG_OPTIONS} and m.machine_id = ${machineId} group by m.machine_id`,
  );
  return row?.options ?? '';
}

/** Where machines are in their lives, by their ids: those of which there is more to say than that they are new. */
export function readMachineStages(tx: Tx): Promise<MachineStage[]> {
  return tx.all(sql<MachineStage>`select t.id as "machineId", coalesce(s.state, 'new') as state, s.before,
      floor(extract(epoch from s.deadline))::float8 as until, i.uuid, coalesce(r.enable_ssh, false) as "staysOn",
      coalesce(r.purpose = 'enlisting', false) as "isEnlisting", s.installed_at is not null as "isInstalled",
      coalesce(e.is_ephemeral, false) as "isEphemeral", t.boot_media as "bootMedia", coalesce(k.options, '') as "kernelOptions"
    from machines t left join machine_states s on s.machine_id = t.id left join machine_inventories i on i.machine_id = t.id
      left join machine_tokens r on r.machine_id = t.id and r.ended_at is null
      left join machine_deployments e on e.machine_id = t.id
      left join (${TAG_OPTIONS} group by m.machine_id) k on k.machine_id = t.id
    where not t.is_device and (s.machine_id is not null or i.machine_id is not null or r.purpose = 'enlisting') order by t.id collate "C"`);
}

const IMAGE = sql`i.digest, i.name, i.architecture, (select jsonb_agg(jsonb_build_object('name', f.name, 'sha256', f.sha256) order by f.name collate "C")
  from image_files f where f.image = i.digest) as files`;

/** What machines are being deployed with, or run in their memory. */
export function readDeployedImages(tx: Tx): Promise<DefaultImage[]> {
  return tx.all(sql<DefaultImage>`select ${IMAGE} from images i
    where i.digest in (select d.image from machine_deployments d where d.deployed_at is null or d.is_ephemeral) order by i.digest collate "C"`);
}

/** What machines commission by, by architecture; only of one architecture if it is given. */
export function readDefaultImages(tx: Tx, architecture: ImageArchitecture | null = null): Promise<DefaultImage[]> {
  return tx.all(
    sql<DefaultImage>`select ${IMAGE} from images i where is_default and (${architecture}::text is null or architecture = ${architecture}) order by architecture collate "C"`,
  );
}
