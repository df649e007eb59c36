import { BY_KEY, SYNCHRONOUS } from './event-log.ts'

// What a consumer is through with in a partition is one value: a multirange of the numbers of events, of which the first range begins with 0.
// It stays small whatever the order in which events are done, and knows what is done twice.
//
// Every change of a cursor locks its row under the epoch of the lease. Where the epoch is another one the statement fails with HF001, and
// with it the transaction that it is a part of. All of them are committed synchronously: who has been told that something is done, parked or dead goes on
// under the same lease after a crash of the server, and does not look again.
//
// A lease ends with the timeline of the server, too: a standby that took over may lack events that were acknowledged, and give their numbers to others.
// Who has handled the lost one must not say that the other one is done.
//
// What is done in a transaction of the application is a row of its own in `ack`, so that transactions of one partition do not wait for each other: they
// share the lock of the cursor. Whoever changes the cursor or takes the partition over waits for them, and who changes it takes these rows into it.

/** Version 3: the consumers of `postgresBuffer`, their leases and their cursors. */
export const consumers = (schema: string): string => `
create table ${schema}.consumer (
  id int generated always as identity primary key,
  buffer int not null references ${schema}.buffer on delete cascade,
  name text not null,
  unique (buffer, name)
);

create table ${schema}.attendant (
  consumer int not null references ${schema}.consumer on delete cascade,
  owner text not null,
  ends_at timestamptz not null,
  primary key (consumer, owner)
);

create table ${schema}.cursor (
  consumer int not null references ${schema}.consumer on delete cascade,
  part int not null,
  done int8multirange not null,
  retry jsonb not null default '{}',
  epoch bigint not null default 0,
  owner text,
  timeline text,
  ends_at timestamptz not null default '-infinity',
  primary key (consumer, part)
) with (fillfactor = 20, autovacuum_vacuum_threshold = 200, autovacuum_vacuum_scale_factor = 0);

create table ${schema}.ack (
  consumer int not null,
  part int not null,
  seq bigint not null,
  primary key (consumer, part, seq)
) with (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 500);

create function ${schema}.timeline() returns text language plpgsql stable as $$
begin
  return left(pg_walfile_name(pg_current_wal_insert_lsn()), 8);
exception when others then
  -- A server that has no such thing, and whose standbys forget nothing: they have the same storage.
  return '';
end $$;

create function ${schema}.first_open(_done int8multirange) returns bigint language sql immutable as $$
  select lower('{[0,)}'::int8multirange - _done)
$$;

create function ${schema}.seqs(_seqs text) returns int8multirange language sql immutable as $$
  select coalesce(range_agg(int8range(s::bigint, s::bigint, '[]')), '{}') from json_array_elements_text(_seqs::json) s
$$;

create function ${schema}.acked(_consumer int, _part int) returns int8multirange language sql stable as $$
  select coalesce(range_agg(int8range(seq, seq, '[]')), '{}') from ${schema}.ack
  where consumer = _consumer and part = _part
$$;

create function ${schema}.open_consumer(_buffer int, _name text, _from_latest int) returns int
language plpgsql volatile as $$
declare
  _id int;
begin
  -- Retention locks these rows too: it deletes nothing that a new consumer is to see.
  perform from ${schema}.part where buffer = _buffer order by part for share;
  insert into ${schema}.consumer (buffer, name) values (_buffer, _name) on conflict do nothing returning id into _id;
  if _id is null then
    return (select id from ${schema}.consumer where buffer = _buffer and name = _name);
  end if;
  insert into ${schema}.cursor (consumer, part, done)
  select _id, part, int8multirange(int8range(0, case when _from_latest = 1 then next_seq else first_seq end))
  from ${schema}.part where buffer = _buffer;
  return _id;
end $$;

create function ${schema}.attend(_consumer int, _owner text, _ms float8) returns setof text
language plpgsql volatile as $$
begin
  delete from ${schema}.attendant where consumer = _consumer and ends_at <= clock_timestamp() and owner <> _owner;
  if _ms > 0 then
    insert into ${schema}.attendant values (_consumer, _owner, ${schema}.in_ms(_ms))
    on conflict (consumer, owner) do update set ends_at = excluded.ends_at;
  else
    delete from ${schema}.attendant where consumer = _consumer and owner = _owner;
  end if;
  return query select owner from ${schema}.attendant where consumer = _consumer order by owner collate "C";
end $$;

create function ${schema}.acquire(_consumer int, _owner text, _ms float8, _max int)
returns table (part int, epoch text, ends_ms float8, timeline text) language sql volatile as $$
  update ${schema}.cursor c
  set owner = _owner, timeline = ${schema}.timeline(), ends_at = ${schema}.in_ms(_ms),
    epoch = greatest(c.epoch + 1, ${schema}.now_us())
  where c.consumer = _consumer and c.part = any (array(
    -- As an array it is looked for once; as a subquery with a limit it may be once per row.
    select f.part from ${schema}.cursor f where f.consumer = _consumer
      and (f.ends_at <= clock_timestamp() or f.timeline <> ${schema}.timeline())
    order by f.part limit _max for update skip locked))
  returning c.part, c.epoch::text, extract(epoch from c.ends_at)::float8 * 1000, c.timeline
$$;

create function ${schema}.renew(_consumer int, _part int, _epoch bigint, _ms float8) returns int
language plpgsql volatile as $$
begin
  update ${schema}.cursor set ends_at = ${schema}.in_ms(_ms)
  where consumer = _consumer and part = _part and epoch = _epoch and timeline = (select ${schema}.timeline());
  return found::int;
end $$;

create function ${schema}.release(_consumer int, _part int, _epoch bigint) returns void language sql volatile as $$
  update ${schema}.cursor set owner = null, timeline = null, ends_at = '-infinity'
  where consumer = _consumer and part = _part and epoch = _epoch
$$;

create function ${schema}.require_lease(_consumer int, _part int, _epoch bigint) returns void
language plpgsql stable as $$
begin
  if not exists (
    select from ${schema}.cursor where consumer = _consumer and part = _part and epoch = _epoch and timeline = (select ${schema}.timeline())
  ) then
    raise exception 'stale lease' using errcode = 'HF001';
  end if;
end $$;

create function ${schema}.read_held(_consumer int, _buffer int, _wanted text)
returns table (n int, held int, seq text, meta text, body bytea) language plpgsql stable ${BY_KEY} as $$
#variable_conflict use_column
begin
  return query
  select w.n, (c.part is not null)::int, e.seq::text, e.meta, e.body
  from json_to_recordset(_wanted::json) as w(n int, part int, epoch bigint, after bigint, most int, max_bytes float8)
  left join ${schema}.cursor c
    on c.consumer = _consumer and c.part = w.part and c.epoch = w.epoch and c.timeline = (select ${schema}.timeline())
  left join lateral (
    select l.*, sum(length(l.body)) over (order by l.seq) - length(l.body) as bytes_before,
      row_number() over (order by l.seq) as place
    from (
      select * from ${schema}.event
      where buffer = _buffer and part = c.part and event.seq > w.after order by event.seq limit w.most
    ) l
  ) e on e.bytes_before < w.max_bytes or e.place = 1
  where c.part is null or e.seq is not null order by w.n, e.seq;
end $$;

create function ${schema}.mark_done(_consumer int, _part int, _seqs int8multirange, _keys text[]) returns void
language plpgsql volatile as $$
begin
  update ${schema}.cursor set done = done + _seqs, retry = retry - _keys where consumer = _consumer and part = _part;
end $$;

create function ${schema}.hold(_consumer int, _part int, _epoch bigint) returns int8multirange
language plpgsql volatile ${BY_KEY} as $$
declare
  _done int8multirange;
  _acks bigint[];
begin
  ${SYNCHRONOUS}
  select done into _done from ${schema}.cursor
  where consumer = _consumer and part = _part and epoch = _epoch and timeline = (select ${schema}.timeline()) for update;
  if not found then raise exception 'stale lease' using errcode = 'HF001'; end if;
  with taken as (
    delete from ${schema}.ack where consumer = _consumer and part = _part returning seq
  )
  select array_agg(seq) into _acks from taken;
  if _acks is null then return _done; end if;
  perform ${schema}.mark_done(_consumer, _part,
    (select range_agg(int8range(seq, seq, '[]')) from unnest(_acks) seq), _acks::text[]);
  return (select done from ${schema}.cursor where consumer = _consumer and part = _part);
end $$;

create function ${schema}.load(_consumer int, _part int, _epoch bigint) returns table (done text, retry text)
language plpgsql volatile as $$
#variable_conflict use_column
begin
  perform ${schema}.hold(_consumer, _part, _epoch);
  return query select c.done::text, c.retry::text from ${schema}.cursor c where consumer = _consumer and part = _part;
end $$;
`
