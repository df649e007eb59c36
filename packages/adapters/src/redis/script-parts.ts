// Keys of a partition, all with one hash tag. KEYS[1] is `<prefix>buffer:{<name>:<partition>}`, KEYS[2] that and `:c:<consumer>`.
//
// :log        stream; the id of an entry is its number and 0
// :meta       hash: seq, number of the last event; bytes, of all events ever; the format and the number of partitions; born, a time in microseconds
//             that tells its numbers from those that a server has given before it lost everything
// :times      sorted set: "number:bytes before it" by the time of its append in ms, every ten seconds or MiB
// :id:<fp>    number of the event with this fingerprint; expires
// :consumers  set of names
// KEYS[2]     hash: low, epoch, run, owner, ends (microseconds), aside (dead letters that were redriven or purged), trimmed (microseconds)
//   :done     sorted set of numbers above low that are done
//   :retry    hash: number → "attempts nextAt"
//   :events   hash: number → record of an event that is parked or a dead letter
//   :parked   hash: number → lane            :state  hash: number → "attempts nextAt redrives bytes"
//   :blocked  hash: number → JSON            :order  sorted set of "length of the lane:lane:number", by name
//   :lanes    hash: lane → events            :sizes  hash: lane → bytes
//   :dead     hash: number → "redrives bytes JSON"       :grave  hash: number → lane
//   :dying    sorted set: number by time                 :graves hash: lane → dead letters
//   :members  sorted set: who drains by the end of its presence; on the first partition only

/** Answer of a script whose lease is over. */
export const STALE = 'STALE'

/** A lease counts on the server, and in its history, under which it was taken: after a failover numbers may mean other events. */
export const RUN: string = `
local run = string.match(redis.call('INFO', 'replication'), 'master_replid:(%x+)') or ''
`

/** The time of the server. */
export const NOW: string = `
local time = redis.call('TIME')
local micros = time[1] * 1000000 + time[2]
`

/** Answers `STALE` unless the lease holds. ARGV[1]: epoch. Needs `run`. */
export const HELD: string = `
local held = redis.call('HMGET', KEYS[2], 'epoch', 'run', 'owner', 'low', 'trimmed')
if held[1] ~= ARGV[1] or held[2] ~= run or not held[3] or held[3] == '' then return '${STALE}' end
`

/** The same by itself. */
export const LEASED: string = `${RUN}${HELD}`

/** Numbers as text, whatever their size. */
export const INTEGER: string = `
local int = function(number) return string.format('%.0f', number) end
`

/**
 * Marks as done, and moves the low-water mark. Begins with `openCursor(held)`, and ends with `saveCursor`, which answers whether to delete what may go: to look
 * for that costs more than to move a cursor. Needs `micros`.
 */
export const CURSOR: string = `${INTEGER}
local low, before, trimmed, pending, later, hasRetries, hasParked
local openCursor = function(held)
  low, trimmed, pending = tonumber(held[4]), tonumber(held[5] or '0'), {}
  before, later, hasRetries, hasParked = low, 0, false, false
  -- Mostly there is nothing of all this.
  if redis.call('EXISTS', KEYS[2] .. ':done', KEYS[2] .. ':retry', KEYS[2] .. ':parked') > 0 then
    later = redis.call('ZCARD', KEYS[2] .. ':done')
    hasRetries = redis.call('EXISTS', KEYS[2] .. ':retry') > 0
    hasParked = redis.call('EXISTS', KEYS[2] .. ':parked') > 0
  end
end
local isDone = function(seq)
  return seq <= low or pending[seq] or (later > 0 and redis.call('ZSCORE', KEYS[2] .. ':done', int(seq)) and true)
end
local markDone = function(seq)
  if hasRetries then redis.call('HDEL', KEYS[2] .. ':retry', int(seq)) end
  if seq > low then pending[seq] = true end
end
local saveCursor = function()
  while true do
    local head = later > 0 and redis.call('ZRANGE', KEYS[2] .. ':done', 0, 0)[1]
    if pending[low + 1] then
      low = low + 1
      pending[low] = nil
    elseif head and tonumber(head) <= low + 1 then
      redis.call('ZPOPMIN', KEYS[2] .. ':done')
      later = later - 1
      if tonumber(head) == low + 1 then low = low + 1 end
    else
      break
    end
  end
  for seq in pairs(pending) do redis.call('ZADD', KEYS[2] .. ':done', int(seq), int(seq)) end
  if low == before then return false end
  local isTrimDue = low - before >= 64 or micros - trimmed >= 100000
  redis.call('HSET', KEYS[2], 'low', int(low))
  if isTrimDue then redis.call('HSET', KEYS[2], 'trimmed', int(micros)) end
  return isTrimDue
end
`

