// Values and leases live by the clock of the server. Tokens are no less than its time in microseconds, so that they rise even when the table
// was lost. What is over is removed by whoever writes, a few rows at a time and only those that nobody has locked.

/** Version 1: what `postgresStateStore` and `postgresIdempotencyStore` need. */
export const sharedState = (schema: string): string => `
create function ${schema}.now_us() returns bigint language sql volatile as $$
  select (extract(epoch from clock_timestamp()) * 1000000)::bigint
$$;

create function ${schema}.in_ms(_ms float8) returns timestamptz language sql volatile as $$
  select case when _ms is null then 'infinity' else clock_timestamp() + _ms * interval '1 millisecond' end
$$;

create table ${schema}.state (
  key text primary key,
  value text not null,
  version uuid not null,
  ends_at timestamptz not null
) with (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 500);
create index on ${schema}.state (ends_at);

create table ${schema}.lease (
  name text primary key,
  token bigint not null,
  ends_at timestamptz not null
) with (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 500);
create index on ${schema}.lease (ends_at);

create table ${schema}.effect (
  fingerprint bytea primary key,
  scope text not null,
  id text not null,
  owner text not null,
  token bigint not null,
  ttl_ms float8,
  done boolean not null,
  result bytea,
  ends_at timestamptz not null
) with (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 500);
create index on ${schema}.effect (ends_at);

create function ${schema}.sweep_shared() returns void language plpgsql volatile as $$
begin
  delete from ${schema}.state where key = any (array(
    select key from ${schema}.state where ends_at < clock_timestamp() limit 100 for update skip locked));
  delete from ${schema}.lease where name = any (array(
    select name from ${schema}.lease where ends_at < clock_timestamp() - interval '1 day' limit 100 for update skip locked));
  delete from ${schema}.effect where fingerprint = any (array(
    select fingerprint from ${schema}.effect where ends_at < clock_timestamp() - interval '1 day' limit 100
    for update skip locked));
end $$;

create function ${schema}.state_set(_key text, _expected uuid, _value text, _ttl_ms float8)
returns table (written boolean, value text, version uuid) language plpgsql volatile as $$
#variable_conflict use_column
declare
  _next uuid := gen_random_uuid();
begin
  if random() < 0.01 then perform ${schema}.sweep_shared(); end if;
  if _value is null then
    if _expected is null then
      written := not exists (select from ${schema}.state where key = _key and ends_at > clock_timestamp());
    else
      delete from ${schema}.state where key = _key and version = _expected and ends_at > clock_timestamp();
      written := found;
    end if;
    _next := null;
  elsif _expected is null then
    insert into ${schema}.state as s (key, value, version, ends_at)
    values (_key, _value, _next, ${schema}.in_ms(_ttl_ms))
    on conflict (key) do update set value = excluded.value, version = excluded.version, ends_at = excluded.ends_at
      where s.ends_at <= clock_timestamp();
    written := found;
  else
    update ${schema}.state set value = _value, version = _next, ends_at = ${schema}.in_ms(_ttl_ms)
    where key = _key and version = _expected and ends_at > clock_timestamp();
    written := found;
  end if;
  if written then
    return query select true, _value, _next;
    return;
  end if;
  return query select false, s.value, s.version from ${schema}.state s
    where s.key = _key and s.ends_at > clock_timestamp();
  if not found then return query select false, null::text, null::uuid; end if;
end $$;

create function ${schema}.lease_acquire(_name text, _ms float8) returns bigint language plpgsql volatile as $$
declare
  _token bigint;
begin
  if random() < 0.01 then perform ${schema}.sweep_shared(); end if;
  insert into ${schema}.lease as l (name, token, ends_at)
  values (_name, ${schema}.now_us(), ${schema}.in_ms(_ms))
  on conflict (name) do update set token = greatest(l.token + 1, excluded.token), ends_at = ${schema}.in_ms(_ms)
    where l.ends_at <= clock_timestamp()
  returning token into _token;
  return _token;
end $$;

create function ${schema}.lease_renew(_name text, _token bigint, _ms float8) returns boolean
language plpgsql volatile as $$
begin
  update ${schema}.lease set ends_at = ${schema}.in_ms(_ms)
  where name = _name and token = _token and ends_at > clock_timestamp();
  return found;
end $$;

create function ${schema}.effect_begin(
  _fingerprint bytea, _scope text, _id text, _owner text, _lease_ms float8, _ttl_ms float8
) returns table (state text, token bigint, left_ms float8, result bytea) language plpgsql volatile as $$
#variable_conflict use_column
declare
  _token bigint;
begin
  if random() < 0.01 then perform ${schema}.sweep_shared(); end if;
  loop
    insert into ${schema}.effect as e (fingerprint, scope, id, owner, token, ttl_ms, done, ends_at)
    values (_fingerprint, _scope, _id, _owner, ${schema}.now_us(), _ttl_ms, false, ${schema}.in_ms(_lease_ms))
    on conflict (fingerprint) do update set
      owner = _owner, token = greatest(e.token + 1, excluded.token), ttl_ms = _ttl_ms, done = false, result = null,
      ends_at = ${schema}.in_ms(_lease_ms)
      where e.ends_at <= clock_timestamp()
    returning token into _token;
    if found then
      return query select 'new'::text, _token, null::float8, null::bytea;
      return;
    end if;
    return query select case when e.done then 'done' else 'busy' end, e.token,
        case when e.done then null else extract(epoch from e.ends_at - clock_timestamp())::float8 * 1000 end, e.result
      from ${schema}.effect e where e.fingerprint = _fingerprint and e.ends_at > clock_timestamp();
    if found then return; end if;
  end loop;
end $$;

create function ${schema}.effect_renew(_fingerprint bytea, _token bigint, _ms float8) returns boolean
language plpgsql volatile as $$
begin
  update ${schema}.effect set ends_at = ${schema}.in_ms(_ms)
  where fingerprint = _fingerprint and token = _token and not done and ends_at > clock_timestamp();
  return found;
end $$;

create function ${schema}.effect_complete(_fingerprint bytea, _token bigint, _result bytea) returns boolean
language plpgsql volatile as $$
begin
  update ${schema}.effect set done = true, result = _result, ends_at = ${schema}.in_ms(ttl_ms)
  where fingerprint = _fingerprint and token = _token and not done and ends_at > clock_timestamp();
  return found;
end $$;
`
