-- A shadow of the provider's own buckets: who may start a request, and when.
--
-- OpenAI's RPM, RPD and TPM are continuously refilling token buckets: capacity = limit, refill = limit / window, and
-- a request is admitted when all three hold its cost. This script keeps the same three a little on the careful side,
-- and a line of those who wait, in the order of their places. The plan is cumulative: a request starts when the
-- buckets hold its own cost and that of everybody before it, so nothing is planned again when something changes.
-- Times are seconds of a clock that follows Redis TIME and never goes back, durations are seconds, levels and costs
-- are requests or tokens.
--
-- KEYS[1] buckets  string  cmsgpack, see `fresh`; never expires, so that its absence means an emptied Redis
-- KEYS[2] line     zset    reservation id -> place; those who wait
-- KEYS[3] record:  prefix  of one string for each reservation id, cmsgpack {place, tokens, asked (first), denials,
--                          told (when it comes back), silent (joined, has not asked), hold and era (asks in vain
--                          until then); once granted: granted, level, corrected, charged, before (see `grant`), call}
-- KEYS[4] recent   hash    slot % SLOTS -> cmsgpack {slot, requests, tokens}: all that was ever charged up to that
--                          slot's end; a slot is `jitter` long. A ring: bounded.
-- KEYS[5] limits   hash    rpm, rpd, tpm, parallel set at run time for the whole fleet; wins over ARGV; never expires
-- KEYS[6] answered string  "<requests last minute> <requests last day> <Unix time>": what was answered, as the bridge
--                          read in Kafka when it found Redis emptied; deleted once it is believed
-- KEYS[7] reached  string  the lowest place that waited when a request was started last; never goes back
-- KEYS[8] calls    zset    "<key of its worker's heartbeat> <reservation id>" -> until when it counts without news: the
--                          calls under way, where it matters how many there are
--
-- ARGV[1] JSON, one table of arguments. Always: op, limits {rpm, rpd, tpm; 0: there is none}, auto {three booleans:
-- such a limit is only where to begin, headers say the rest}, grace, jitter, burst (seconds of refill that may be
-- spent at once), day_share (of the day's requests, when nothing is known), settle and due (how long to wait for who
-- has joined, for who is due), least {three limits: no sane one is below}, parallel (most calls under way at once; 0:
-- any number), lasts (no call takes longer), heartbeat (a key that exists while who asks is alive, `-`: there is none),
-- beats (for how long it is set). By operation, [missing where unknown]:
--   join       joining {{id, place}}    -> {'ok'}; these will ask soon
--   acquire    id, place, tokens        -> {'granted', waited[, 'again' or 'plenty']}, {'wait', seconds until it should
--                                          ask again, seconds until its start} or {'never fits', tpm}
--   settle     id, answered, [used (tokens), requests_bucket (1 rpm, 2 rpd), requests_left, requests_limit,
--              tokens_left, tokens_limit] -> {'ok'}
--   cancel     id, [joined (only if it has done no more)] -> {'ok'}
--   denied     id, bucket (1 rpm, 2 rpd, 3 tpm, 0 unknown), too_large, news (for people), [limit, used, wait]
--                                       -> {'wait', seconds, seconds} or {'never fits', tpm}
--   slow_down  id, seconds              -> {'ok'}
--   set_limits rpm, rpd, tpm, [parallel] -> {'ok'}; forgets what was learned
--   reset      full                     -> {'ok'}; forgets what was learned, and `full` takes the buckets for full
--   snapshot                            -> {JSON}
-- Numbers are answered as strings with 17 significant digits: Redis would cut a Lua number to an integer.

