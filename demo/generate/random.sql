-- Random draws without random(): each draw is a hash of the seed, a topic and one or two keys. The
-- functions are not STRICT, because the planner does not inline strict functions that contain CASE.

CREATE FUNCTION demo.hash(seed integer, topic text, key1 bigint, key2 bigint DEFAULT 0)
RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN hashint8extended(key2, hashint8extended(key1, hashtextextended(topic COLLATE "C", seed)));

COMMENT ON FUNCTION demo.hash(integer, text, bigint, bigint) IS
    '64 bits that depend on nothing but the arguments';


CREATE FUNCTION demo.random01(seed integer, topic text, key1 bigint, key2 bigint DEFAULT 0)
RETURNS double precision
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (demo.hash(seed, topic, key1, key2) & 4503599627370495)::double precision / 4503599627370496;

COMMENT ON FUNCTION demo.random01(integer, text, bigint, bigint) IS
    'A number in [0, 1) from 52 bits of demo.hash';


CREATE FUNCTION demo.pick(seed integer, topic text, choices integer, key1 bigint,
    key2 bigint DEFAULT 0)
RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN ((demo.hash(seed, topic, key1, key2) & 9223372036854775807) % choices)::integer;

COMMENT ON FUNCTION demo.pick(integer, text, integer, bigint, bigint) IS
    'A whole number from 0 to choices - 1';


CREATE FUNCTION demo.chance(seed integer, topic text, share double precision, key1 bigint,
    key2 bigint DEFAULT 0)
RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN demo.random01(seed, topic, key1, key2) < share;

COMMENT ON FUNCTION demo.chance(integer, text, double precision, bigint, bigint) IS
    'True for the given share of keys';


CREATE FUNCTION demo.digest(seed integer, topic text, key1 bigint, key2 bigint)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN encode(
    sha256(int8send(hashtextextended(topic COLLATE "C", seed)) || int8send(key1) || int8send(key2)),
    'base64');

COMMENT ON FUNCTION demo.digest(integer, text, bigint, bigint) IS
    'A digest of the arguments in base64: wide enough that ids never collide';


CREATE FUNCTION demo.cuid(seed integer, topic text, key1 bigint, key2 bigint DEFAULT 0)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN 'c' ||
    CASE
        WHEN demo.hash(seed, topic, key1, key2) & 63 = 0
            THEN translate(substr(demo.digest(seed, topic, key1, key2), 1, 24), '+/', '-_')
        ELSE translate(lower(substr(demo.digest(seed, topic, key1, key2), 1, 24) COLLATE "C"), '+/',
            '07')
    END;

COMMENT ON FUNCTION demo.cuid(integer, text, bigint, bigint) IS
    'An id of 25 characters like a cuid, in no order of time; one in 64 has upper-case letters, - '
    'or _';


CREATE FUNCTION demo.touched(seed integer, topic text, created_at timestamp, clock timestamp,
    key1 bigint, key2 bigint DEFAULT 0)
RETURNS timestamp
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN
    CASE
        WHEN created_at >= clock
            THEN created_at
        WHEN demo.chance(seed, topic || ' unchanged', 0.35, key1, key2)
            THEN created_at
        WHEN created_at < clock - interval '200 days'
            AND demo.chance(seed, topic || ' bulk change', 0.65, key1, key2)
            THEN clock - interval '200 days'
        WHEN created_at < clock - interval '20 days'
            AND demo.chance(seed, topic || ' later bulk change', 0.25, key1, key2)
            THEN clock - interval '20 days'
        ELSE created_at + (clock - created_at)
            * demo.random01(seed, topic || ' changed', key1, key2)
    END;

COMMENT ON FUNCTION demo.touched(integer, text, timestamp, timestamp, bigint, bigint) IS
    'An "updatedAt" for a row: its creation, one of two bulk changes that very many rows share, or '
    'some instant between its creation and as_of';
