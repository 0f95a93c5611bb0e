-- A shadow of the provider's own buckets: who may start a request, and when.
--
-- OpenAI's RPM, RPD and TPM are continuously refilling token buckets: capacity = limit, refill =
-- limit / window, and a request is admitted when all three buckets hold its cost. This script keeps the
-- same three buckets a little on the careful side, and a waiting line in the order of first asking. All times
-- are seconds of Redis TIME (fractional), all durations seconds, levels and costs are requests or tokens.
--
-- KEYS[1] state    string  cmsgpack: buckets, the plan's end, pacing, last denial (see `fresh`); never expires,
--                          so that its absence means an emptied Redis
-- KEYS[2] queue    zset    reservation id -> place in the line; those who wait, in order of first asking
-- KEYS[3] started  zset    reservation id -> when it was granted; granted and not settled yet
-- KEYS[4] records  hash    reservation id -> cmsgpack {tokens, place, asked, and
--                          waiting: start (planned, without state.shift), told (when the client comes back)
--                          granted: granted, level, corrected, charged, before (see `grant`)}
-- KEYS[5] recent   hash    slot % SLOTS -> cmsgpack {slot, requests, tokens}: all that was ever charged up to
--                          that slot's end; a slot is `jitter` long. A ring: bounded.
-- KEYS[6] limits   hash    rpm, rpd, tpm set at run time for the whole fleet; wins over ARGV; never expires
-- KEYS[7] day_used string  "<requests> <Unix time>", by the bridge: what was answered within the last day, counted in
--                          Kafka when Redis was found emptied
--
-- ARGV[1] operation, ARGV[2..4] rpm, rpd, tpm, ARGV[5] horizon, ARGV[6] unused_grace, ARGV[7] jitter,
-- ARGV[8] share of the day's requests to begin with when nothing is known, then
--   acquire    id, tokens -> {'granted', waited[, 'again']} | {'reserved', seconds, until_start}
--                            | {'not yet', seconds, until_start} | {'never fits', tpm}
--   settle     id, used tokens or '', remaining requests or '', limit requests or '', requests' window in
--              seconds or '', remaining tokens or '', limit tokens or '' -> {'ok'}
--   cancel     id -> {'ok'}
--   denied     id, bucket (1 rpm, 2 rpd, 3 tpm, 0 unknown), limit or '', used or '', wait or '',
--              1 to wait again or 0, kind (for snapshot) -> {'wait', seconds}
--   slow_down  id, seconds -> {'ok'}
--   set_limits rpm, rpd, tpm -> {'ok'}
--   seed_full  -> {'ok'}
--   snapshot   -> {'snapshot', JSON}
-- Numbers are answered as strings with 17 significant digits: Redis would cut a Lua number to an integer.

local NAMES = {'rpm', 'rpd', 'tpm'}
local WINDOW = {60, 86400, 60}
local RPM, RPD, TPM = 1, 2, 3

local EARLY = 0.001            -- a client whose clock runs fast may come this much before its time
local KEPT = 172800            -- how long an idle limiter keeps all but its state
local HEAD = 128               -- so many at the head of the line are timed exactly when something changed
local MOST_WAITING = 20000     -- above this nobody new gets a place: bounded memory
local FORGET_STARTED = 3600    -- a grant that nobody settled (its worker died) is forgotten
local SLOTS = 1024
local FOREIGN_DECAY = 600      -- how fast the estimate of foreign consumption fades when no header speaks
local TREND = 60               -- a second denial of the same bucket within this is no accident
local STEP, FIRST_STEP = 30, 5 -- waits up to this are told in full, see `tell`
local UNSURE = 60              -- so long after a start from nothing the plan is expected to improve soon
local SLOWEST, SLOW_RECOVERY = 1 / 16, 900  -- OpenAI: a steady rate for 15 minutes after slow_down

local call, max, min = redis.call, math.max, math.min  -- locals are faster

