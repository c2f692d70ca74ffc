"""What Redis runs for the online store: each script is one indivisible step. They are static.

The keys of a store, behind its prefix:

- ``meta``: format, version (another number after any write), place (of the newest event in the
  feed), edition, numbers (given to views so far);
- ``views``, ``digests``, ``horizons``, ``newest``: of each registered view its definition, number,
  horizon, and when its newest event was known, by number (``digests``: by digest);
- ``t:NUMBER``: when events of a view were known: the newest one by now, and those that are known only
  later (of very many the first ones); written with each event, so that one of the future hides nothing;
- ``l:NUMBER:ENTITY`` and ``v:NUMBER:ENTITY``: an entity's latest events, and its versions for
  windows, as sorted sets of members; ``n:NUMBER``: the entities that have any;
- ``feed``: the newest events in the order in which they were taken in, a stream of bounded length;
- ``gone``: numbers of forgotten views of which events may still be there;
- ``lease``: who writes alone for a moment.

Every script gets the prefix as its key, and its arguments as one MessagePack value.
"""

from __future__ import annotations

import hashlib
from typing import Final, NamedTuple

__all__ = ["FORMAT", "SCRIPTS", "Script"]

FORMAT: Final = 1
"""Grows with each change that an older Interplane could not read."""


class Script(NamedTuple):
    """A script, and the name that Redis keeps it under.

    Attributes:
        text: the script, in Lua.
        digest: what Redis calls it.
    """

    text: bytes
    digest: bytes


_OPEN = """
local meta = p .. 'meta'
if redis.call('EXISTS', meta) == 0 then
    redis.call('HSET', meta, 'format', q[1], 'version', q[2], 'place', 0, 'edition', 0, 'numbers', 0)
end
return redis.call('HGET', meta, 'format')
"""

_REGISTER = """
local number = redis.call('HGET', p .. 'digests', q[1])
if not number then
    number = redis.call('HINCRBY', p .. 'meta', 'numbers', 1)
    redis.call('HSET', p .. 'digests', q[1], number)
    redis.call('HSET', p .. 'views', number, q[2])
    redis.call('HSET', p .. 'horizons', number, '')
    redis.call('HINCRBY', p .. 'meta', 'edition', 1)
    redis.call('HINCRBY', p .. 'meta', 'version', 1)
end
return {tonumber(number), redis.call('HGET', p .. 'horizons', number)}
"""

_LATER = """
local function later(a, b)
    local high, low = struct.unpack('>I4I4', a)
    local other_high, other_low = struct.unpack('>I4I4', b)
    return high > other_high or (high == other_high and low > other_low)
end
"""
"""Texts are compared by locale and numbers have 53 bits: a time is two numbers of 32."""

_MOST_LATER: Final = 4096
"""How many times that have not come are kept of a view; a table may be full of them."""

_NOW = """
local clock = redis.call('TIME')
local micros = tonumber(clock[1]) * 1000000 + tonumber(clock[2])
local now = struct.pack('>I4I4', math.floor(micros / 4294967296) + 2147483648, micros % 4294967296)
"""
"""The clock of Redis, which all servers share, as `time_bytes` has it."""

_ADVANCE = (
    _LATER
    + """
local number = redis.call('HGET', p .. 'digests', q[1])
if not number then return false end
local horizon = redis.call('HGET', p .. 'horizons', number)
if horizon == '' or later(q[2], horizon) then
    horizon = q[2]
    redis.call('HSET', p .. 'horizons', number, horizon)
    redis.call('HINCRBY', p .. 'meta', 'version', 1)
end
return {tonumber(number), horizon}
"""
)

