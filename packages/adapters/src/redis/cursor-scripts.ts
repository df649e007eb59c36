import { joinableScript, type Script, scriptOf } from './script.ts'
import { ASIDE, CURSOR, HELD, INTEGER, LEASED, NOW, RUN, THOUGH_FULL, TRIM } from './script-parts.ts'

// The keys are listed in `script-parts.ts`.

/**
 * Arguments: owner; milliseconds; name of the consumer as it stands in keys. Answers: epoch, end in microseconds and the history of the
 * partition, which is empty where the server does not name its own; nothing when somebody has the partition. An owner gets back at once what a restart of
 * the server has ended. What a server has forgotten begins anew.
 *
 * An epoch is no less than the server's time in milliseconds, and jumps after a failover: whatever was forgotten, it is a new one.
 */
export const acquireScript: Script = scriptOf(`${THOUGH_FULL}${RUN}${NOW}${INTEGER}
local epoch, heldRun, owner, ends, low = unpack(redis.call('HMGET', KEYS[2], 'epoch', 'run', 'owner', 'ends', 'low'))
if not low then
  local oldest = redis.call('XRANGE', KEYS[1] .. ':log', '-', '+', 'COUNT', 1)[1]
  redis.call('SADD', KEYS[1] .. ':consumers', ARGV[3])
  redis.call('HSET', KEYS[2], 'low', oldest and int(string.match(oldest[1], '^%d+') - 1) or redis.call('HGET', KEYS[1] .. ':meta', 'seq') or '0')
end
local isFree = not ends or tonumber(ends) <= micros or (heldRun ~= run and owner == ARGV[1])
if not isFree then return false end
local jump = heldRun and heldRun ~= run and 1048576 or 1
epoch = int(math.max(tonumber(epoch or '0') + jump, math.floor(micros / 1000)))
ends = int(micros + ARGV[2] * 1000)
redis.call('HSET', KEYS[2], 'epoch', epoch, 'run', run, 'owner', ARGV[1], 'ends', ends)
local meta = KEYS[1] .. ':meta'
redis.call('HSETNX', meta, 'born', int(micros))
return { epoch, ends, run == '' and run or run .. ':' .. redis.call('HGET', meta, 'born') }
`)

/** Arguments: owner; milliseconds, 0 to leave. Answers: who drains. */
export const attendScript: Script = scriptOf(`${THOUGH_FULL}${NOW}
local members = KEYS[2] .. ':members'
redis.call('ZADD', members, string.format('%.0f', micros + ARGV[2] * 1000), ARGV[1])
redis.call('ZREMRANGEBYSCORE', members, '-inf', string.format('%.0f', micros))
return redis.call('ZRANGE', members, 0, -1)
`)

/** Arguments: epoch; milliseconds; what is kept, in ms and bytes. Answers: 1. Deletes what the commits since the last time have left. */
export const renewScript: Script = scriptOf(`${THOUGH_FULL}${LEASED}${NOW}${INTEGER}${TRIM}
redis.call('HSET', KEYS[2], 'ends', int(micros + ARGV[2] * 1000))
trim(tonumber(ARGV[3]), tonumber(ARGV[4]))
return 1
`)

/** Arguments: epoch; what is kept, in ms and bytes. Deletes what the commits have left. */
export const releaseScript: Script = scriptOf(`${THOUGH_FULL}${LEASED}${NOW}${INTEGER}${TRIM}
redis.call('HSET', KEYS[2], 'owner', '', 'ends', '0')
trim(tonumber(ARGV[2]), tonumber(ARGV[3]))
return 1
`)

/** Arguments: epoch. Answers: low-water mark; numbers that are done above it; numbers and states of those that failed. */
export const loadScript: Script = scriptOf(`${LEASED}
return { held[4], redis.call('ZRANGE', KEYS[2] .. ':done', 0, -1), redis.call('HGETALL', KEYS[2] .. ':retry') }
`)

/**
 * Arguments: epoch; what is kept, in ms and bytes; how many failed; for each of them number, attempts and time of the next; numbers of
 * those that are done.
 */
export const commitScript: Script = joinableScript(
  `${HELD}
openCursor(held)
local index = 5
for _ = 1, tonumber(ARGV[4]) do
  local seq, attempts, nextAt = ARGV[index], ARGV[index + 1], ARGV[index + 2]
  local state = hasParked and redis.call('HGET', KEYS[2] .. ':state', seq)
  if state then
    redis.call('HSET', KEYS[2] .. ':state', seq, attempts .. ' ' .. nextAt .. ' ' .. string.match(state, '(%d+ %d+)$'))
    redis.call('HDEL', KEYS[2] .. ':blocked', seq)
  elseif not isDone(tonumber(seq)) then
    redis.call('HSET', KEYS[2] .. ':retry', seq, attempts .. ' ' .. nextAt)
    hasRetries = true
  end
  index = index + 3
end
for place = index, #ARGV do
  local seq = tonumber(ARGV[place])
  if hasParked and unpark(seq) then
    redis.call('HDEL', KEYS[2] .. ':events', ARGV[place])
  else
    markDone(seq)
  end
end
if saveCursor() then trim(tonumber(ARGV[2]), tonumber(ARGV[3])) end
return 1
`,
  { once: `${THOUGH_FULL}${RUN}${NOW}${CURSOR}${ASIDE}${TRIM}` },
)