local STATE, QUEUE, STARTED, RECORDS, RECENT, LIMITS = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6]
local DAY_USED = KEYS[7]
local OPERATION = ARGV[1]
local HORIZON, GRACE, JITTER = tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7])
local DAY_SHARE = tonumber(ARGV[8])
local SLOT = max(JITTER, 0.01)

local function now()
  local time = call('TIME')
  return time[1] + time[2] / 1000000
end

local function text(number) return string.format('%.17g', number) end

local NOW = now()
local state

-- ---------------------------------------------------------------- buckets

local function configured_limits()
  local set = call('HMGET', LIMITS, 'rpm', 'rpd', 'tpm')
  local limits = {}
  for b = 1, 3 do limits[b] = tonumber(set[b] or ARGV[1 + b]) end
  return limits
end

-- Redis was emptied, or this is the very first request: nothing says how much of the quota is spent. One
-- request may start; everything else has to refill or be confirmed by the provider's headers.
local function fresh(limits, tokens)
  local level = {1, max(1, limits[RPD] * DAY_SHARE), tokens}
  local buckets = {}
  for b = 1, 3 do
    buckets[b] = {
      configured = limits[b],             -- what the operator says
      limit = limits[b],                  -- what counts: the provider may have said that it is less
      level = min(limits[b], level[b]),
      corrected = 0,                      -- sum of all corrections ever made to the level
      foreign = 0,                        -- per second: what others take (or, below 0, what is refunded)
      known = false,                      -- has a header or a denial ever confirmed the level?
      denied = 0,                         -- when a denial last moved the level
      charged = 0,                        -- sum of all that was ever charged
    }
  end
  return {
    born = NOW,
    time = NOW, buckets = buckets,        -- the levels are those of `time`, after all that started by then
    pace = 0, blocked = 0,                -- nothing starts before these
    slow = 1, slow_time = 0,              -- share of the full rate after slow_down, and since when
    front = {time = NOW, pace = 0, level = {0, 0, 0}},  -- the plan's end: where the line will leave the buckets
    shift = 0, dirty = false, everybody = false, next_replan = false,  -- see `replan`
    next_place = 1,
    delay = 1,                            -- average seconds from grant to settlement
    slot = 0, slot_charged = {0, 0, 0}, slot_before = {0, 0, 0},
    day_told = false,                     -- has DAY_USED been read?
    tidied = 0,                           -- when old grants were last forgotten, see `tidy_up`
  }
end

local function change_limit(s, b, limit)
  local bucket = s.buckets[b]
  local change = limit - bucket.limit
  bucket.level = bucket.level + change  -- what is used stays used
  bucket.corrected = bucket.corrected + change
  bucket.limit = limit
  s.dirty, s.everybody = true, true
end

-- What the bridge counted in Kafka decides how much of the day is left, unless the provider has said so itself.
local function adopt_day(loaded)
  local used, at = string.match(call('GET', DAY_USED) or '', '^(%d+) ([%d.]+)$')
  if not used then return end
  loaded.day_told = true
  local bucket = loaded.buckets[RPD]
  if bucket.known then return end
  local refilled = bucket.limit / WINDOW[RPD] * math.max(0, NOW - at)
  bucket.level = math.min(bucket.limit, bucket.limit - used + refilled) - bucket.charged
  loaded.dirty = true
end

local function load(tokens)
  local limits = configured_limits()
  local packed = call('GET', STATE)
  if not packed and not tokens then return nil end
  local loaded = packed and cmsgpack.unpack(packed) or fresh(limits, tokens)
  if not loaded.day_told then adopt_day(loaded) end
  for b = 1, 3 do
    local bucket = loaded.buckets[b]
    if bucket.configured ~= limits[b] then
      change_limit(loaded, b, limits[b])
      bucket.configured = limits[b]
    end
  end
  return loaded
end

local function full_rate(b) return state.buckets[b].limit / WINDOW[b] end

-- What is certainly ours: foreign consumption is taken off, refunds are not counted before a header shows them.
local function safe_rate(b)
  return full_rate(b) - max(0, state.buckets[b].foreign)
end