/** Moves events among those that are set aside. */
export const ASIDE: string = `
local orderOf = function(lane, seq) return #lane .. ':' .. lane .. ':' .. string.format('%016.0f', seq) end
local count = function(key, field, by)
  if redis.call('HINCRBY', key, field, by) == 0 then redis.call('HDEL', key, field) end
end
local unpark = function(seq)
  local id = int(seq)
  local lane = redis.call('HGET', KEYS[2] .. ':parked', id)
  if not lane then return false end
  local bytes = string.match(redis.call('HGET', KEYS[2] .. ':state', id), '(%d+)$')
  redis.call('HDEL', KEYS[2] .. ':parked', id)
  redis.call('HDEL', KEYS[2] .. ':state', id)
  redis.call('HDEL', KEYS[2] .. ':blocked', id)
  redis.call('ZREM', KEYS[2] .. ':order', orderOf(lane, seq))
  redis.call('HINCRBY', KEYS[2] .. ':sizes', lane, -bytes)
  count(KEYS[2] .. ':lanes', lane, -1)
  if redis.call('HEXISTS', KEYS[2] .. ':lanes', lane) == 0 then redis.call('HDEL', KEYS[2] .. ':sizes', lane) end
  return true
end
local park = function(seq, lane, state, bytes)
  redis.call('HSET', KEYS[2] .. ':parked', int(seq), lane)
  redis.call('HSET', KEYS[2] .. ':state', int(seq), state .. ' ' .. bytes)
  redis.call('ZADD', KEYS[2] .. ':order', 0, orderOf(lane, seq))
  redis.call('HINCRBY', KEYS[2] .. ':sizes', lane, bytes)
  redis.call('HINCRBY', KEYS[2] .. ':lanes', lane, 1)
end
local unbury = function(seq)
  local id = int(seq)
  local letter = redis.call('HGET', KEYS[2] .. ':dead', id)
  if not letter then return nil end
  local lane = redis.call('HGET', KEYS[2] .. ':grave', id)
  redis.call('HDEL', KEYS[2] .. ':dead', id)
  redis.call('HDEL', KEYS[2] .. ':grave', id)
  redis.call('ZREM', KEYS[2] .. ':dying', id)
  count(KEYS[2] .. ':graves', lane, -1)
  return lane, string.match(letter, '^(%d+) (%d+)')
end
`

/** Bytes that were stored before an event, rounded down to a mark. */
export const MARKS: string = `
local markOf = function(mark)
  local seq, bytes = string.match(mark, '^(%d+):(%d+)$')
  return tonumber(seq), tonumber(bytes)
end
local bytesBefore = function(seq)
  local from, to, found = 0, redis.call('ZCARD', KEYS[1] .. ':times') - 1, 0
  while from <= to do
    local middle = math.floor((from + to) / 2)
    local markSeq, markBytes = markOf(redis.call('ZRANGE', KEYS[1] .. ':times', middle, middle)[1])
    if markSeq <= seq then
      found = markBytes
      from = middle + 1
    else
      to = middle - 1
    end
  end
  return found
end
`

/** Deletes what every consumer is through with, except for what is kept: in ms and bytes, -1 for everything. Needs `micros`. */
export const TRIM: string = `${MARKS}
local trim = function(minAgeMs, maxBytes)
  local upTo
  for _, name in ipairs(redis.call('SMEMBERS', KEYS[1] .. ':consumers')) do
    local reached = tonumber(redis.call('HGET', KEYS[1] .. ':c:' .. name, 'low') or '0')
    if not upTo or reached < upTo then upTo = reached end
  end
  if not upTo then return end
  local times = KEYS[1] .. ':times'
  if minAgeMs ~= 0 then
    local kept, stored = 0, maxBytes >= 0 and bytesBefore(upTo + 1) or 0
    for index = 1, redis.call('ZCARD', times) - 1 do
      local mark = redis.call('ZRANGE', times, index, index, 'WITHSCORES')
      local seq, bytes = markOf(mark[1])
      local isOld = minAgeMs > 0 and tonumber(mark[2]) <= micros / 1000 - minAgeMs
      if seq > upTo + 1 or not (isOld or (maxBytes >= 0 and stored - bytes > maxBytes)) then break end
      kept = seq - 1
    end
    upTo = kept
  end
  if upTo < 1 or redis.call('XTRIM', KEYS[1] .. ':log', 'MINID', '~', int(upTo + 1)) == 0 then return end
  while true do
    local second = redis.call('ZRANGE', times, 1, 1)[1]
    if not second or markOf(second) > upTo + 1 then break end
    redis.call('ZPOPMIN', times)
  end
end
`

/** Draining goes on when the server is full: it makes room. */
export const THOUGH_FULL: string = '#!lua flags=allow-oom\n'
