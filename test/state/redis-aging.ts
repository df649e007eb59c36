/** A script that makes everything under a prefix as old as if `ms` had passed. */
export function agingScript(prefix: string, ms: number): string {
  return `
for _, key in ipairs(redis.call('KEYS', '${prefix}*')) do
  local left = redis.call('PTTL', key)
  if left >= 0 then redis.call('PEXPIRE', key, string.format('%.0f', left - ${ms})) end
  if string.match(key, ':members$') then
    for _, member in ipairs(redis.call('ZRANGE', key, 0, -1)) do
      redis.call('ZINCRBY', key, -${ms} * 1000, member)
    end
  end
  if redis.call('TYPE', key).ok == 'hash' then
    local ends = redis.call('HGET', key, 'ends')
    if ends then redis.call('HSET', key, 'ends', string.format('%.0f', ends - ${ms} * 1000)) end
  end
end`
}