-- What is likely to come, for telling people when to be back; a start is always checked against the safe rate.
local function planned_rate(b)
  return full_rate(b) - state.buckets[b].foreign
end

-- Requests reach the provider up to `jitter` later than we grant them. While the provider's bucket is full it
-- gains nothing in that time, so a shadow as large as the original would run ahead of it.
local function capacity(b)
  return max(0, state.buckets[b].limit - full_rate(b) * (JITTER + EARLY))
end

-- While somebody else uses the key, the level must not be run down to nothing: below zero is a 429, and above it
-- the headers still show us in time how much the other one takes.
local function margin(b)
  local bucket = state.buckets[b]
  if bucket.foreign < full_rate(b) / 100 then return 0 end
  return min(bucket.limit / 3, bucket.foreign * (state.delay + JITTER) + 2 * full_rate(b) * SLOT)
end

local function needed(b, cost)
  return max(cost, min(cost + margin(b), capacity(b)))
end

local function costs(tokens) return {1, 1, tokens} end

-- A cost above the capacity is legitimate up to the limit: it waits until a bucket that is not clipped would hold
-- it, that is until ours has been full for up to `jitter`. It then leaves ours below 0.
local function level_now(b, wanted)
  local bucket = state.buckets[b]
  return min(max(capacity(b), wanted or 0), bucket.level + safe_rate(b) * (NOW - state.time))
end

local function move_to_now()
  local elapsed = NOW - state.time
  for b = 1, 3 do
    local bucket = state.buckets[b]
    bucket.level = level_now(b)
    bucket.foreign = bucket.foreign * math.exp(-elapsed / FOREIGN_DECAY)
  end
  state.time = NOW
end

-- ---------------------------------------------------------------- records

local function read(id)
  local packed = call('HGET', RECORDS, id)
  return packed and cmsgpack.unpack(packed)
end

local function write(id, record) call('HSET', RECORDS, id, cmsgpack.pack(record)) end

local function forget(id)
  call('ZREM', QUEUE, id)
  call('ZREM', STARTED, id)
  call('HDEL', RECORDS, id)
end

-- Once a minute is enough for what lasts an hour or two days.
local function tidy_up()
  if NOW - state.tidied < 60 then return end
  state.tidied = NOW
  local old = call('ZRANGEBYSCORE', STARTED, '-inf', NOW - FORGET_STARTED, 'LIMIT', 0, 1000)
  for _, id in ipairs(old) do forget(id) end
  for _, key in ipairs({QUEUE, STARTED, RECORDS, RECENT}) do call('EXPIRE', key, KEPT) end
end

local function new_record(tokens)
  state.next_place = state.next_place + 1
  return {tokens = tokens, place = state.next_place, asked = NOW}
end

-- ---------------------------------------------------------------- the plan

-- After slow_down the starts are spread evenly, at a share of the full rate that recovers gradually.
local function pause_after(tokens)
  local share = state.slow + (1 - state.slow) * (NOW - state.slow_time) / SLOW_RECOVERY
  if share >= 1 then return 0 end
  return max(1 / full_rate(RPM), tokens / full_rate(TPM)) / share
end

-- Books the first moment at which `tokens` fit behind all that `plan` already holds, and returns that moment.
local function book(plan, tokens)
  local cost = costs(tokens)
  local wait = 0
  for b = 1, 3 do wait = max(wait, (needed(b, cost[b]) - plan.level[b]) / planned_rate(b)) end
  local start = max(NOW, plan.time + wait, plan.pace, state.blocked)
  for b = 1, 3 do
    plan.level[b] = min(capacity(b), plan.level[b] + planned_rate(b) * (start - plan.time)) - cost[b]
  end
  plan.time, plan.pace = start, start + pause_after(tokens)
  return start
end

local function plan_from_base()
  local plan = {time = state.time, pace = state.pace, level = {}}
  for b = 1, 3 do plan.level[b] = state.buckets[b].level end
  return plan
end

