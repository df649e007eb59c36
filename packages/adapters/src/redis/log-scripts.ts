import { joinableScript, type Script, scriptOf } from './script.ts'
import { HELD, INTEGER, MARKS, NOW, RUN, THOUGH_FULL, TRIM } from './script-parts.ts'

// The keys are listed in `script-parts.ts`.

/**
 * Arguments: format; number of partitions. Answers: the two as they are stored, and what the server says of itself. Writes only into an
 * empty partition.
 */
export const openScript: Script = scriptOf(`
local meta = redis.call('HMGET', KEYS[1] .. ':meta', 'format', 'partitions')
if not meta[1] then
  redis.call('HSET', KEYS[1] .. ':meta', 'format', ARGV[1], 'partitions', ARGV[2])
  meta = { ARGV[1], ARGV[2] }
end
local info = redis.call('INFO', 'server') .. redis.call('INFO', 'cluster') .. redis.call('INFO', 'memory') .. redis.call('INFO', 'persistence')
return { meta[1], meta[2], info }
`)

/**
 * Arguments: milliseconds to remember ids, 0 for not at all; then fingerprint, meta and body of each event. Answers: its history, as leases have it; for
 * each event its number, negative where it was known. The first write is one that a full server refuses, so all or nothing is stored.
 */
export const appendScript: Script = joinableScript(
  `${INTEGER}
local meta = KEYS[1] .. ':meta'
local counters = redis.call('HMGET', meta, 'seq', 'bytes', 'born', 'markedAt', 'markedBytes')
-- What is no number fails here, before anything is written.
local first, before = (counters[1] or '0') + 0, (counters[2] or '0') + 0
local seq, bytes = first, before
local log, ids, window = KEYS[1] .. ':log', KEYS[1] .. ':id:', ARGV[1]
local born = counters[3] or int(micros)
local answer, failure = { run .. ':' .. born }, nil
for index = 2, #ARGV, 3 do
  local id, head, body = ids .. ARGV[index], ARGV[index + 1], ARGV[index + 2]
  local number = int(seq + 1)
  local known = window ~= '0' and redis.pcall('SET', id, number, 'NX', 'GET', 'PX', window)
  if type(known) == 'table' then
    -- A server that is full still says what it knows.
    failure = known
    known = redis.pcall('GET', id)
    if type(known) ~= 'string' then break end
    failure = nil
  end
  if known then
    answer[#answer + 1] = '-' .. known
  else
    local added = redis.pcall('XADD', log, number .. '-0', 'm', head, 'b', body)
    if added.err then
      -- What a script has written stays when it fails: with an id whose event is not there a repeat would be acknowledged.
      if window ~= '0' then redis.call('UNLINK', id) end
      failure = added
      break
    end
    seq = seq + 1
    bytes = bytes + #head + #body
    answer[#answer + 1] = number
  end
end
if seq > first then
  local now = math.floor(micros / 1000)
  if now - (counters[4] or '-10000') >= 10000 or bytes - (counters[5] or '0') >= 1048576 then
    redis.call('HSET', meta, 'seq', int(seq), 'bytes', int(bytes), 'born', born, 'markedAt', int(now), 'markedBytes', int(before))
    redis.call('ZADD', KEYS[1] .. ':times', int(now), int(first + 1) .. ':' .. int(before))
  else
    redis.call('HSET', meta, 'seq', int(seq), 'bytes', int(bytes), 'born', born)
  end
end
return failure or answer
`,
  { once: `${RUN}${NOW}`, isPrompt: true },
)

/** Answers: number of the last event. */
export const lastScript: Script = joinableScript(`return redis.call('HGET', KEYS[1] .. ':meta', 'seq')`)

const READ = `
local after, limit, maxBytes = ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
local answer, bytes, rows, step = {}, 0, 0, math.min(limit, 16)
while rows < limit and bytes < maxBytes do
  local entries = redis.call('XRANGE', KEYS[1] .. ':log', '(' .. after, '+', 'COUNT', step)
  for _, entry in ipairs(entries) do
    after = entry[1]
    answer[#answer + 1] = string.match(entry[1], '^%d+')
    answer[#answer + 1] = entry[2][2]
    answer[#answer + 1] = entry[2][4]
    bytes = bytes + #entry[2][4]
    rows = rows + 1
    if bytes >= maxBytes then return answer end
  end
  if #entries < step then break end
  -- As many as probably fit: what is read and not returned is work for nothing.
  step = math.max(1, math.min(limit - rows, math.floor((maxBytes - bytes) / (bytes / rows + 1))))
end
return answer
`