-- Of state and records; raise it with every change but what may be missing, for Redis outlives an upgrade.
local SHAPE = 1
local RPM, RPD, TPM = 1, 2, 3
local BURST = {4, nil, 5}       -- the bucket of what may be spent at once, beside that of requests and of tokens
local WHOLE = {RPM, RPD, TPM, RPM, TPM}  -- and back: whose limit it shares
local WINDOW = {60, 86400, 60, 60, 60}
local EARLY = 0.001             -- a client whose clock runs fast may come this much before its time
local KEPT, SLOTS = 172800, 1024  -- how long an idle limiter keeps all but its state; slots of the ring
local HEAD = 32                 -- so many at the head of the line are counted one by one, the others on average
local CROWD = 500               -- requests, see `plenty`
local STEP = 30                 -- waits up to this are told in full, see `tell`
local LATE = 5                  -- so long something is set aside for who is due and does not come
local FOREIGN_DECAY, TREND = 600, 60  -- so slowly foreign consumption is forgotten; a denial within it is no accident
local SLOWEST, SLOW_RECOVERY = 1 / 16, 900  -- OpenAI: a steady rate for 15 minutes after slow_down
local HOLD, FADE = 600, 3000    -- a learned limit holds, then gives way
local HANDFUL, BURST_LEAST, BURST_DOUBLES = 4, 0.5, 7200  -- requests; seconds of tokens; forgotten so slowly
local BEFORE_FAIR_SHARES, TURN = 1e8, 0.001  -- see bridge/places.py, bridge/fair_order.py
local LOOK, LOOK_FOR_DEAD = 0.03, 1  -- part of a call's time after which to look for a free place; seconds
local BACK_OFF, BACK_OFF_MOST, BLOCK_MOST = 1, 60, 300  -- after a denial that says nothing; that says a lot

local call, max, min, huge = redis.call, math.max, math.min, math.huge
local STATE, LINE, RECORD, RECENT, LIMITS, ANSWERED, REACHED, CALLS = unpack(KEYS)
local A = cjson.decode(ARGV[1])
local JITTER, SLOT = A.jitter, max(A.jitter, 0.01)
local SETTLE, DUE, LEAST = A.settle, A.due, A.least
local NOW, PARALLEL, state, buckets

local function now()
  local time = call('TIME')
  return time[1] + time[2] / 1000000
end

local UNIX = now()
local function text(number) return string.format('%.17g', number) end
local function clamp(low, value, high) return max(low, min(value, high)) end
-- What cannot be read, or is of another version, is as good as lost.
local function opened(packed)
  local readable, value = pcall(cmsgpack.unpack, packed)
  return readable and type(value) == 'table' and value.shape == SHAPE and value or nil
end
local function by_bucket(requests, tokens) return {requests, requests, tokens, requests, tokens, calls = requests} end
local function costs(tokens) return by_bucket(1, tokens) end

local function full_rate(b) return buckets[b].limit / WINDOW[b] end
-- What is certainly ours: foreign consumption is taken off, refunds are not counted before a header shows them.
local function safe_rate(b) return full_rate(b) - max(0, buckets[b].foreign) end