_FORGET = """
local number = redis.call('HGET', p .. 'digests', q[1])
if number then
    redis.call('HDEL', p .. 'digests', q[1])
    redis.call('HDEL', p .. 'views', number)
    redis.call('HDEL', p .. 'horizons', number)
    redis.call('HDEL', p .. 'newest', number)
    redis.call('DEL', p .. 't:' .. number)
    redis.call('SADD', p .. 'gone', number)
    redis.call('HINCRBY', p .. 'meta', 'edition', 1)
    redis.call('HINCRBY', p .. 'meta', 'version', 1)
end
return redis.call('SMEMBERS', p .. 'gone')
"""

_DROP = """
local number, entities = q[1], q[2]
for _, entity in ipairs(entities) do
    redis.call('UNLINK', p .. 'l:' .. number .. ':' .. entity, p .. 'v:' .. number .. ':' .. entity)
    redis.call('SREM', p .. 'n:' .. number, entity)
end
if redis.call('EXISTS', p .. 'n:' .. number) == 0 then redis.call('SREM', p .. 'gone', number) end
return 1
"""

_KNOWN = """
return {redis.call('HGET', p .. 'meta', 'edition'), redis.call('HGETALL', p .. 'horizons')}
"""

_NEWEST = (
    _LATER
    + """
local number = redis.call('HGET', p .. 'digests', q[1])
local newest = number and redis.call('HGET', p .. 'newest', number)
if not newest or q[2] == '' or not later(newest, q[2]) then return newest end
return redis.call('ZREVRANGEBYLEX', p .. 't:' .. number, '[' .. q[2], '-', 'LIMIT', 0, 1)[1] or false
"""
)

_READ = """
local found = {}
for i, each in ipairs(q[1]) do
    local name = each[1] .. ':' .. each[2]
    local members = {}
    if each[3] ~= '' then
        members = redis.call('ZREVRANGEBYLEX', p .. 'l:' .. name, each[3], '-', 'LIMIT', 0, 1)
        for _, m in ipairs(redis.call('ZRANGEBYLEX', p .. 'l:' .. name, each[4], '+')) do
            members[#members + 1] = m
        end
    end
    found[i] = {members, {}}
    if each[5] ~= '' then
        found[i][2] = redis.call('ZRANGEBYLEX', p .. 'v:' .. name, each[5], each[6])
    end
end
local version = redis.call('HGET', p .. 'meta', 'version')
if not q[2] then return {version, found} end
local place = redis.call('HGET', p .. 'meta', 'place')
local changes = redis.call('XRANGE', p .. 'feed', '(' .. q[2], '+', 'COUNT', q[3] + 1)
return {version, found, place, redis.call('HGETALL', p .. 'horizons'), changes}
"""

