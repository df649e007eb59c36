import { BY_KEY, SYNCHRONOUS } from './event-log.ts'

// Events that are parked or dead are copies, so that the log can be deleted behind them. To the cursor they are done.

/** Version 4: what the consumers of `postgresBuffer` keep beside its log, and how events get done. */
export const setAside = (schema: string): string => `
create table ${schema}.parked (
  consumer int not null references ${schema}.consumer on delete cascade,
  part int not null,
  seq bigint not null,
  lane text not null,
  redrives int not null,
  attempts int not null,
  next_at float8 not null,
  blocked json,
  meta text not null,
  body bytea not null,
  primary key (consumer, part, seq)
) with (autovacuum_vacuum_scale_factor = 0.02);
create index on ${schema}.parked (consumer, part, md5(lane), seq);

create table ${schema}.dead_letter (
  consumer int not null references ${schema}.consumer on delete cascade,
  part int not null,
  seq bigint not null,
  lane text not null,
  redrives int not null,
  at float8 not null,
  why json not null,
  meta text not null,
  body bytea not null,
  primary key (consumer, part, seq)
);
create index on ${schema}.dead_letter (consumer, at, part, seq);

create table ${schema}.aside (
  consumer int not null references ${schema}.consumer on delete cascade,
  part int not null,
  changes bigint not null,
  primary key (consumer, part)
) with (fillfactor = 20, autovacuum_vacuum_threshold = 200, autovacuum_vacuum_scale_factor = 0);

create function ${schema}.parked_lanes(_consumer int, _part int, _epoch bigint)
returns table (lane text, seq text, attempts int, next_at float8, blocked text, events bigint, bytes bigint)
language plpgsql stable as $$
#variable_conflict use_column
begin
  perform ${schema}.require_lease(_consumer, _part, _epoch);
  return query
    select distinct on (p.lane) p.lane, p.seq::text, p.attempts, p.next_at, p.blocked::text,
      count(*) over whole, sum(length(p.body)) over whole
    from ${schema}.parked p where p.consumer = _consumer and p.part = _part
    window whole as (partition by p.lane) order by p.lane, p.seq;
end $$;

create function ${schema}.read_parked(
  _consumer int, _part int, _epoch bigint, _lane text, _limit int, _max_bytes float8
) returns table (
  seq text, redrives int, attempts int, next_at float8, blocked text, meta text, body bytea
) language plpgsql stable as $$
#variable_conflict use_column
begin
  perform ${schema}.require_lease(_consumer, _part, _epoch);
  return query
    select l.seq::text, l.redrives, l.attempts, l.next_at, l.blocked::text, l.meta, l.body from (
      select p.*, sum(length(p.body)) over (order by p.seq) - length(p.body) as bytes_before,
        row_number() over (order by p.seq) as place
      from (
        select * from ${schema}.parked q
        where q.consumer = _consumer and q.part = _part and md5(q.lane) = md5(_lane) and q.lane = _lane
        order by q.seq limit _limit
      ) p
    ) l where l.bytes_before < _max_bytes or l.place = 1 order by l.seq;
end $$;

create function ${schema}.dead_lanes(_consumer int, _part int, _epoch bigint) returns setof text
language plpgsql stable as $$
begin
  perform ${schema}.require_lease(_consumer, _part, _epoch);
  return query select distinct lane from ${schema}.dead_letter where consumer = _consumer and part = _part;
end $$;

create function ${schema}.commit_done(_consumer int, _parts int[], _epochs bigint[], _done int8multirange[]) returns text
language plpgsql volatile ${BY_KEY} as $$
declare
  _held int[];
begin
  ${SYNCHRONOUS}
  select array_agg(h.n) into _held from (
    select i.n from ${schema}.cursor c join unnest(_parts, _epochs) with ordinality as i(part, epoch, n) on c.part = i.part
    where c.consumer = _consumer and c.epoch = i.epoch and c.timeline = (select ${schema}.timeline()) order by c.part for update of c
  ) h;
  with item as materialized (
    select i.part, i.done from unnest(_parts, _done) with ordinality as i(part, done, n) where i.n = any (_held)
  ), unparked as (
    delete from ${schema}.parked p using item i, unnest(i.done) r
    where p.consumer = _consumer and p.part = i.part and p.seq >= lower(r) and p.seq < upper(r)
  ), acked as (
    delete from ${schema}.ack a using item i where a.consumer = _consumer and a.part = i.part returning a.part, a.seq
  ), through as (
    select i.part, i.done + coalesce(
      (select range_agg(int8range(a.seq, a.seq, '[]')) from acked a where a.part = i.part), '{}') as seqs
    from item i
  )
  update ${schema}.cursor c set
    done = c.done + t.seqs,
    retry = case when c.retry = '{}' then c.retry
      else c.retry - array(select k from jsonb_object_keys(c.retry) k where t.seqs @> k::bigint) end
  from through t where c.consumer = _consumer and c.part = t.part;
  return array_to_string(coalesce(_held, '{}'), ',');
end $$;

create function ${schema}.commit(_consumer int, _part int, _epoch bigint, _done text, _retry text, _in_transaction int)
returns void language plpgsql volatile ${BY_KEY} as $$
declare
  _before int8multirange;
  _parked int;
begin
  _before := ${schema}.hold(_consumer, _part, _epoch);
  if _retry <> '[]' then
    update ${schema}.parked p set attempts = r.attempts, next_at = r.next_at, blocked = null
    from json_to_recordset(_retry::json) as r(seq bigint, attempts int, next_at float8)
    where p.consumer = _consumer and p.part = _part and p.seq = r.seq;
    update ${schema}.cursor set retry = retry || coalesce((
      select jsonb_object_agg(r.seq::text, jsonb_build_array(r.attempts, r.next_at))
      from json_to_recordset(_retry::json) as r(seq bigint, attempts int, next_at float8) where not _before @> r.seq
    ), '{}') where consumer = _consumer and part = _part;
  end if;
  if _done <> '[]' then
    delete from ${schema}.parked where consumer = _consumer and part = _part
      and seq = any (array(select s::bigint from json_array_elements_text(_done::json) s));
    get diagnostics _parked = row_count;
    if _in_transaction = 1 and _parked = 0 and _before @> ${schema}.seqs(_done) then
      raise exception 'done already' using errcode = 'HF002';
    end if;
    perform ${schema}.mark_done(_consumer, _part, ${schema}.seqs(_done),
      array(select json_array_elements_text(_done::json)));
  end if;
end $$;

create function ${schema}.acknowledge(_consumer int, _part int, _epoch bigint, _seq bigint) returns void
language plpgsql volatile ${BY_KEY} as $$
declare
  _before int8multirange;
begin
  ${SYNCHRONOUS}
  select done into _before from ${schema}.cursor
  where consumer = _consumer and part = _part and epoch = _epoch and timeline = (select ${schema}.timeline()) for key share;
  if not found then raise exception 'stale lease' using errcode = 'HF001'; end if;
  if _before @> _seq then
    delete from ${schema}.parked where consumer = _consumer and part = _part and seq = _seq;
  else
    insert into ${schema}.ack values (_consumer, _part, _seq) on conflict do nothing;
  end if;
  if not found then raise exception 'done already' using errcode = 'HF002'; end if;
end $$;

create function ${schema}.park(_consumer int, _part int, _epoch bigint, _items text) returns void
language plpgsql volatile ${BY_KEY} as $$
declare
  _before int8multirange := ${schema}.hold(_consumer, _part, _epoch);
begin
  update ${schema}.parked p
  set lane = i.lane, redrives = i.redrives, attempts = i.attempts, next_at = i.next_at, blocked = i.blocked::json
  from json_to_recordset(_items::json)
    as i(seq bigint, lane text, redrives int, attempts int, next_at float8, blocked text)
  where p.consumer = _consumer and p.part = _part and p.seq = i.seq;
  insert into ${schema}.parked (consumer, part, seq, lane, redrives, attempts, next_at, blocked, meta, body)
  select distinct on (i.seq)
    _consumer, _part, i.seq, i.lane, i.redrives, i.attempts, i.next_at, i.blocked::json, e.meta, e.body
  from json_to_recordset(_items::json)
    as i(seq bigint, lane text, redrives int, attempts int, next_at float8, blocked text)
  join ${schema}.event e on e.part = _part and e.seq = i.seq
    and e.buffer = (select buffer from ${schema}.consumer where id = _consumer)
  where not _before @> i.seq;
  perform ${schema}.mark_done(_consumer, _part,
    (select range_agg(int8range(seq, seq, '[]')) from json_to_recordset(_items::json) as i(seq bigint)),
    array(select seq::text from json_to_recordset(_items::json) as i(seq bigint)));
end $$;

create function ${schema}.bury(_consumer int, _part int, _epoch bigint, _items text) returns void
language plpgsql volatile ${BY_KEY} as $$
declare
  _before int8multirange := ${schema}.hold(_consumer, _part, _epoch);
begin
  with item as materialized (
    select distinct on (i.seq) i.* from json_to_recordset(_items::json)
      as i(seq bigint, lane text, redrives int, at float8, why text)
  ), unparked as (
    delete from ${schema}.parked p using item i where p.consumer = _consumer and p.part = _part and p.seq = i.seq
    returning p.seq, p.meta, p.body
  ), found as (
    select seq, meta, body from unparked
    union all
    select e.seq, e.meta, e.body from ${schema}.event e join item i on e.seq = i.seq
    where e.part = _part and e.buffer = (select buffer from ${schema}.consumer where id = _consumer)
      and not _before @> e.seq
  )
  insert into ${schema}.dead_letter (consumer, part, seq, lane, redrives, at, why, meta, body)
  select _consumer, _part, i.seq, i.lane, i.redrives, i.at, i.why::json, f.meta, f.body from found f join item i using (seq);
  perform ${schema}.mark_done(_consumer, _part,
    (select range_agg(int8range(seq, seq, '[]')) from json_to_recordset(_items::json) as i(seq bigint)),
    array(select seq::text from json_to_recordset(_items::json) as i(seq bigint)));
end $$;

create function ${schema}.count_aside(_consumer int, _parts int[]) returns void language sql volatile as $$
  -- In their order, so that several wait for each other in one direction only.
  insert into ${schema}.aside as a (consumer, part, changes)
  select distinct _consumer, part, 1 from unnest(_parts) part order by part
  on conflict (consumer, part) do update set changes = a.changes + 1
$$;

create function ${schema}.redrive(_consumer int, _places text) returns int
language plpgsql volatile ${BY_KEY} as $$
declare
  _parts int[];
begin
  ${SYNCHRONOUS}
  with taken as (
    delete from ${schema}.dead_letter d using json_to_recordset(_places::json) as i(part int, seq bigint)
    where d.consumer = _consumer and d.part = i.part and d.seq = i.seq
    returning d.part, d.seq, d.lane, d.redrives, d.meta, d.body
  ), put as (
    insert into ${schema}.parked (consumer, part, seq, lane, redrives, attempts, next_at, blocked, meta, body)
    select _consumer, part, seq, lane, redrives + 1, 0, 0, null, meta, body from taken
  )
  select coalesce(array_agg(part), '{}') into _parts from taken;
  perform ${schema}.count_aside(_consumer, _parts);
  return cardinality(_parts);
end $$;

create function ${schema}.purge(_consumer int, _places text) returns int
language plpgsql volatile ${BY_KEY} as $$
declare
  _parts int[];
begin
  ${SYNCHRONOUS}
  with taken as (
    delete from ${schema}.dead_letter d using json_to_recordset(_places::json) as i(part int, seq bigint)
    where d.consumer = _consumer and d.part = i.part and d.seq = i.seq returning d.part
  )
  select coalesce(array_agg(part), '{}') into _parts from taken;
  perform ${schema}.count_aside(_consumer, _parts);
  return cardinality(_parts);
end $$;

create function ${schema}.aside_marks(_consumer int, _items text) returns table (n int, held int, mark text)
language sql stable ${BY_KEY} as $$
  select i.n, (c.part is not null)::int, coalesce(a.changes, 0)::text
  from json_to_recordset(_items::json) as i(n int, part int, epoch bigint)
  left join ${schema}.cursor c
    on c.consumer = _consumer and c.part = i.part and c.epoch = i.epoch and c.timeline = (select ${schema}.timeline())
  left join ${schema}.aside a on a.consumer = _consumer and a.part = i.part
$$;
`
