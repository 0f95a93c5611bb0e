-- A shadow of the provider's own buckets: who may start a request, and when.
--
-- OpenAI's RPM, RPD and TPM are continuously refilling token buckets: capacity = limit, refill = limit / window, and
-- a request is admitted when all three hold its cost. This script keeps the same three a little on the careful side,
-- and a line of those who wait, in the order of their places. The plan is cumulative: a request starts when the
-- buckets hold its own cost and that of everybody before it, so nothing is planned again when levels, limits or the
-- line change. Times are seconds of a clock that follows Redis TIME and never goes back, durations are seconds,
-- levels and costs are requests or tokens.
--
-- KEYS[1] state   string  cmsgpack, see `fresh`; never expires, so that its absence means an emptied Redis
-- KEYS[2] line    zset    reservation id -> place; those who wait
-- KEYS[3] record: prefix  of one string for each reservation id, cmsgpack {place, tokens, asked (first), denials,
--                         told (when it comes back), silent (joined, has not asked), hold and era (out of the line
--                         until then); once granted: granted, level, corrected, charged, before (see `grant`)}
-- KEYS[4] recent  hash    slot % SLOTS -> cmsgpack {slot, requests, tokens}: all that was ever charged up to that
--                         slot's end; a slot is `jitter` long. A ring: bounded.
-- KEYS[5] limits  hash    rpm, rpd, tpm set at run time for the whole fleet; wins over ARGV; never expires
-- KEYS[6] answered string  "<requests last minute> <requests last day> <Unix time>": what was answered, as the bridge
--                         read in Kafka when it found Redis emptied; deleted once it is believed
--
-- ARGV[1] JSON, one table of arguments. Always: op, limits {rpm, rpd, tpm; 0: there is none}, auto {three booleans:
-- such a limit is only where to begin, headers say the rest}, grace, jitter, burst (seconds of refill that may be
-- spent at once), day_share (of the day's requests, when nothing is known). By operation, [missing where unknown]:
--   join       id, place               -> {'ok'}: this one will ask soon
--   acquire    id, place, tokens       -> {'granted', waited[, 'again']}, {'wait', seconds until it should ask again,
--                                         seconds until its start} or {'never fits', tpm}
--   settle     id, answered, [used (tokens), requests_bucket (1 rpm, 2 rpd), requests_left, requests_limit,
--              tokens_left, tokens_limit]                                                        -> {'ok'}
--   cancel     id                                                                                -> {'ok'}
--   denied     id, bucket (1 rpm, 2 rpd, 3 tpm, 0 unknown), too_large, news (for people), [limit, used, wait]
--                                                               -> {'wait', seconds} or {'never fits', tpm}
--   slow_down  id, seconds                                                                       -> {'ok'}
--   set_limits rpm, rpd, tpm; forgets what was learned                                           -> {'ok'}
--   reset      full (takes the buckets for full, too); forgets what was learned                  -> {'ok'}
--   snapshot                                                                                     -> {JSON}
-- Numbers are answered as strings with 17 significant digits: Redis would cut a Lua number to an integer.

local NAMES, WINDOW, RPM, RPD, TPM = {'rpm', 'rpd', 'tpm'}, {60, 86400, 60}, 1, 2, 3
local EARLY = 0.001             -- a client whose clock runs fast may come this much before its time
local KEPT, SLOTS = 172800, 1024  -- how long an idle limiter keeps all but its state; slots of the ring
local HEAD = 32                 -- so many at the head of the line are counted one by one, the others on average
local STEP = 30                 -- waits up to this are told in full, see `tell`
local SETTLE, PATIENCE, SOON = 1, 0.25, 0.25  -- how long to wait for who joined, or is due; who is as good as here
local LATE = 5                  -- for who is later than this nothing is set aside
local FOREIGN_DECAY = 600       -- how fast the estimate of foreign consumption fades when no header speaks
local TREND = 60                -- a second denial of the same bucket within this is no accident
local SLOWEST, SLOW_RECOVERY = 1 / 16, 900  -- OpenAI: a steady rate for 15 minutes after slow_down
local LEAST, HOLD, FADE = {1, 1, 1000}, 600, 3000  -- no sane limit is below; it holds, then gives way
local HANDFUL, BURST_LEAST, BURST_DOUBLES = 4, 0.5, 7200  -- requests; seconds of tokens; forgotten so slowly
local BACK_OFF, BACK_OFF_MOST, BLOCK_MOST = 1, 60, 300  -- after a denial that says nothing; that says a lot

local call, max, min, huge = redis.call, math.max, math.min, math.huge
local STATE, LINE, RECORD, RECENT, LIMITS, ANSWERED = unpack(KEYS)
local A = cjson.decode(ARGV[1])
local JITTER, SLOT = A.jitter, max(A.jitter, 0.01)
local NOW, state

local function now()
  local time = call('TIME')
  return time[1] + time[2] / 1000000
end

local UNIX = now()

local function text(number) return string.format('%.17g', number) end
local function clamp(low, value, high) return max(low, min(value, high)) end
local function opened(packed) return packed and cmsgpack.unpack(packed) or nil end

-- ---------------------------------------------------------------- buckets

local function limited(b) return state.buckets[b].limit > 0 end
local function full_rate(b) return state.buckets[b].limit / WINDOW[b] end

-- What is certainly ours: foreign consumption is taken off, refunds are not counted before a header shows them.
local function safe_rate(b) return full_rate(b) - max(0, state.buckets[b].foreign) end

-- Requests reach the provider up to `jitter` later than we grant them. While the provider's bucket is full it
-- gains nothing in that time, so a shadow as large as the original would run ahead of it.
local function capacity(b) return max(0, state.buckets[b].limit - full_rate(b) * (JITTER + EARLY)) end

-- A cost above the capacity is legitimate up to the limit: it waits until a bucket that is not clipped holds it, and
-- leaves ours below 0.
local function available(level, most, cost) return cost > most and level or min(level, most) end

local function set_level(b, level)
  local bucket = state.buckets[b]
  bucket.corrected, bucket.level = bucket.corrected + level - bucket.level, level
end

-- While somebody else uses the key, the level must not be run down to nothing: below zero is a 429, and above it
-- the headers still show us in time how much the other one takes.
local function needed(b, cost)
  local bucket, margin = state.buckets[b], 0
  if bucket.foreign >= full_rate(b) / 100 then
    margin = min(bucket.limit / 3, bucket.foreign * (state.delay + JITTER) + 2 * full_rate(b) * SLOT)
  end
  return min(bucket.limit, max(cost, min(cost + margin, capacity(b))))
end

-- How much may be spent at once where the provider enforces shorter spans than the window (OpenAI: limits "can be
-- quantized", 60,000 a minute as 1,000 a second); nil where the whole bucket may.
local function burst_capacity(b)
  local learned = state.bursts[b]
  local seconds = A.burst < WINDOW[b] and A.burst - JITTER or huge
  if learned.seconds then seconds = min(seconds, learned.seconds * 2 ^ ((NOW - learned.at) / BURST_DOUBLES)) end
  if b == RPD or seconds >= WINDOW[b] then return nil end
  local least = b == RPM and HANDFUL or full_rate(b) * BURST_LEAST
  return min(state.buckets[b].limit, max(least, full_rate(b) * seconds))
end

-- The configured limit or, where there is none, the provider's; a learned one is an opinion with an end.
local function limit_of(bucket)
  local base, learned = bucket.auto and bucket.said or bucket.configured, bucket.learned
  local age = NOW - (bucket.learned_at or 0) - HOLD
  if not learned or age >= FADE or base > 0 and learned >= base then
    bucket.learned = nil
    return base
  end
  return base == 0 and learned or learned + (base - learned) * max(0, age) / FADE
end

-- What is used stays used, but a provider that lowers a limit does not remember more than a bucketful.
local function renew_limits()
  for b, bucket in ipairs(state.buckets) do
    local limit, old = limit_of(bucket), bucket.limit
    bucket.limit = limit
    if limit ~= old then
      set_level(b, old == 0 and limit or max(bucket.level + limit - old, min(bucket.level, 0)))
    end
  end
end

local function learn_limit(b, limit)
  state.buckets[b].learned, state.buckets[b].learned_at = limit, NOW
  renew_limits()
end

local function forget_lessons()
  for b, bucket in ipairs(state.buckets) do
    bucket.learned, bucket.said, bucket.foreign, bucket.denied = nil, nil, 0, 0
    state.bursts[b] = {level = bucket.limit}
  end
  state.blocked, state.back_off, state.backed_off, state.slow, state.slow_time, state.pace = 0, 0, 0, 1, 0, 0
  state.proven, state.era = 0, state.era + 1
  renew_limits()
end

-- Redis was emptied, or this is the very first request: nothing says how much of the quota is spent. One request
-- may start; everything else has to refill, to be counted by the bridge or to be confirmed by headers.
local function fresh()
  state = {
    time = NOW, skew = 0,                 -- levels are those of `time`; this clock's lead over Redis TIME
    era = 0, buckets = {}, bursts = {},   -- forgotten so often; a burst: {level, and as learned seconds, at}
    pace = 0, blocked = 0,                -- nothing starts before these
    back_off = 0, backed_off = 0,         -- seconds, since when
    slow = 1, slow_time = 0,              -- share of the full rate after slow_down, and since when
    line_tokens = 0, mean = A.tokens or 3000,  -- of all who wait; of one request
    proven = 0,                           -- tokens of the largest request that was answered
    delay = 1,                            -- average seconds from grant to settlement
    slot = 0, slot_charged = {0, 0, 0}, slot_before = {0, 0, 0},
  }
  for b, limit in ipairs(A.limits) do
    state.buckets[b] = {
      configured = limit, auto = A.auto[b], limit = limit,
      level = min(limit, ({1, max(1, limit * A.day_share), state.mean})[b]),
      corrected = 0, charged = 0,         -- sums of all corrections ever made to the level, of all charges
      foreign = 0,                        -- per second: what others take (or, below 0, what is refunded)
      known = false, denied = 0,          -- has a header or a denial confirmed the level; when one last moved it
    }
    state.bursts[b] = {level = limit}
  end
end

-- What the bridge counted in Kafka says how full the buckets are, unless the provider has said so itself.
local function believe_count()
  local minute, day, at = string.match(call('GET', ANSWERED) or '', '^(%d+) (%d+) ([%d.]+)$')
  if not at or math.abs(UNIX - at) > 3600 then return end
  call('DEL', ANSWERED)
  state.counted = true
  for b, used in ipairs({minute, day, minute * state.mean}) do
    local bucket = state.buckets[b]
    local left = bucket.limit - used + full_rate(b) * max(0, UNIX - at) - bucket.charged
    if limited(b) and not bucket.known then set_level(b, clamp(min(0, bucket.level), left, bucket.limit)) end
  end
end

local function load()
  local set = call('HMGET', LIMITS, unpack(NAMES))
  for b = 1, 3 do
    if set[b] then A.limits[b], A.auto[b] = tonumber(set[b]), false end
  end
  NOW, state = UNIX, opened(call('GET', STATE))
  if not state then fresh() end
  state.skew = max(state.skew, state.time - UNIX)
  NOW = UNIX + state.skew
  local elapsed = NOW - state.time
  state.time = NOW
  for b, bucket in ipairs(state.buckets) do
    bucket.configured, bucket.auto = A.limits[b], A.auto[b]
    bucket.level = min(bucket.limit, bucket.level + safe_rate(b) * elapsed)
    state.bursts[b].level = min(bucket.limit, state.bursts[b].level + full_rate(b) * elapsed)
    bucket.foreign = bucket.foreign * math.exp(-elapsed / FOREIGN_DECAY)
  end
  renew_limits()
  if not state.counted then believe_count() end
end

-- ---------------------------------------------------------------- records and the line

local function read(id) return opened(call('GET', RECORD .. id)) end
local function write(id, record) call('SET', RECORD .. id, cmsgpack.pack(record), 'EX', KEPT) end

local function enter(id, record)
  if call('ZADD', LINE, text(record.place), id) == 1 then state.line_tokens = state.line_tokens + record.tokens end
end

local function leave(id, record)
  if call('ZREM', LINE, id) == 1 then state.line_tokens = state.line_tokens - (record and record.tokens or 0) end
  if call('EXISTS', LINE) == 0 then state.line_tokens = 0 end
end

local function forget(id, record)
  leave(id, record)
  call('DEL', RECORD .. id)
end

local function new_record(tokens, old)
  local place, asked = old and old.place or A.place or UNIX, old and old.asked or NOW
  return {place = place, tokens = tokens, asked = asked, told = NOW, denials = old and old.denials or 0}
end

-- What those before this one take, in requests and tokens; what of it must be set aside, which is what will not have
-- refilled by the time they come; and whether one of them is about to ask: the order in which threads ask is not the
-- order of the topic. Who is late keeps the place but nothing is set aside for it, and who was expected long ago and
-- did not come loses it.
local function before(id)
  local rank = call('ZRANK', LINE, id)
  local head, keys, ahead, reserve, expected = {}, {}, {0, 0, 0}, {0, 0, 0}, false
  if rank > 0 then head = call('ZRANGE', LINE, 0, min(rank, HEAD) - 1) end
  for i, other in ipairs(head) do keys[i] = RECORD .. other end
  for i, packed in ipairs(rank > 0 and call('MGET', unpack(keys)) or {}) do
    local record = opened(packed)
    local late = record and NOW - record.told or huge
    if late > A.grace then
      forget(head[i], record)
    elseif late < LATE then
      for b, cost in ipairs({1, 1, record.tokens}) do
        ahead[b] = ahead[b] + cost
        reserve[b] = max(reserve[b], ahead[b] - safe_rate(b) * max(0, -late))
      end
      if late > -SOON and late < (record.silent and SETTLE or PATIENCE) then expected = true end
    end
  end
  if rank > #head then
    local behind = rank - #head
    for b, cost in ipairs({1, 1, state.line_tokens / call('ZCARD', LINE)}) do ahead[b] = ahead[b] + behind * cost end
    reserve = ahead
  end
  return ahead, reserve, expected
end

-- ---------------------------------------------------------------- granting

-- After slow_down the starts are spread evenly, at a share of the full rate that recovers gradually.
local function slow_share() return min(1, state.slow + (1 - state.slow) * (NOW - state.slow_time) / SLOW_RECOVERY) end

local function pause_after(tokens)
  if slow_share() >= 1 then return 0 end
  local even = max(limited(RPM) and 1 / full_rate(RPM) or 0, limited(TPM) and tokens / full_rate(TPM) or 0)
  return even / slow_share()
end

-- The seconds until `cost` will likely fit behind what `ahead` takes, and whether it certainly fits now if `reserve`
-- is set aside.
local function wait_for(cost, ahead, reserve)
  local wait = max(0, state.blocked - NOW, state.pace - NOW) + ahead[RPM] * pause_after(state.mean)
  local fits = wait <= EARLY
  for b = 1, 3 do
    if limited(b) then
      local missing = needed(b, cost[b]) - available(state.buckets[b].level, capacity(b), cost[b])
      wait = max(wait, (missing + ahead[b]) / (full_rate(b) - state.buckets[b].foreign))
      fits = fits and missing + reserve[b] <= safe_rate(b) * EARLY
      local most = burst_capacity(b)
      if most then
        missing = min(cost[b], state.buckets[b].limit) - available(state.bursts[b].level, most, cost[b])
        wait = max(wait, (missing + ahead[b]) / full_rate(b))
        fits = fits and missing + reserve[b] <= full_rate(b) * EARLY
      end
    end
  end
  return wait, fits
end

-- Remembers how much was charged by when, so that an answer's headers can be compared with what we believed at
-- that moment although requests overtake each other on their way. Returns what was charged shortly before.
local function count_charge(cost)
  local slot, charged, shortly = math.floor(NOW / SLOT), {}, {}
  for b = 1, 3 do charged[b] = state.buckets[b].charged end
  if slot ~= state.slot then
    state.slot_before = (slot == state.slot + 1) and state.slot_charged or charged
    state.slot_charged, state.slot = charged, slot
  end
  for b = 1, 3 do
    shortly[b] = charged[b] - state.slot_before[b]
    state.buckets[b].charged = charged[b] + cost[b]
  end
  call('HSET', RECENT, slot % SLOTS, cmsgpack.pack({slot, charged[RPM] + cost[RPM], charged[TPM] + cost[TPM]}))
  call('EXPIRE', RECENT, KEPT)
  return shortly
end

local function grant(id, record, cost)
  leave(id, record)
  record.before = count_charge(cost)      -- may arrive after this one
  record.granted, record.level, record.corrected, record.charged = NOW, {}, {}, {}
  for b, bucket in ipairs(state.buckets) do
    bucket.level = max(-bucket.limit, min(bucket.level, capacity(b)) - cost[b])
    state.bursts[b].level = max(-bucket.limit, min(state.bursts[b].level, burst_capacity(b) or huge) - cost[b])
    record.level[b], record.corrected[b], record.charged[b] = bucket.level, bucket.corrected, bucket.charged
  end
  state.pace = NOW + pause_after(record.tokens)
  write(id, record)
  return {'granted', text(NOW - record.asked)}
end

-- A long wait is told by halves: the plan may have improved by then (a limit raised, refunds), and nobody would wake
-- the sleepers. The moments of return are spread, so that those who asked together do not come back together.
local function tell(id, record, wait, exact)
  local pause = min(wait, max(STEP, wait / 2))
  if pause < wait or not exact then pause = pause * (0.75 + 0.25 * ((record.place * 618033.9887) % 1)) end
  record.told, record.silent = NOW + pause, nil
  write(id, record)
  return {'wait', text(pause), text(wait)}
end

local function join(id)
  if read(id) then return end
  local record = new_record(state.mean)
  record.silent = true
  enter(id, record)
  write(id, record)
end

local function acquire(id)
  local record = read(id) or new_record(A.tokens)
  if record.granted then
    if NOW - record.granted <= A.grace then return {'granted', text(record.granted - record.asked), 'again'} end
    record = new_record(A.tokens, record)  -- who held the grant is gone and may have used it: a new attempt
  end
  local tpm = state.buckets[TPM]
  if not tpm.auto and tpm.configured > 0 and A.tokens > tpm.configured then
    forget(id, record)
    return {'never fits', text(tpm.configured)}
  end
  if record.hold and record.hold > NOW and record.era == state.era then
    return {'wait', text(min(record.hold - NOW, STEP)), text(record.hold - NOW)}
  end
  if record.tokens ~= A.tokens then
    leave(id, record)
    record.tokens = A.tokens
  end
  enter(id, record)
  state.mean = state.mean + 0.05 * (A.tokens - state.mean)
  local cost, ahead, reserve, expected = {1, 1, A.tokens}, before(id)
  local wait, fits = wait_for(cost, ahead, reserve)
  if fits and not expected then return grant(id, record, cost) end
  if wait <= EARLY then wait = clamp(0.005 * ahead[RPM], 0.3 * (NOW - record.asked), 0.2) end
  return tell(id, record, max(wait, 0.005), ahead[RPM] <= HEAD)
end

-- ---------------------------------------------------------------- learning from the provider

-- No single piece of news moves the estimate by more than a quarter of the rate.
local function learn_foreign(b, rate)
  local bucket, full = state.buckets[b], full_rate(b)
  bucket.foreign = clamp(-4 * full, bucket.foreign + clamp(-full / 4, rate, full / 4), 0.9 * full)
end

local function correct(b, change)
  local bucket = state.buckets[b]
  local applied = clamp(-bucket.limit, bucket.level + change, max(bucket.level, capacity(b))) - bucket.level
  set_level(b, bucket.level + applied)
  return applied
end

-- A header says what was left when the provider admitted the request. Flooring, time on the way and requests that
-- overtook each other make that an interval for how far the provider's level is above ours; where it does not
-- contain 0, we move to its lower end: down at once, up only as far as is certain.
local function observe(b, record, remaining, limit)
  local bucket = state.buckets[b]
  if limit then
    bucket.said, bucket.learned = limit, nil
    if not bucket.auto and bucket.configured > limit then bucket.learned, bucket.learned_at = limit, NOW end
    renew_limits()
  end
  if not limited(b) then return end
  local slot, by_then = math.floor(record.granted / SLOT), bucket.charged
  for _, later in ipairs({slot, slot + 1}) do  -- granted within `jitter` after it: may have arrived first
    local entry = opened(call('HGET', RECENT, later % SLOTS))
    if entry and entry[1] == later then by_then = entry[b == TPM and 3 or 2] end
  end
  local believed = record.level[b] + bucket.corrected - record.corrected[b]
  local least = remaining - believed - full_rate(b) * (JITTER + EARLY) - record.before[b]
  local most = remaining + 1 - believed + by_then - record.charged[b]
  local same_bucket = not limit or math.abs(limit - bucket.limit) < 0.5  -- a larger one is not all ours to use
  if most < 0 or (least > 0 and same_bucket) then
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
    local day = state.buckets[RPD]
    if A.requests_bucket == RPM and not day.said then day.said = 0 end  -- for `auto`: no such limit is shown
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
  forget(id, record)
  if not record or not record.granted then return end
  for b, cost in ipairs({1, 1, record.tokens}) do
    correct(b, cost)
    state.bursts[b].level = state.bursts[b].level + cost
  end
end

-- A 429 that came although the bucket should have held: a shorter span is enforced. What was spent since the bucket
-- was full, without what was denied and what refilled on the way, is what may be spent at once.
local function learn_burst(b, cost, same_burst)
  local burst, rate = state.bursts[b], full_rate(b)
  if not same_burst then
    local most = burst_capacity(b)
    local spent = (most or capacity(b)) - (most and burst or state.buckets[b]).level
    burst.spent = b ~= RPD and spent < 0.9 * capacity(b) and spent or nil
  end
  if not burst.spent then return end
  burst.spent = burst.spent - cost
  burst.seconds, burst.at, burst.level = max(0, burst.spent / rate - 2 * JITTER), NOW, min(burst.level, 0)
end

local function believe_denial(b, granted, cost, since)
  local bucket, limit = state.buckets[b], A.limit
  if limit and limit >= LEAST[b] and not (b == TPM and limit < state.proven) then
    if not limited(b) or limit < bucket.limit then learn_limit(b, limit) end
  end
  if A.too_large or not limited(b) then return end
  local same_burst = granted <= bucket.denied
  learn_burst(b, cost, same_burst)
  if same_burst then return end  -- known already
  if NOW - bucket.denied <= TREND and not state.bursts[b].spent then
    bucket.foreign = max(0, bucket.foreign)
    learn_foreign(b, full_rate(b))
  end
  local target = 0
  if limit and A.used then
    target = bucket.limit - min(A.used, bucket.limit) + safe_rate(b) * max(0, NOW - granted - JITTER) - since
  elseif A.wait then
    target = cost - full_rate(b) * min(A.wait, WINDOW[b])
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
  local old, b, tpm = read(id), A.bucket, state.buckets[TPM]
  local record, granted = new_record(old and old.tokens or state.mean, old), old and old.granted or NOW
  state.denial = {at = NOW, news = A.news}
  if b > 0 and (A.limit or A.wait and not A.too_large) then
    local since = state.buckets[b].charged - (old and old.charged and old.charged[b] or state.buckets[b].charged)
    believe_denial(b, granted, b == TPM and record.tokens or 1, since)
  else
    back_off(granted)
  end
  if A.too_large and (A.limit or 0) >= tpm.configured and tpm.configured > 0 and not tpm.auto then
    forget(id, old)
    return {'never fits', text(tpm.configured)}
  end
  if not old then return {'wait', text(max(BACK_OFF, state.blocked - NOW))} end
  record.denials = record.denials + 1
  local wait
  if A.too_large then  -- out of the way of those that fit; no request fails for good on what was learned
    leave(id, record)
    wait = min(3600, 30 * 4 ^ (record.denials - 1))
    record.hold, record.era = NOW + wait, state.era
  else
    enter(id, record)
    local ahead, reserve = before(id)
    wait = max((wait_for({1, 1, record.tokens}, ahead, reserve)), 0.05 * 2 ^ min(record.denials, 10))
  end
  return tell(id, record, wait, true)
end

local function slow_down(id)
  local record = read(id)
  state.blocked = max(state.blocked, NOW + min(A.seconds, BLOCK_MOST))
  if (record and record.granted or NOW) <= state.slow_time then return end  -- of the same burst: known already
  state.slow, state.slow_time = max(SLOWEST, slow_share() / 2), NOW
end

-- ---------------------------------------------------------------- operators

local function reset()
  forget_lessons()
  if not A.full then return end
  for b, bucket in ipairs(state.buckets) do bucket.level, bucket.known, state.counted = capacity(b), true, true end
end

local function snapshot()
  local waiting, view = call('ZCARD', LINE), {buckets = {}}
  for b, bucket in ipairs(state.buckets) do
    bucket.level, bucket.rate, bucket.burst = min(bucket.level, capacity(b)), full_rate(b), burst_capacity(b)
    bucket.burst_learned, view.buckets[NAMES[b]] = state.bursts[b].seconds, bucket
  end
  view.next_free_start = wait_for({1, 1, 1}, {waiting, waiting, state.line_tokens}, {0, 0, 0})
  view.now, view.waiting, view.blocked, view.paced = NOW, waiting, max(0, state.blocked - NOW), pause_after(1)
  view.denial = state.denial
  return {cjson.encode(view)}
end

local OPERATIONS = {
  join = join, acquire = acquire, settle = settle, cancel = cancel, denied = denied, slow_down = slow_down,
  reset = reset, set_limits = forget_lessons, snapshot = snapshot,
}

if A.op == 'set_limits' then call('HSET', LIMITS, 'rpm', A.rpm, 'rpd', A.rpd, 'tpm', A.tpm) end
load()
local reply = OPERATIONS[A.op](A.id) or {'ok'}
if A.op ~= 'snapshot' then call('SET', STATE, cmsgpack.pack(state)) end
return reply