_WRITE = (
    _LATER
    + _NOW
    + """
local edition, token, keep, entities = q[1], q[2], q[3], q[4]
local holder = redis.call('GET', p .. 'lease')
if holder and holder ~= token then return {'busy'} end
if edition ~= '' and redis.call('HGET', p .. 'meta', 'edition') ~= edition then
    return {'edition'}
end
local moved = {}
for i, e in ipairs(entities) do
    if e[5] ~= '' then
        local key = p .. 'l:' .. e[1] .. ':' .. e[2]
        local before = redis.call('ZREVRANGEBYLEX', key, e[3], '-', 'LIMIT', 0, 1)
        local tail = redis.call('ZRANGEBYLEX', key, e[4], '+')
        if redis.sha1hex(table.concat(before) .. table.concat(tail)) ~= e[5] then
            moved[#moved + 1] = i - 1
        end
    end
end
if #moved > 0 then return {'moved', moved} end
local changed, place = {}, false
local registered, newest, by_now, coming = {}, {}, {}, {}
for _, e in ipairs(entities) do
    local number, entity = e[1], e[2]
    if registered[number] == nil then
        registered[number] = redis.call('HEXISTS', p .. 'views', number) == 1
    end
    if registered[number] then
        local latest, versions = p .. 'l:' .. number .. ':' .. entity, p .. 'v:' .. number .. ':' .. entity
        local is_new = false
        for _, fact in ipairs(e[7]) do
            local member, done = fact[2], 0
            if fact[3] then done = done + redis.call('ZADD', latest, 'NX', 0, member) end
            if fact[4] then done = done + redis.call('ZADD', versions, 'NX', 0, member) end
            if done > 0 then
                is_new = true
                changed[#changed + 1] = fact[1]
                place = redis.call('HINCRBY', p .. 'meta', 'place', 1)
                redis.call('XADD', p .. 'feed', 'MAXLEN', '~', keep, string.format('%.0f-1', place),
                    'n', number, 'e', entity, 'm', member)
                local known = string.sub(member, 1, 8)
                if not newest[number] or later(known, newest[number]) then newest[number] = known end
                if later(known, now) then
                    coming[#coming + 1] = {number, known}
                elseif not by_now[number] or later(known, by_now[number]) then
                    by_now[number] = known
                end
            end
        end
        for _, member in ipairs(e[6]) do redis.call('ZREM', latest, member) end
        if is_new then redis.call('SADD', p .. 'n:' .. number, entity) end
    end
end
for _, each in ipairs(coming) do redis.call('ZADD', p .. 't:' .. each[1], 0, each[2]) end
for number, known in pairs(newest) do
    local times = p .. 't:' .. number
    local before = redis.call('HGET', p .. 'newest', number)
    if before then redis.call('ZADD', times, 0, before) end
    if by_now[number] then redis.call('ZADD', times, 0, by_now[number]) end
    local last = redis.call('ZREVRANGEBYLEX', times, '[' .. now, '-', 'LIMIT', 0, 1)[1]
    if last then redis.call('ZREMRANGEBYLEX', times, '-', '(' .. last) end
    redis.call('ZREMRANGEBYRANK', times, MOST_LATER, -1)
    if not before or later(known, before) then redis.call('HSET', p .. 'newest', number, known) end
end
if place then redis.call('HINCRBY', p .. 'meta', 'version', 1) end
return {'done', changed}
""".replace("MOST_LATER", str(_MOST_LATER))
)

_LEASE = """
if redis.call('SET', p .. 'lease', q[1], 'NX', 'PX', q[2]) then return 1 end
return 0
"""

_RELEASE = """
if redis.call('GET', p .. 'lease') == q[1] then redis.call('DEL', p .. 'lease') end
return 1
"""

_PRUNE = """
local number = q[1]
for _, e in ipairs(q[4]) do
    local name = number .. ':' .. e[1]
    if q[2] ~= '' then
        local last = redis.call('ZREVRANGEBYLEX', p .. 'l:' .. name, q[2], '-', 'LIMIT', 0, 1)
        if last[1] then redis.call('ZREMRANGEBYLEX', p .. 'l:' .. name, '-', '(' .. last[1]) end
    end
    if q[3] ~= '' then redis.call('ZREMRANGEBYLEX', p .. 'v:' .. name, '-', q[3]) end
    for _, member in ipairs(e[2]) do redis.call('ZREM', p .. 'v:' .. name, member) end
    if redis.call('EXISTS', p .. 'l:' .. name, p .. 'v:' .. name) == 0 then
        redis.call('SREM', p .. 'n:' .. number, e[1])
    end
end
return 1
"""


def _script(text: str) -> Script:
    whole = f"local p, q = KEYS[1], cmsgpack.unpack(ARGV[1])\n{text}".encode()
    return Script(whole, hashlib.sha1(whole, usedforsecurity=False).hexdigest().encode())


SCRIPTS: Final = {
    "open": _script(_OPEN),
    "register": _script(_REGISTER),
    "known": _script(_KNOWN),
    "advance": _script(_ADVANCE),
    "prune": _script(_PRUNE),
    "forget": _script(_FORGET),
    "drop": _script(_DROP),
    "newest": _script(_NEWEST),
    "read": _script(_READ),
    "write": _script(_WRITE),
    "lease": _script(_LEASE),
    "release": _script(_RELEASE),
}
"""The scripts by what they do."""
