-- Sends requests of a file in random order, and prints what came of it as one line of JSON.
--
--   wrk … -s requests.lua URL -- FILE SEED
--
-- A line of FILE is a path, or a path, a tab and the value of Range. The requests are written before the first is sent, so
-- that one costs a random number.
local requests, count = {}, 0

function init(arguments)
    for line in io.lines(arguments[1]) do
        local path, range = line:match("^([^\t]*)\t(.*)$")
        count = count + 1
        requests[count] = wrk.format("GET", path or line, range and { ["Range"] = range } or nil)
    end
    math.randomseed(tonumber(arguments[2]))
end

function request()
    return requests[math.random(count)]
end

function done(summary, latency)
    local errors = summary.errors
    io.write(string.format(
        '{"requests": %d, "microseconds": %d, "bytes": %d, "p50": %.0f, "p99": %.0f, "refused": %d, "broken": %d}\n',
        summary.requests, summary.duration, summary.bytes, latency:percentile(50), latency:percentile(99),
        errors.status, errors.connect + errors.read + errors.write + errors.timeout))
end