/** Arguments: epoch; number after which to begin; events; bytes. Answers: number, meta and body of each. */
export const readScript: Script = joinableScript(`${HELD}${READ}`, {
  once: RUN,
  within: (args, bytes) => args.with(3, String(Math.min(Number(args[3]), bytes))),
})

/** Arguments: nothing; number after which to begin; events; bytes. Answers: number, meta and body of each. */
export const historyScript: Script = scriptOf(READ)

/** Arguments: ms since the epoch. Answers: the number of an event before everything that was stored then or later; 0 for the start. */
export const positionBeforeScript: Script = scriptOf(`
local mark = redis.call('ZREVRANGEBYSCORE', KEYS[1] .. ':times', ARGV[1], '-inf', 'LIMIT', 0, 1)[1]
local seq = mark and string.match(mark, '^(%d+)')
local oldest = redis.call('XRANGE', KEYS[1] .. ':log', '-', '+', 'COUNT', 1)[1]
if not seq or not oldest or tonumber(seq) <= tonumber(string.match(oldest[1], '^%d+')) then return '0' end
return string.format('%.0f', seq - 1)
`)

/** Arguments: name of the consumer as it stands in keys; `earliest` or `latest`. */
export const registerScript: Script = scriptOf(`${THOUGH_FULL}
redis.call('SADD', KEYS[1] .. ':consumers', ARGV[1])
if redis.call('HEXISTS', KEYS[2], 'low') == 1 then return end
local last = tonumber(redis.call('HGET', KEYS[1] .. ':meta', 'seq') or '0')
local oldest = ARGV[2] == 'earliest' and redis.call('XRANGE', KEYS[1] .. ':log', '-', '+', 'COUNT', 1)[1]
redis.call('HSET', KEYS[2], 'low', string.format('%.0f', oldest and string.match(oldest[1], '^%d+') - 1 or last))
`)

/** Arguments: name of the consumer as it stands in keys; what is kept, in ms and bytes. */
export const removeScript: Script = scriptOf(`${THOUGH_FULL}${NOW}${INTEGER}${TRIM}
redis.call('SREM', KEYS[1] .. ':consumers', ARGV[1])
redis.call('UNLINK', KEYS[2])
for _, part in ipairs({ 'done', 'retry', 'events', 'parked', 'state', 'blocked', 'order', 'lanes', 'sizes', 'dead', 'grave', 'dying', 'graves', 'members' }) do
  redis.call('UNLINK', KEYS[2] .. ':' .. part)
end
trim(tonumber(ARGV[2]), tonumber(ARGV[3]))
`)

/**
 * Answers: events; bytes; for each consumer its name as it stands in keys, events before it, parked ones, dead letters, bytes that it holds.
 */
export const statsScript: Script = scriptOf(`${MARKS}
local meta = redis.call('HMGET', KEYS[1] .. ':meta', 'seq', 'bytes')
local last, bytes = tonumber(meta[1] or '0'), tonumber(meta[2] or '0')
local bytesFrom = function(seq) return seq > last and 0 or bytes - bytesBefore(seq) end
local oldest = redis.call('XRANGE', KEYS[1] .. ':log', '-', '+', 'COUNT', 1)[1]
local answer = {
  redis.call('XLEN', KEYS[1] .. ':log'),
  oldest and bytesFrom(tonumber(string.match(oldest[1], '^%d+'))) or 0,
}
for _, name in ipairs(redis.call('SMEMBERS', KEYS[1] .. ':consumers')) do
  local cursor = KEYS[1] .. ':c:' .. name
  local low = tonumber(redis.call('HGET', cursor, 'low') or '0')
  local parked = redis.call('HLEN', cursor .. ':parked')
  answer[#answer + 1] = name
  answer[#answer + 1] = last - low - redis.call('ZCARD', cursor .. ':done') + parked
  answer[#answer + 1] = parked
  answer[#answer + 1] = redis.call('HLEN', cursor .. ':dead')
  answer[#answer + 1] = bytesFrom(low + 1)
end
return answer
`)
