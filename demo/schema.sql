-- Creates production's schema: the six tables that the extension reads, and stubs of the four
-- tables that they reference. Run it once in an empty database, as a superuser:
--   psql -v ON_ERROR_STOP=1 -f schema.sql
-- There are no indexes except those of the primary keys, as on production.

\set ON_ERROR_STOP on

BEGIN;

CREATE TABLE public."CircleProfile"
(
    id text NOT NULL
        PRIMARY KEY
);

CREATE TABLE public."HangoutProgram"
(
    id text NOT NULL
        PRIMARY KEY
);

CREATE TABLE public."Image"
(
    id text NOT NULL
        PRIMARY KEY
);

CREATE TABLE public."Order"
(
    id text NOT NULL
        PRIMARY KEY
);

CREATE TABLE public."User"
(
    id           text                                   NOT NULL
        PRIMARY KEY,
    "createdAt"  timestamp(3) DEFAULT CURRENT_TIMESTAMP NOT NULL,
    "updatedAt"  timestamp(3)                           NOT NULL,
    email        text,
    "lastLogin"  timestamp(3),
    "lastActive" timestamp(3),
    "deletedAt"  timestamp(3)
);

CREATE TABLE public."Hangout"
(
    id                 text                                   NOT NULL
        PRIMARY KEY,
    "createdAt"        timestamp(3) DEFAULT CURRENT_TIMESTAMP NOT NULL,
    "updatedAt"        timestamp(3)                           NOT NULL,
    name               text                                   NOT NULL,
    description        text,
    type               text                                   NOT NULL,
    price              double precision                       NOT NULL,
    "circleProfileId"  text                                   NOT NULL
        REFERENCES public."CircleProfile"
            ON UPDATE CASCADE ON DELETE RESTRICT,
    visibility         text         DEFAULT 'PUBLIC'::text    NOT NULL,
    "hangoutProgramId" text
        REFERENCES public."HangoutProgram"
            ON UPDATE CASCADE ON DELETE SET NULL,
    "pictureId"        text
        REFERENCES public."Image"
            ON UPDATE CASCADE ON DELETE SET NULL
);

CREATE TABLE public."HangoutEpisode"
(
    id          text                                   NOT NULL
        PRIMARY KEY,
    "createdAt" timestamp(3) DEFAULT CURRENT_TIMESTAMP NOT NULL,
    "updatedAt" timestamp(3)                           NOT NULL,
    name        text                                   NOT NULL,
    description text,
    "hangoutId" text                                   NOT NULL
        REFERENCES public."Hangout"
            ON UPDATE CASCADE ON DELETE RESTRICT,
    "order"     integer      DEFAULT 1                 NOT NULL
);

CREATE TABLE public."HangoutGroup"
(
    id          text                                   NOT NULL
        PRIMARY KEY,
    "createdAt" timestamp(3) DEFAULT CURRENT_TIMESTAMP NOT NULL,
    "updatedAt" timestamp(3)                           NOT NULL,
    name        text                                   NOT NULL,
    description text,
    status      text                                   NOT NULL,
    day         integer,
    time        timestamp(3),
    "hangoutId" text
        REFERENCES public."Hangout"
            ON UPDATE CASCADE ON DELETE SET NULL,
    "imageId"   text
        REFERENCES public."Image"
            ON UPDATE CASCADE ON DELETE SET NULL,
    "endDate"   timestamp(3),
    "startDate" timestamp(3),
    city        text,
    province    text
);

CREATE TABLE public."UserHangoutGroup"
(
    id                 text                                   NOT NULL
        PRIMARY KEY,
    "createdAt"        timestamp(3) DEFAULT CURRENT_TIMESTAMP NOT NULL,
    "updatedAt"        timestamp(3)                           NOT NULL,
    "joinedAt"         timestamp(3),
    status             text                                   NOT NULL,
    "hangoutGroupRole" text                                   NOT NULL,
    "hangoutGroupId"   text                                   NOT NULL
        REFERENCES public."HangoutGroup"
            ON UPDATE CASCADE ON DELETE RESTRICT,
    "userId"           text
        REFERENCES public."User"
            ON UPDATE CASCADE ON DELETE SET NULL,
    "publicId"         text,
    "userEmail"        text,
    "orderId"          text
        REFERENCES public."Order"
            ON UPDATE CASCADE ON DELETE SET NULL
);

CREATE TABLE public."UserHangoutGroupAttendance"
(
    id                 text                                   NOT NULL
        PRIMARY KEY,
    "attendedAt"       timestamp(3) DEFAULT CURRENT_TIMESTAMP NOT NULL,
    "hangoutEpisodeId" text                                   NOT NULL
        REFERENCES public."HangoutEpisode"
            ON UPDATE CASCADE ON DELETE RESTRICT,
    "hangoutGroupId"   text                                   NOT NULL
        REFERENCES public."HangoutGroup"
            ON UPDATE CASCADE ON DELETE RESTRICT,
    "userId"           text                                   NOT NULL
        REFERENCES public."User"
            ON UPDATE CASCADE ON DELETE RESTRICT
);

COMMIT;