-- How much may be spent at once where the provider enforces shorter spans than the window (OpenAI: limits "can be
-- quantized", 60,000 a minute as 1,000 a second); nil where the whole bucket may.
local function burst_capacity(b)
  local burst = buckets[b]
  local seconds = A.burst < WINDOW[b] and A.burst - JITTER or huge
  if burst.seconds then seconds = min(seconds, burst.seconds * 2 ^ ((NOW - burst.at) / BURST_DOUBLES)) end
  local least = b == BURST[RPM] and HANDFUL or full_rate(b) * BURST_LEAST
  return seconds < WINDOW[b] and min(burst.limit, max(least, full_rate(b) * seconds)) or nil
end

local function counts(b) return buckets[b].limit > 0 and (b <= TPM or burst_capacity(b) ~= nil) end
-- Requests reach the provider up to `jitter` later than we grant them. While the provider's bucket is full it
-- gains nothing in that time, so a shadow as large as the original would run ahead of it.
local function capacity(b)
  return b > TPM and burst_capacity(b) or max(0, buckets[b].limit - full_rate(b) * (JITTER + EARLY))
end

-- A cost above the capacity is legitimate up to the limit: it waits until a bucket that is not clipped holds it.
local function available(b, cost)
  return cost > capacity(b) and buckets[b].level or min(buckets[b].level, capacity(b))
end

-- While somebody else uses the key, the level must not be run down to nothing: below zero is a 429, and above it
-- the headers still show us in time how much the other one takes.
local function needed(b, cost)
  local margin = max(0, buckets[b].foreign) * (state.delay + JITTER)
  return min(buckets[b].limit, max(cost, min(cost + margin, capacity(b))))
end

local function set_level(b, level)
  buckets[b].corrected, buckets[b].level = buckets[b].corrected + level - buckets[b].level, level
end

local function hidden_limit(bucket) return bucket.auto and bucket.said or bucket.configured end

-- The configured limit or, where there is none, the provider's; a learned one is an opinion with an end. What is used
-- stays used, but a provider that lowers a limit does not remember more than a bucketful.
local function renew_limits()
  for b, bucket in ipairs(buckets) do
    local limit, old = hidden_limit(bucket), bucket.limit
    local age = NOW - (bucket.learned_at or 0) - HOLD
    if age >= FADE or limit > 0 and bucket.learned and bucket.learned >= limit then bucket.learned = nil end
    if bucket.learned then
      limit = limit == 0 and bucket.learned or bucket.learned + (limit - bucket.learned) * max(0, age) / FADE
    end
    bucket.limit = b > TPM and buckets[WHOLE[b]].limit or limit
    local level = max(bucket.level + bucket.limit - old, min(bucket.level, 0), -bucket.limit)
    if old == 0 then level = bucket.limit end
    if bucket.limit ~= old then set_level(b, level) end
  end
end

local function forget_lessons()
  for b, bucket in ipairs(buckets) do
    bucket.learned, bucket.said, bucket.seconds, bucket.foreign, bucket.denied = nil, nil, nil, 0, 0
    if b > TPM then bucket.level = bucket.limit end
  end
  state.blocked, state.back_off, state.backed_off, state.slow, state.slow_time, state.pace = 0, 0, 0, 1, 0, 0
  state.proven, state.era = 0, state.era + 1
  renew_limits()
end

-- Redis was emptied, or this is the very first request: nothing says how much of the quota is spent. One request
-- may start; the rest has to refill, to be counted by the bridge or to be confirmed by headers. Who waited enters
-- the line again with the next asking.
local function fresh()
  if A.op ~= 'snapshot' then call('DEL', LINE) end
  state = {
    shape = SHAPE,
    time = NOW, skew = 0,                 -- levels are those of `time`; this clock's lead over Redis TIME
    pace = 0, blocked = 0,                -- nothing starts before these
    back_off = 0, backed_off = 0, slow = 1, slow_time = 0,  -- seconds; share of the full rate; since when
    line_tokens = 0, mean = A.tokens or 3000, proven = 0,  -- of all who wait, of one, of the largest answered
    delay = 1,                            -- average seconds from grant to settlement
    slot = 0, slot_charged = by_bucket(0, 0), slot_before = by_bucket(0, 0),
    buckets = {}, era = 0,                -- lessons were forgotten so often
  }
  for b, whole in ipairs(WHOLE) do
    local limit = A.limits[whole]
    state.buckets[b] = {                  -- those of bursts have seconds and at, too, as learned
      limit = limit, level = min(limit, ({1, max(1, limit * A.day_share), state.mean})[b] or limit),
      corrected = 0, charged = 0,         -- sums of all corrections ever made to the level, of all charges
      foreign = 0,                        -- per second: what others take (or, below 0, what is refunded)
      known = false, denied = 0,          -- has a header or a denial confirmed the level; when one last moved it
    }
  end
end

-- What the bridge counted in Kafka says how full the buckets are, unless the provider has said so itself.
local function believe_count()
  local minute, day, at = string.match(call('GET', ANSWERED) or '', '^(%d+) (%d+) ([%d.]+)$')
  if not at or math.abs(UNIX - at) > 3600 then return end
  if A.op ~= 'snapshot' then call('DEL', ANSWERED) end  -- which keeps nothing of what it reads
  state.counted = true
  for b, used in ipairs({minute, day, minute * state.mean}) do
    local left = buckets[b].limit - used + full_rate(b) * max(0, UNIX - at) - buckets[b].charged
    if not buckets[b].known then set_level(b, clamp(min(0, buckets[b].level), left, buckets[b].limit)) end
  end
end

local function load()
  local set = call('HMGET', LIMITS, 'rpm', 'rpd', 'tpm', 'parallel')
  PARALLEL = tonumber(table.remove(set) or A.parallel)
  for b, limit in ipairs(set) do
    if limit then A.limits[b], A.auto[b] = tonumber(limit), false end
  end
  NOW, state = UNIX, opened(call('GET', STATE))
  if not state then fresh() end
  buckets = state.buckets
  state.skew = max(state.skew, state.time - UNIX)
  NOW = UNIX + state.skew
  for b, bucket in ipairs(buckets) do
    bucket.configured, bucket.auto = A.limits[b] or 0, A.auto[b]
    bucket.level = min(bucket.limit, bucket.level + safe_rate(b) * (NOW - state.time))
    bucket.foreign = bucket.foreign * math.exp((state.time - NOW) / FOREIGN_DECAY)
  end
  state.time = NOW
  renew_limits()
  if not state.counted then believe_count() end
end

local function read(id) return opened(call('GET', RECORD .. id)) end
local function write(id, record) call('SET', RECORD .. id, cmsgpack.pack(record), 'EX', KEPT) end
local function enter(id, record)
  if call('ZADD', LINE, text(record.place), id) == 1 then state.line_tokens = state.line_tokens + record.tokens end
end

local function leave(id, record)
  local tokens = record and record.tokens or state.mean
  if call('ZREM', LINE, id) == 1 then state.line_tokens = state.line_tokens - tokens end
  if call('EXISTS', LINE) == 0 then state.line_tokens = 0 end
end

-- Whoever died gives nothing back: its calls end with its heartbeat, which an outage of Redis ends too, but not for as
-- long as it lasts.
local function bury()
  local missed, lives = {}, {}
  for _, member in ipairs(call('ZRANGE', CALLS, 0, -1)) do
    local heartbeat = string.match(member, '^%S+')
    if lives[heartbeat] == nil then
      lives[heartbeat] = heartbeat == '-' or call('EXISTS', heartbeat) == 1
      missed[heartbeat] = not lives[heartbeat] and (state.missed[heartbeat] or NOW) or nil
    end
    if not lives[heartbeat] and NOW - missed[heartbeat] > A.beats then call('ZREM', CALLS, member) end
  end
  state.missed, state.buried = missed, NOW
end

local function under_way() return call('ZCOUNT', CALLS, text(NOW), '+inf') end
local function call_rate() return PARALLEL / max(state.delay, EARLY) end

local function free_calls()
  local free = PARALLEL - under_way()
  if free > 0 or A.op == 'snapshot' or NOW - (state.buried or 0) < LOOK_FOR_DEAD then return free end
  state.missed = state.missed or {}
  bury()
  return PARALLEL - under_way()
end

local function end_call(record)
  if record and record.call then call('ZREM', CALLS, record.call) end
end

local function forget(id, record)
  leave(id, record)
  end_call(record)
  call('DEL', RECORD .. id)
end

local function reached() return tonumber(call('GET', REACHED)) end

-- Who started is no measure of it: one that is small, or asks early, may start before others.
local function reach(place)
  local first = tonumber(call('ZRANGE', LINE, 0, 0, 'WITHSCORES')[2]) or place
  if min(place, first) > (reached() or 0) then call('SET', REACHED, text(min(place, first))) end
end

-- Who has no place, or a Unix time for one as before fair shares, takes turns with the others like a user.
local function fair(place)
  if place and place > 0 and place < BEFORE_FAIR_SHARES then return place end
  state.placed = max(state.placed or 0, reached() or 0) + TURN
  return state.placed
end

local function new_record(tokens, old)
  local place, asked = fair(old and old.place or A.place), old and old.asked or NOW
  return {shape = SHAPE, place = place, tokens = tokens, asked = asked, told = NOW, denials = old and old.denials or 0}
end

-- What those before this one take; what of it must be set aside, which is what will not have refilled by the time
-- they come; whether one of them is about to ask: the order in which threads ask is not that of the topic; and whether
-- one has only joined, so that its cost is a guess. Who is late keeps the place but nothing is set aside for it, and
-- who was expected long ago and did not come loses it.
local function before(id, rounds)
  local rank, ahead, reserve = call('ZRANK', LINE, id), by_bucket(0, 0), by_bucket(0, 0)
  local expected, guessed, gone = false, false, 0
  if rank == 0 then return ahead, reserve, expected, guessed end
  local head, keys = call('ZRANGE', LINE, 0, min(rank, HEAD) - 1), {}
  for i, other in ipairs(head) do keys[i] = RECORD .. other end
  for i, packed in ipairs(call('MGET', unpack(keys))) do
    local record = opened(packed)
    local late = record and NOW - record.told or huge
    if late > A.grace then
      forget(head[i], record)
      gone = gone + 1
    elseif late < LATE then
      for b, cost in ipairs(costs(record.tokens)) do
        ahead[b] = ahead[b] + cost
        reserve[b] = max(reserve[b], ahead[b] - safe_rate(b) * max(0, -late))
      end
      -- Tokens that are not spent are there later, a place that nobody takes is lost.
      local patience = record.silent and PARALLEL == 0 and SETTLE or DUE
      expected = expected or late > -DUE and late < patience
      if late < patience then
        ahead.calls = ahead.calls + 1
        reserve.calls = max(reserve.calls, ahead.calls - call_rate() * max(0, -late))
      end
      guessed = guessed or record.silent and late < SETTLE
    end
  end
  -- Those further back count unseen, so where the whole head is gone the next may be as well: look again, not for ever.
  if gone == #head and rank > gone and (rounds or 0) < HEAD then return before(id, (rounds or 0) + 1) end
  if rank > #head then
    local rest = by_bucket(rank - #head, (rank - #head) * state.line_tokens / call('ZCARD', LINE))
    for b in pairs(rest) do ahead[b] = ahead[b] + rest[b] end
    reserve = ahead
  end
  return ahead, reserve, expected, guessed
end

-- After slow_down the starts are spread evenly, at a share of the full rate that recovers gradually.
local function slow_share() return min(1, state.slow + (1 - state.slow) * (NOW - state.slow_time) / SLOW_RECOVERY) end

local function pause_after(tokens)
  local even = max(counts(RPM) and 1 / full_rate(RPM) or 0, counts(TPM) and tokens / full_rate(TPM) or 0)
  return slow_share() < 1 and even / slow_share() or 0
end

-- The seconds in which so much refills. What was learned fades: nobody waits longer than until that is gone, and then
-- at the rate that it hides. That matters, since a request whose start is told for after its deadline fails for good.
local function refill_time(b, amount)
  local seconds = amount / (full_rate(b) - buckets[b].foreign)
  local bucket = buckets[WHOLE[b]]
  if not bucket.learned or amount <= 0 then return seconds end
  local limit = hidden_limit(bucket)
  local fades_in = max(0, bucket.learned_at + HOLD + FADE - NOW)
  return min(seconds, fades_in + (limit > 0 and amount / limit * WINDOW[b] or 0))
end

-- Calls end when they like, so who is next looks again and again, for a small part of the time that a call takes; the
-- others come while there are still some before them, however early those calls end.
local function look_after(missing)
  local early = max(0.3 * (missing - 1), missing - 2 * math.sqrt(missing))
  return max(LOOK * state.delay, early / call_rate())
end

-- The seconds until this will likely fit behind what `ahead` takes, whether it certainly fits now if `reserve` is set
-- aside, and after how many seconds to look where it waits for a call to end.
local function wait_for(tokens, ahead, reserve)
  local wait = max(0, state.blocked - NOW, state.pace - NOW) + ahead[RPM] * pause_after(state.mean)
  local fits = wait <= EARLY
  for b, cost in ipairs(costs(tokens)) do
    if counts(b) then
      local missing = needed(b, cost) - available(b, cost)
      wait = max(wait, refill_time(b, missing + ahead[b]))
      fits = fits and missing + reserve[b] <= safe_rate(b) * EARLY
    end
  end
  if PARALLEL == 0 then return wait, fits end
  local free = free_calls()
  local missing = 1 + ahead.calls - free
  fits = fits and 1 + reserve.calls <= free
  if missing / call_rate() <= wait then return wait, fits end
  return missing / call_rate(), fits, max(wait, look_after(missing))
end

-- Order is for those who have to wait. While the buckets hold a crowd's requests beside this one, and those of all who
-- wait already, nobody has to.
local function plenty(tokens)
  local crowd = by_bucket(max(CROWD, call('ZCARD', LINE)), max(CROWD * state.mean, state.line_tokens))
  local _, fits = wait_for(tokens, crowd, crowd)
  return fits
end

-- Charges, and remembers how much was charged by when, so that an answer's headers can be compared with what we
-- believed at that moment although requests overtake each other on their way.
local function grant(id, record, how)
  local slot, charged = math.floor(NOW / SLOT), {}
  for b, bucket in ipairs(buckets) do charged[b] = bucket.charged end
  if slot ~= state.slot then
    state.slot_before = (slot == state.slot + 1) and state.slot_charged or charged
    state.slot_charged, state.slot = charged, slot
  end
  record.before, record.level, record.corrected, record.charged = {}, {}, {}, {}
  for b, cost in ipairs(costs(record.tokens)) do
    local bucket = buckets[b]
    record.before[b] = bucket.charged - state.slot_before[b]  -- shortly before: may arrive after this one
    bucket.charged, bucket.level = bucket.charged + cost, max(-bucket.limit, min(bucket.level, capacity(b)) - cost)
    record.level[b], record.corrected[b], record.charged[b] = bucket.level, bucket.corrected, bucket.charged
  end
  call('HSET', RECENT, slot % SLOTS, cmsgpack.pack({shape = SHAPE, slot, buckets[RPM].charged, buckets[TPM].charged}))
  call('EXPIRE', RECENT, KEPT)
  if PARALLEL > 0 then
    record.call = A.heartbeat .. ' ' .. id
    call('ZREMRANGEBYSCORE', CALLS, '-inf', text(NOW))
    call('ZADD', CALLS, text(NOW + A.lasts), record.call)
    call('EXPIRE', CALLS, KEPT)
  end
  record.granted, state.pace = NOW, NOW + pause_after(record.tokens)
  leave(id, record)
  write(id, record)
  reach(record.place)
  return {'granted', text(NOW - record.asked), how}
end

-- A long wait is told by halves: the plan may have improved by then (a limit raised, refunds), and nobody would wake
-- the sleepers; so is one that rests on a guess, after a moment. The moments of return are spread, so that those who
-- asked together do not come back together.
local function tell(id, record, wait, exact, guessed, look)
  local pause = min(wait, look or huge, guessed and SETTLE or max(STEP, wait / 2))
  if pause < (look or wait) or not exact then
    pause = pause * (0.7 + 0.1 * (record.place / TURN * 0.6180339887 % 1))
  end
  record.told, record.silent = NOW + pause, nil
  write(id, record)
  return {'wait', text(pause), text(wait)}
end

local function join()
  for _, joining in ipairs(A.joining) do
    local id, record = joining[1], new_record(state.mean, {place = joining[2]})
    record.silent = true
    if not read(id) then
      enter(id, record)
      write(id, record)
    end
  end
end

local function too_much(tokens)
  return not buckets[TPM].auto and buckets[TPM].configured > 0 and tokens > buckets[TPM].configured
end

local function never_fits(id, record)
  forget(id, record)
  return {'never fits', text(buckets[TPM].configured)}
end

local function acquire(id)
  local record = read(id) or new_record(A.tokens)
  record.place = fair(record.place)
  if record.granted then
    if NOW - record.granted <= A.grace then return {'granted', text(record.granted - record.asked), 'again'} end
    record = new_record(A.tokens, record)  -- who held the grant is gone and may have used it: a new attempt
  end
  if too_much(A.tokens) then return never_fits(id, record) end
  if record.hold and record.hold > NOW and record.era == state.era then
    return {'wait', text(min(record.hold - NOW, STEP)), text(record.hold - NOW)}
  end
  if record.tokens ~= A.tokens then
    leave(id, record)
    record.tokens = A.tokens
  end
  state.mean = state.mean + 0.05 * (A.tokens - state.mean)
  if plenty(A.tokens) then return grant(id, record, 'plenty') end
  enter(id, record)
  local ahead, reserve, expected, guessed = before(id)
  local wait, fits, look = wait_for(A.tokens, ahead, reserve)
  if fits and not expected then return grant(id, record) end
  if wait <= EARLY then wait = min(0.01 * ahead[RPM], 0.2) end
  return tell(id, record, max(wait, 0.01), ahead[RPM] <= HEAD, guessed, look and max(look, 0.01))
end

-- No single piece of news moves the estimate by more than a quarter of the rate.
local function learn_foreign(b, rate)
  local bucket, full = buckets[b], full_rate(b)
  bucket.foreign = clamp(-4 * full, bucket.foreign + clamp(-full / 4, rate, full / 4), 0.9 * full)
end

local function correct(b, change)
  local bucket = buckets[b]
  local applied = clamp(-bucket.limit, bucket.level + change, max(bucket.level, capacity(b))) - bucket.level
  set_level(b, bucket.level + applied)
  return applied
end

-- A header says what was left when the provider admitted the request. Flooring, time on the way and requests that
-- overtook each other make that an interval for how far the provider's level is above ours; where it does not
-- contain 0, we move to its lower end: down at once, up only as far as is certain.
local function observe(b, record, remaining, limit)
  local bucket = buckets[b]
  if limit then
    bucket.said, bucket.learned, bucket.learned_at = limit, limit, NOW
    renew_limits()
  end
  if not counts(b) then return end
  local slot, by_then = math.floor(record.granted / SLOT), bucket.charged
  for _, later in ipairs({slot, slot + 1}) do  -- granted within `jitter` after it: may have arrived first
    local entry = opened(call('HGET', RECENT, later % SLOTS))
    if entry and entry[1] == later then by_then = entry[b == TPM and 3 or 2] end
  end
  local above = remaining - record.level[b] - bucket.corrected + record.corrected[b]
  local least = above - full_rate(b) * (JITTER + EARLY) - record.before[b]
  local most = above + 1 + by_then - record.charged[b]
  if most < 0 or (least > 0 and (limit or 0) <= bucket.limit) then  -- a larger limit's rest is not all ours to use
    local applied = correct(b, least)       -- slower than the answers, or it would swing
    if bucket.known then learn_foreign(b, -applied / max(5, 3 * state.delay)) end
  end
  bucket.known = true
end

local function settle(id)
  local record = read(id)
  forget(id, record)
  if not record or not record.granted then return end
  state.delay = state.delay + 0.1 * (NOW - record.granted - state.delay)
  if A.answered and record.granted > state.backed_off then state.back_off = 0 end
  if A.answered then state.proven = max(state.proven, record.tokens) end
  if A.requests_bucket and A.requests_left then
    if A.requests_bucket == RPM then buckets[RPD].said = buckets[RPD].said or 0 end  -- for `auto`: no such limit
    observe(A.requests_bucket, record, A.requests_left, A.requests_limit)
  end
  if A.tokens_left then
    observe(TPM, record, A.tokens_left, A.tokens_limit)
  elseif A.used and A.used > record.tokens then
    correct(TPM, record.tokens - A.used)
  end
end

local function cancel(id)
  local record = read(id)
  if A.joined and record and not record.silent then return end
  forget(id, record)
  for b, cost in ipairs(record and record.granted and costs(record.tokens) or {}) do correct(b, cost) end
end

-- A 429 that came although the bucket should have held: a shorter span is enforced. What was spent since the bucket
-- was full, without what was denied and what refilled on the way, is what may be spent at once.
local function learn_burst(b, cost, same_burst)
  local burst = buckets[BURST[b]] or {}
  if not same_burst and b ~= RPD then
    local watched = burst_capacity(BURST[b]) and BURST[b] or b
    local spent = capacity(watched) - buckets[watched].level
    burst.spent = spent < 0.9 * capacity(b) and spent or nil
  end
  if not burst.spent then return false end
  burst.spent, burst.level = burst.spent - cost, min(burst.level, 0)
  burst.seconds, burst.at = max(0, burst.spent / full_rate(b) - 2 * JITTER), NOW
  return true
end

local function believe_denial(b, granted, cost, since)
  local bucket, limit = buckets[b], A.limit
  if limit and limit >= LEAST[b] and not (b == TPM and limit < state.proven) then
    if not counts(b) or limit < bucket.limit then bucket.learned, bucket.learned_at = limit, NOW end
    renew_limits()
  end
  if A.too_large or not counts(b) then return end
  local same_burst = granted <= bucket.denied
  local explained = learn_burst(b, cost, same_burst)
  if same_burst then return end  -- known already
  if NOW - bucket.denied <= TREND and not explained then
    bucket.foreign = max(0, bucket.foreign)
    learn_foreign(b, full_rate(b))
  end
  local target = A.wait and cost - full_rate(b) * min(A.wait, WINDOW[b]) or 0
  if limit and A.used then
    target = bucket.limit - min(A.used, bucket.limit) + safe_rate(b) * max(0, NOW - granted - JITTER) - since
  end
  if target < min(bucket.level, capacity(b)) then correct(b, target - bucket.level) end
  bucket.denied, bucket.known = NOW, true
end

-- A denial that says too little stops everybody, twice as long every time, until somebody is answered.
local function back_off(granted)
  local wait = min(A.wait or 0, BLOCK_MOST)
  if granted > state.backed_off then
    state.back_off, state.backed_off = clamp(BACK_OFF, 2 * state.back_off, BACK_OFF_MOST), NOW
    wait = max(wait, state.back_off)
  end
  state.blocked = max(state.blocked, NOW + wait)
end

local function denied(id)
  local old, b = read(id), A.bucket
  local record, granted = new_record(old and old.tokens or state.mean, old), old and old.granted or NOW
  end_call(old)
  state.denial = {at = NOW, news = A.news}
  if b > 0 and (A.limit or A.wait and not A.too_large) then
    local charged = old and old.charged and old.charged[b] or buckets[b].charged
    believe_denial(b, granted, costs(record.tokens)[b], buckets[b].charged - charged)
  else
    back_off(granted)
  end
  if A.too_large and too_much((A.limit or -1) + 1) then return never_fits(id, old) end
  record.denials = record.denials + 1
  if A.too_large then  -- no request fails for good on what was learned, but it stands aside
    record.hold, record.era = NOW + min(3600, 30 * 4 ^ (record.denials - 1)), state.era
    return tell(id, record, record.hold - NOW, true)
  end
  enter(id, record)
  local wait = wait_for(record.tokens, before(id))
  return tell(id, record, max(wait, 0.05 * 2 ^ min(record.denials, 10)), true)
end

local function slow_down(id)
  local record = read(id)
  state.blocked = max(state.blocked, NOW + min(A.seconds, BLOCK_MOST))
  if (record and record.granted or NOW) <= state.slow_time then return end  -- of the same burst: known already
  state.slow, state.slow_time = max(SLOWEST, slow_share() / 2), NOW
end

local function reset()
  forget_lessons()
  for b, bucket in ipairs(A.full and buckets or {}) do
    bucket.level, bucket.known, state.counted = capacity(b), true, true
  end
end

local function snapshot()
  local waiting = call('ZCARD', LINE)
  local ahead, nobody = by_bucket(waiting, state.line_tokens), by_bucket(0, 0)
  for b, bucket in ipairs(buckets) do
    bucket.level, bucket.rate, bucket.burst = min(bucket.level, capacity(b)), full_rate(b), burst_capacity(b)
  end
  return {cjson.encode({
    buckets = buckets, now = NOW, waiting = waiting, mean_tokens = state.mean,
    next_free_start = wait_for(1, ahead, ahead),
    next_start = wait_for(waiting > 0 and state.line_tokens / waiting or 1, nobody, nobody),
    blocked = max(0, state.blocked - NOW), paced = pause_after(1), denial = state.denial,
    calls = {limit = PARALLEL, under_way = under_way(), seconds = state.delay},
  })}
end

local OPERATIONS = {
  join = join, acquire = acquire, settle = settle, cancel = cancel, denied = denied, slow_down = slow_down,
  reset = reset, set_limits = forget_lessons, snapshot = snapshot,
}

if A.op == 'set_limits' then call('HSET', LIMITS, 'rpm', A.rpm, 'rpd', A.rpd, 'tpm', A.tpm) end
if A.op == 'set_limits' and A.most then call('HSET', LIMITS, 'parallel', A.most) end
load()
local reply = OPERATIONS[A.op](A.id) or {'ok'}
if A.op ~= 'snapshot' then call('SET', STATE, cmsgpack.pack(state)) end
return reply
