-- Generates names of people, groups and places.

CREATE FUNCTION demo.given_name(seed integer, key bigint)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN ('{aisyah,siti,nur,fatimah,rina,dewi,putri,indah,ayu,wulan,lestari,maya,dian,ratna,sri,
khadijah,zahra,nabila,salma,hana,ahmad,muhammad,budi,agus,rizky,fajar,hendra,yusuf,ibrahim,umar,
ali,hasan,bayu,dimas,eko,galih,hafiz,ilham,joko,kurnia}'::text[])
    [1 + demo.pick(seed, 'given name', 40, key)];

COMMENT ON FUNCTION demo.given_name(integer, bigint) IS 'A given name in lower case';


CREATE FUNCTION demo.family_name(seed integer, key bigint)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN ('{rahmawati,hidayat,saputra,wijaya,santoso,pratama,nugroho,setiawan,kusuma,permata,utami,
maulana,ramadhan,firdaus,anggraini,susanto,hakim,syahputra,lubis,siregar,nasution,harahap,kurniawan,
gunawan,purnama,iskandar,fauzi,amalia,safitri,yuliani}'::text[])
    [1 + demo.pick(seed, 'family name', 30, key)];

COMMENT ON FUNCTION demo.family_name(integer, bigint) IS 'A family name in lower case';


CREATE FUNCTION demo.email(seed integer, person_no bigint)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN demo.given_name(seed, person_no) || '.' || demo.family_name(seed, person_no)
    || person_no::text || '@example.com';

COMMENT ON FUNCTION demo.email(integer, bigint) IS 'The address of a person, of that person alone';


CREATE FUNCTION demo.place(place_no integer, part integer)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN ('{{Bandung,Jawa Barat},{Bekasi,Jawa Barat},{Bogor,Jawa Barat},{Depok,Jawa '
'Barat},{Cirebon,Jawa Barat},
{Jakarta Selatan,DKI Jakarta},{Jakarta Timur,DKI Jakarta},{Jakarta Pusat,DKI Jakarta},
{Tangerang,Banten},{Serang,Banten},{Semarang,Jawa Tengah},{Surakarta,Jawa Tengah},
{Magelang,Jawa Tengah},{Yogyakarta,DI Yogyakarta},{Sleman,DI Yogyakarta},{Surabaya,Jawa Timur},
{Malang,Jawa Timur},{Sidoarjo,Jawa Timur},{Medan,Sumatera Utara},{Padang,Sumatera Barat},
{Palembang,Sumatera Selatan},{Makassar,Sulawesi Selatan},{Balikpapan,Kalimantan Timur},
{Banda Aceh,Aceh}}'::text[])[1 + place_no][part];

COMMENT ON FUNCTION demo.place(integer, integer) IS
'City (part 1) or province (part 2) of a place, 0 to 23';


CREATE FUNCTION demo.written(name text, way integer)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE way
    WHEN 1 THEN upper(name)
    WHEN 2 THEN E'  ' || lower(name) || E'\t'
    WHEN 3 THEN replace(name, ' ', E' \n ') || ' '
    WHEN 4 THEN overlay(name PLACING '' FROM 3 FOR 1)
    WHEN 5 THEN left(name, 2) || substr(name, 4, 1) || substr(name, 3, 1) || substr(name, 5)
    ELSE name
END;

COMMENT ON FUNCTION demo.written(text, integer) IS
    'A name as people type it: in capitals (1), in small letters with white space around it (2), '
    'with white space between its words (3), without its third letter (4), or with its third and '
    'fourth letters swapped (5)';


CREATE FUNCTION demo.written_city(place_no integer, way integer)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN demo.written(demo.place(place_no, 1), way);

COMMENT ON FUNCTION demo.written_city(integer, integer) IS
'A place''s city, by the ways of demo.written()';


CREATE FUNCTION demo.written_province(place_no integer, way integer)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE way
    WHEN 6 THEN NULL
    WHEN 7 THEN ''
    -- No place has both city and province misspelt: cities use the ways 1 to 5, provinces 11 to 15.
    ELSE demo.written(demo.place(place_no, 2), way - 10)
END;

COMMENT ON FUNCTION demo.written_province(integer, integer) IS
    'A place''s province: missing or empty (6, 7), or by the ways of demo.written(), which begin '
    'at 11';


CREATE FUNCTION demo.odd_name(name_no integer)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (ARRAY[
    'Sahabat "Hijrah", Jum''at',
    E'Kelompok\nDua Baris',
    'Ngeshare 🌙 Ceria 😀',
    'حلقة الإيمان',
    '<b>Tebal</b> & <script>alert(1)</script>',
    '=SUM(A1:A9)',
    E'Tab\tdi tengah',
    '  spasi di tepi  ',
    'back\slash; -- DROP',
    'İstanbul ŞAHSİ Ñandú é'])[1 + name_no];

COMMENT ON FUNCTION demo.odd_name(integer) IS
'A group name, 0 to 9, that a careless reader, page or spreadsheet trips over';


CREATE FUNCTION demo.group_name(seed integer, group_no integer, circle_no integer, place_no integer)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN
    CASE
        WHEN demo.chance(seed, 'odd group name', 0.02, group_no)
            THEN demo.odd_name(demo.pick(seed, 'odd group name', 10, group_no, 1))
        WHEN demo.chance(seed, 'twin group name', 0.01, group_no)
            THEN 'Ngeshare ' || demo.place(place_no, 1)
        ELSE ('{Halaqah,Kelompok,Lingkaran,Sahabat,Ngeshare,Majelis}'::text[])
            [1 + demo.pick(seed, 'group word', 6, circle_no)]
            || ' '
            || ('{Al-Ikhlas,An-Nur,Ar-Rahman,Al-Falah,At-Taqwa,Al-Hidayah,As-Salam,Nurul Iman,
Baitul Hikmah,Darussalam,Al-Furqan,Ash-Shabr}'::text[])
                [1 + demo.pick(seed, 'group epithet', 12, circle_no)]
            || ' ' || demo.place(place_no, 1) || ' ' || group_no::text
    END;

COMMENT ON FUNCTION demo.group_name(integer, integer, integer, integer) IS
    'The name of a group: circles keep their words, 2 % are odd, 1 % share a name with others';