-- Up to HEAD of those who wait, from number `first` (0-based) of the line on, and whether there are more behind
-- them. Those who were expected long ago and did not come lose their place.
local function waiting_from(first)
  local ids, batch
  repeat
    ids, batch = call('ZRANGE', QUEUE, first, first + HEAD - 1), {}
    local packed = #ids > 0 and call('HMGET', RECORDS, unpack(ids)) or {}
    for i, id in ipairs(ids) do
      local record = packed[i] and cmsgpack.unpack(packed[i])
      if record and record.told + GRACE >= NOW then
        batch[#batch + 1] = {id = id, record = record, was = record.start + state.shift}
      else
        forget(id)
      end
    end
  until #batch > 0 or #ids < HEAD
  return batch, call('ZCARD', QUEUE) > first + #batch
end

-- After a correction, an expiry or a change: times the head of the line anew. Those behind it move by as much as
-- its last one did, which is what `shift` says, and are timed exactly when they have come near the head. A change
-- of the limits is rare, and times everybody.
local function replan()
  local plan, timed = plan_from_base(), {}
  local more
  repeat
    local batch
    batch, more = waiting_from(#timed)
    for _, entry in ipairs(batch) do
      entry.record.start = book(plan, entry.record.tokens)
      timed[#timed + 1] = entry
    end
  until not (more and state.everybody)
  state.next_replan = false
  if more then
    local last = timed[#timed]
    local moved = last.record.start - last.was
    state.shift = state.shift + moved
    state.front.time = state.front.time + moved
    state.front.pace = state.front.pace + moved
    state.next_replan = timed[math.ceil(#timed / 2)].record.place
  else
    state.front = plan
  end
  for _, entry in ipairs(timed) do
    entry.record.start = entry.record.start - state.shift
    write(entry.id, entry.record)
  end
  state.dirty, state.everybody = false, false
end

-- The head of the line was expected long ago and did not come, or the line has moved on to where its times are
-- only roughly known.
local function look_at_head()
  local head = call('ZRANGE', QUEUE, 0, 0)[1]
  if not head then return end
  local record = read(head)
  local gone = not record or record.told + GRACE < NOW
  if gone or state.next_replan and record.place >= state.next_replan then state.dirty = true end
end

-- ---------------------------------------------------------------- granting

local function wait_until_it_fits(tokens)
  local cost = costs(tokens)
  local wait = max(0, state.blocked - NOW, state.pace - NOW)
  for b = 1, 3 do
    local wanted, rate = needed(b, cost[b]), safe_rate(b)
    wait = max(wait, (wanted - level_now(b, wanted)) / rate - EARLY)
  end
  return wait
end

-- Remembers how much was charged by when, so that an answer's headers can be compared with what we believed at
-- that moment although requests overtake each other on their way.
local function count_charge(cost)
  local slot = math.floor(NOW / SLOT)
  local charged = {}
  for b = 1, 3 do charged[b] = state.buckets[b].charged end
  if slot ~= state.slot then
    state.slot_before = (slot == state.slot + 1) and state.slot_charged or charged
    state.slot_charged = charged
    state.slot = slot
  end
  local before = {}
  for b = 1, 3 do
    before[b] = charged[b] - state.slot_before[b]
    state.buckets[b].charged = charged[b] + cost[b]
  end
  local entry = {slot, state.buckets[RPM].charged, state.buckets[TPM].charged}
  call('HSET', RECENT, slot % SLOTS, cmsgpack.pack(entry))
  return before
end

local function grant(id, record)
  local cost = costs(record.tokens)
  move_to_now()
  record.before = count_charge(cost)         -- charged shortly before: may arrive after this one
  record.granted, record.start, record.told = NOW, nil, nil
  record.level, record.corrected, record.charged = {}, {}, {}
  for b = 1, 3 do
    local bucket = state.buckets[b]
    bucket.level = bucket.level - cost[b]
    record.level[b], record.corrected[b], record.charged[b] = bucket.level, bucket.corrected, bucket.charged
  end
  state.pace = NOW + pause_after(record.tokens)
  call('ZREM', QUEUE, id)
  call('ZADD', STARTED, NOW, id)
  write(id, record)
  return {'granted', text(NOW - record.asked)}
end

local function unsure()
  local known = true
  for b = 1, 3 do known = known and state.buckets[b].known end
  return not known and NOW - state.born < UNSURE
end

-- A long wait is told by halves: the plan may have improved by then (a limit raised, refunds, a flush that cost us
-- our knowledge), and nobody would wake the sleepers. Beyond the horizon nothing is reserved but the place in the
-- line; the moments of return are spread, so that those who asked together do not come back together.
local function tell(id, record, wait)
  local pause = min(wait, max(STEP, wait / 2), max(HORIZON, EARLY))
  if unsure() then pause = min(wait, max(FIRST_STEP, min(UNSURE, wait / 2))) end
  if pause < wait then pause = pause * (0.75 + 0.25 * ((record.place * 0.6180339887) % 1)) end
  record.told = NOW + pause
  write(id, record)
  return {wait <= HORIZON and 'reserved' or 'not yet', text(pause), text(wait)}
end

local function turn_of(id, record)
  if state.dirty then
    replan()
    record = read(id)
  end
  local wait = record.start + state.shift - NOW
  if wait > EARLY then return tell(id, record, wait) end
  local missing = wait_until_it_fits(record.tokens)
  if missing <= 0 then return grant(id, record) end
  replan()
  record = read(id)
  return tell(id, record, max(record.start + state.shift - NOW, missing, EARLY))
end

local function join_line(id, tokens)
  if state.dirty then replan() end
  local waiting = call('ZCARD', QUEUE)
  if waiting == 0 then state.front = plan_from_base() end
  if waiting >= MOST_WAITING then
    local spread = HORIZON * (0.5 + 0.5 * ((NOW * 1000 * 0.6180339887) % 1))
    return {'not yet', text(spread), text(max(spread, state.front.time - NOW))}
  end
  local record = new_record(tokens)
  local start = book(state.front, tokens)
  local missing = 0
  if start - NOW <= EARLY then
    missing = wait_until_it_fits(tokens)
    if missing <= 0 then return grant(id, record) end
    state.dirty = true
  end
  record.start = start - state.shift
  call('ZADD', QUEUE, record.place, id)
  return tell(id, record, max(start - NOW, missing, EARLY))
end

local function rejoin_line(id, record)
  call('ZREM', STARTED, id)
  call('ZADD', QUEUE, record.place, id)
  local again = {tokens = record.tokens, place = record.place, asked = record.asked, start = NOW, told = NOW}
  write(id, again)
  state.dirty = true
  return again
end

local function acquire(id, tokens)
  local record = read(id)
  if record and record.granted then
    if NOW - record.granted <= GRACE then return {'granted', text(record.granted - record.asked), 'again'} end
    record = rejoin_line(id, record)  -- whoever held the grant is gone and may have used it: a new attempt
  end
  if tokens > state.buckets[TPM].limit then
    if record then
      forget(id)
      state.dirty = true
    end
    return {'never fits', text(state.buckets[TPM].limit)}
  end
  if record then
    if record.told < NOW then
      record.told = NOW  -- it came, late: it must not expire under our hands
      write(id, record)
    end
    if record.tokens ~= tokens then
      record.tokens = tokens
      write(id, record)
      state.dirty = true
    end
  end
  look_at_head()
  if record then return turn_of(id, record) end
  return join_line(id, tokens)
end

-- ---------------------------------------------------------------- learning from the provider

local function clamp(low, value, high) return max(low, min(value, high)) end

-- No single piece of news moves the estimate by more than a quarter of the rate.
local function learn_foreign(b, rate)
  local bucket, full = state.buckets[b], full_rate(b)
  bucket.foreign = clamp(-4 * full, bucket.foreign + clamp(-full / 4, rate, full / 4), 0.9 * full)
end

local function correct(b, change, accident)
  local bucket = state.buckets[b]
  move_to_now()
  local target = clamp(-bucket.limit, bucket.level + change, capacity(b))
  local applied = target - bucket.level
  if applied == 0 then return end
  bucket.level = target
  bucket.corrected = bucket.corrected + applied
  if bucket.known and not accident then
    learn_foreign(b, -applied / max(5, 3 * state.delay))  -- slower than the answers, or it would swing
  end
  state.dirty = true
end

local function charged_at_end_of(slot)
  local packed = call('HGET', RECENT, slot % SLOTS)
  local entry = packed and cmsgpack.unpack(packed)
  return entry and entry[1] == slot and {entry[2], entry[2], entry[3]}
end

-- What was granted within `jitter` after this one: it may have reached the provider first.
local function charged_just_after(record)
  local slot = math.floor(record.granted / SLOT)
  local by_then = charged_at_end_of(slot + 1) or charged_at_end_of(slot)
  local after = {}
  for b = 1, 3 do after[b] = (by_then and by_then[b] or state.buckets[b].charged) - record.charged[b] end
  return after
end

-- A header says what was left when the provider admitted the request. Flooring, time on the way and requests that
-- overtook each other make that an interval for how far the provider's level is above ours; where it does not
-- contain 0, we move to its lower end: down at once, up only as far as is certain.
local function observe(b, record, after, remaining, limit)
  local bucket = state.buckets[b]
  if limit and limit < bucket.limit then
    change_limit(state, b, limit)
  elseif limit and limit > bucket.limit and bucket.limit < bucket.configured then
    change_limit(state, b, min(limit, bucket.configured))
  end
  local believed = record.level[b] + bucket.corrected - record.corrected[b]
  local least = remaining - believed - full_rate(b) * (JITTER + EARLY) - record.before[b]
  local most = remaining + 1 - believed + after[b]
  local same_bucket = not limit or math.abs(limit - bucket.limit) < 0.5  -- a larger one is not all ours to use
  if most < 0 or (least > 0 and same_bucket) then correct(b, least) end
  bucket.known = true
end

-- Small accounts see the day bucket in the `requests` headers, others the minute bucket.
local function bucket_of_requests(limit, window)
  local minute, day = state.buckets[RPM].configured, state.buckets[RPD].configured
  if limit and minute ~= day then
    if limit == minute then return RPM end
    if limit == day then return RPD end
  end
  if not window then return nil end
  return window > 3600 and RPD or RPM
end

local function settle(id, used, requests_left, requests_limit, requests_window, tokens_left, tokens_limit)
  local record = read(id)
  forget(id)
  if not record then return end
  if not record.granted then
    state.dirty = true
    return
  end
  state.delay = state.delay + 0.1 * (NOW - record.granted - state.delay)
  local after = charged_just_after(record)
  local requests = bucket_of_requests(requests_limit, requests_window)
  if requests_left and requests then observe(requests, record, after, requests_left, requests_limit) end
  if tokens_left then
    observe(TPM, record, after, tokens_left, tokens_limit)
  elseif used and used > record.tokens then
    correct(TPM, record.tokens - used)
  end
end

local function cancel(id)
  local record = read(id)
  if not record then return end
  if record.granted then
    move_to_now()
    for b, cost in ipairs(costs(record.tokens)) do
      local bucket = state.buckets[b]
      local level = min(capacity(b), bucket.level + cost)
      bucket.corrected = bucket.corrected + level - bucket.level
      bucket.level = level
    end
  end
  forget(id)
  state.dirty = true
end

local function believe_denial(b, record, limit, used, wait, again)
  local bucket = state.buckets[b]
  local granted = record and record.granted or NOW
  if limit and limit < bucket.limit then change_limit(state, b, limit) end
  if not again then return end                 -- too large for any level
  if granted <= bucket.denied then return end  -- of the same burst: this is known already
  local accident = NOW - bucket.denied > TREND
  if not accident then
    bucket.foreign = max(0, bucket.foreign)
    learn_foreign(b, full_rate(b))
  end
  local target
  if limit and used and record and record.granted then
    local since = bucket.charged - record.charged[b]
    target = limit - used + safe_rate(b) * max(0, NOW - granted - JITTER) - since
  elseif wait and record then
    target = costs(record.tokens)[b] - full_rate(b) * wait
  else
    target = 0
  end
  local level = level_now(b)
  if target < level then correct(b, target - level, true) end
  bucket.denied = NOW
  bucket.known = true
end

local function denied(id, b, limit, used, wait, again, kind)
  local record = read(id)
  state.dirty = true
  state.last_denial = {
    time = NOW, kind = kind, bucket = NAMES[b] or 'unknown', limit = limit, used = used, wait = wait,
  }
  if b > 0 then
    believe_denial(b, record, limit, used, wait, again)
  elseif wait then
    state.blocked = max(state.blocked, NOW + wait)
  end
  if not record or not again then
    forget(id)
    return {'wait', text(wait or 0)}
  end
  record = rejoin_line(id, record)
  replan()
  record = read(id)
  local seconds = max(record.start + state.shift - NOW, EARLY)
  record.told = NOW + seconds
  write(id, record)
  return {'wait', text(seconds)}
end

local function slow_down(seconds)
  local share = min(1, state.slow + (1 - state.slow) * (NOW - state.slow_time) / SLOW_RECOVERY)
  state.slow, state.slow_time = max(SLOWEST, share / 2), NOW
  state.blocked = max(state.blocked, NOW + seconds)
  state.dirty = true
end

-- ---------------------------------------------------------------- operators

local function seed_full()
  for b = 1, 3 do
    state.buckets[b].level = capacity(b)
    state.buckets[b].known = true
  end
  state.time = NOW
  state.dirty = true
end

local function snapshot()
  local waiting = call('ZCARD', QUEUE)
  local view = {buckets = {}, waiting = waiting, granted_not_settled = call('ZCARD', STARTED)}
  for b = 1, 3 do
    local bucket = state.buckets[b]
    view.buckets[NAMES[b]] = {
      limit = bucket.limit, level = level_now(b), rate = full_rate(b), foreign_rate = bucket.foreign,
      confirmed = bucket.known,
    }
  end
  local plan = waiting > 0 and state.front or plan_from_base()
  view.next_free_start = book(plan, 1) - NOW
  view.blocked = max(0, state.blocked - NOW)
  view.paced = pause_after(1)
  if state.last_denial then
    view.last_denial = state.last_denial
    view.last_denial.age = NOW - state.last_denial.time
    view.last_denial.time = nil
  end
  return {'snapshot', cjson.encode(view)}
end

-- ---------------------------------------------------------------- dispatch

local function argument(n) return tonumber(ARGV[n]) end  -- '' becomes nil

if OPERATION == 'set_limits' then
  call('HSET', LIMITS, 'rpm', ARGV[9], 'rpd', ARGV[10], 'tpm', ARGV[11])
  return {'ok'}
end

local reply = {'ok'}
local starts_state = {acquire = argument(10), denied = 0, slow_down = 0, seed_full = 0, snapshot = 0}
state = load(starts_state[OPERATION])
if not state then return reply end  -- nothing is known that could be settled or cancelled

if OPERATION == 'acquire' then
  reply = acquire(ARGV[9], argument(10))
elseif OPERATION == 'settle' then
  settle(ARGV[9], argument(10), argument(11), argument(12), argument(13), argument(14), argument(15))
elseif OPERATION == 'cancel' then
  cancel(ARGV[9])
elseif OPERATION == 'denied' then
  reply = denied(ARGV[9], argument(10), argument(11), argument(12), argument(13), ARGV[14] == '1', ARGV[15])
elseif OPERATION == 'slow_down' then
  slow_down(argument(10))
elseif OPERATION == 'seed_full' then
  seed_full()
elseif OPERATION == 'snapshot' then
  return snapshot()
else
  return redis.error_reply('unknown limiter operation ' .. OPERATION)
end
tidy_up()
call('SET', STATE, cmsgpack.pack(state))
return reply
