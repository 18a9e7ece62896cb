-- The requests of wrk: `wrk ... -s scenario.lua URL -- SCENARIO SEED`. The orders are those of ../stock.ts.
-- At the end it prints the result as JSON, after the word RESULT.

local FIRST_SKU = 1000000001
local SKUS = 10000
local HOT_SKU = FIRST_SKU + SKUS - 1
local SOLD_OUT_SKU = FIRST_SKU + SKUS
local INFEASIBLE_EVERY = 10

local random = math.random
local scenario

local function any_sku()
  return FIRST_SKU + random(0, SKUS - 2)
end

local function second_sku(first)
  if scenario == "hot" then return HOT_SKU end
  if scenario == "soldOut" then return SOLD_OUT_SKU end
  if scenario == "infeasible" and random(INFEASIBLE_EVERY) == 1 then return SOLD_OUT_SKU end
  local second = any_sku()
  return second == first and HOT_SKU or second
end

-- All bodies have the same length, so all requests have the same head.
local function create()
  local first = any_sku()
  return create_head
    .. '{"user":' .. random(10000, 99999)
    .. ',"items":[{"sku":' .. first .. ',"count":1},{"sku":' .. second_sku(first) .. ',"count":1}]}'
end

local function stock()
  return "GET /stock/info/" .. any_sku() .. " HTTP/1.1\r\nHost: localhost\r\n\r\n"
end

function init(args)
  scenario = args[1]
  math.randomseed(tonumber(args[2]))
  local sample = '{"user":10000,"items":[{"sku":1000000001,"count":1},{"sku":1000000002,"count":1}]}'
  create_head = "POST /order/create HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    .. "Content-Length: " .. #sample .. "\r\n\r\n"
  request = scenario == "stock" and stock or create
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    'RESULT {"seconds":%f,"answers":%d,"refused":%d,"failed":%d,"p50":%f,"p90":%f,"p99":%f,"max":%f}\n',
    summary.duration / 1e6, summary.requests, errors.status,
    errors.connect + errors.read + errors.write + errors.timeout,
    latency:percentile(50) / 1e3, latency:percentile(90) / 1e3, latency:percentile(99) / 1e3, latency.max / 1e3
  ))
end
