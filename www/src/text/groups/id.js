// The texts of the groups' and facilitators' lists and of their own pages, in Indonesian; see
// ../id.js.

import { groups } from '../words-id.js';

export default {
    groupsPage: {
        caption: 'Grup',
        count: groups,
        empty: 'Tidak ada grup dalam kurikulum.',
        one: 'Grup',
        all: 'Semua grup',
        why: 'Alasan status',
        timeline: 'Pertemuan',
        roster: 'Orang',
        kin: 'Sebelum dan sesudah',
        unknown: (day) => `Pada ${day} tidak ada grup dengan id ini:`,
        unknownWhy:
            'Mungkin belum ada pada hari itu, atau tidak ada lagi, atau kursusnya bukan ' +
            'bagian kurikulum.',
        unknownShort: 'Tidak ada grup itu.',
        neverMet: 'Grup ini belum pernah bertemu: tidak ada kehadiran yang diketahui.',
        episodes: (reached, whole) => `episode ${reached} dari ${whole}`,
        bothRoles: (n) => `(${n} lagi adalah anggota dan juga memimpinnya)`,
        reasons: {
            GRADUATED: (group, format) =>
                `Lulus: menghadiri episode ${format.number(group.max_episode_reached)} ` +
                `dari ${format.number(group.max_episodes)}; yang terakhir pertama kali ` +
                `pada ${format.day(group.graduated_on)}.`,
            ACTIVE: (group, format, rules) =>
                `Aktif: terakhir bertemu ${format.number(group.days_inactive)} hari lalu; ` +
                `sampai ${rules.active_days} hari dihitung aktif.`,
            STALLED: (group, format, rules) =>
                `Vakum: terakhir bertemu ${format.number(group.days_inactive)} hari lalu; ` +
                `lebih dari ${rules.active_days} hari dihitung vakum.`,
            NOT_STARTED_NEVER_MET: (group, format, rules) =>
                'Belum mulai: belum pernah bertemu, dan direncanakan mulai ' +
                `${format.day(group.started_on)}; sampai ${rules.active_days} hari ` +
                'sesudahnya dihitung belum mulai.',
            STALLED_NEVER_MET: (group, format, rules) =>
                'Vakum: belum pernah bertemu, padahal direncanakan mulai ' +
                `${format.day(group.started_on)}, lebih dari ${rules.active_days} hari ` +
                'lalu.',
        },
        fact: 'Fakta',
        value: 'Nilai',
        because: 'Sebabnya',
        sentences: {
            progress_pct: ({ reached, whole }) =>
                `Episode ${reached} dari ${whole} adalah yang terjauh dari kursusnya ` +
                'sendiri yang dihadiri.',
            total_meetings: ({ first, last }) =>
                first
                    ? `Hari dengan kehadiran, dari ${first} sampai ${last}.`
                    : 'Hari dengan kehadiran.',
            started_on: ({ first }) =>
                first ? 'Pertemuan pertamanya.' : 'Rencana mulainya, karena belum pernah bertemu.',
            facilitator_id: ({ facilitator }) =>
                facilitator
                    ? 'Yang pertama bergabung di antara pengguna dengan catatan fasilitator.'
                    : 'Tidak ada pengguna dengan catatan fasilitator.',
            member_count: () =>
                'Orang yang berbeda dengan catatan anggota dan tanpa catatan fasilitator.',
            is_rescuable: ({ rescueFrom }) =>
                `Yang perlu dihubungi adalah grup vakum yang sudah melalui ${rescueFrom}% ` +
                'kursusnya.',
        },
        linked: ({ course, days, members, percent }) =>
            `${course}, ${days} hari setelah lulus, dengan fasilitator yang sama dan ` +
            `${members} anggota di keduanya, ${percent} dari grup yang lebih kecil.`,
        facts: {
            facilitator_id: 'Fasilitator',
            is_rescuable: 'Vakum, hampir selesai',
            went_on_as: 'Lanjut sebagai',
            came_from: 'Berasal dari',
            anomaly: 'Perlu dicek',
        },
        role: 'Peran',
        joined: 'Bergabung',
        comes: 'Masih hadir',
        comesUnknown: 'kehadiran selama itu tidak disimpan per orang',
        people: (n, count) => `${count} orang dan peran`,
        nobody: 'Tidak ada orang dalam grup ini.',
        cameFrom: 'Berasal dari',
        cameFromNone: 'Tidak diketahui grup sebelumnya asal orang-orang ini.',
        wentOn: 'Lanjut sebagai',
        wentOnNone: 'Belum ditemukan lagi di kursus berikutnya.',
    },
    timeline: {
        finding: ({ days: [n, days], first, last, steps: [, steps], reached, whole }) =>
            n === 1
                ? `Bertemu pada satu hari, ${first}, dan mencapai episode ${reached} dari ${whole}.`
                : `Bertemu pada ${days} hari dari ${first} sampai ${last}; ${steps} ` +
                  `pertemuan membawanya lebih jauh, sampai episode ${reached} dari ${whole}.`,
        goal: (episode) => `Lulus pada episode ${episode}`,
        marks: {
            milestone: 'membawa lebih jauh',
            own: 'bertemu, tidak lebih jauh',
            foreign: 'episode kursus lain',
        },
        day: 'Hari',
        episode: 'Episode',
        title: 'Judul',
        attendances: 'Kehadiran',
        milestone: 'Membawa lebih jauh',
        own: 'Kursus sendiri',
        noEpisode: 'episodenya tidak ada lagi',
        episodeOf: (episode, title) => `episode ${episode}${title && `, ${title}`}`,
    },
    facilitatorsPage: {
        caption: 'Fasilitator',
        count: (n, count) => `${count} fasilitator`,
        empty: 'Tidak ada fasilitator.',
        growth: 'Berapa banyak',
        list: 'Semua fasilitator',
        figures: {
            total_facilitators: 'Semua fasilitator',
            active_facilitators: 'Aktif',
            alumni_facilitators: 'Dulunya anggota',
        },
        ofAll: (percent, total) => `${percent} dari ${total}`,
        counted: {
            total_facilitators: () =>
                'yang memimpin atau pernah memimpin grup, di dalam kurikulum atau tidak',
            active_facilitators: (rules) =>
                `memimpin grup kurikulum yang bertemu dalam ${rules.active_days} hari ` +
                'terakhir, sudah lulus atau belum',
            alumni_facilitators: () =>
                'bergabung sebagai anggota sebelum terakhir kali menjadi fasilitator',
        },
    },
    facilitator: {
        title: 'Fasilitator',
        all: 'Semua fasilitator',
        unknown: 'Pada hari ini tidak ada fasilitator dengan id ini:',
        asMember: 'sebagai anggota',
        statuses: {
            ACTIVE: 'Grup aktif',
            STALLED: 'Grup vakum',
            GRADUATED: 'Grup lulus',
            NOT_STARTED: 'Grup belum mulai',
        },
        emailStalled: (n, count) =>
            `Kirim email tentang ${n === 1 ? 'grup yang vakum' : `${count} grup yang vakum`}`,
        groups: 'Grup',
        noGroups: 'Tidak ada grup kurikulum dengan fasilitator ini.',
        life: 'Dari mulai sampai akhir',
        lifeOf: (start, end) => (end ? `${start} sampai ${end}` : `${start}, belum pernah bertemu`),
        noNotes: 'Belum ada tindak lanjut yang dicatat untuk grup-grup ini.',
    },
    newcomers: {
        title: 'Yang baru, bulan demi bulan',
        span: 'Bulan',
        spans: { 12: '12 terakhir', 24: '24 terakhir', all: 'semua' },
        soFar: 'berjalan',
        new: (n, count) => `${count} fasilitator baru`,
        newOnes: 'Baru',
        allOnes: 'Semua, sampai akhir bulan',
        noWholeMonth: 'Fasilitator baru tiap bulan; perbandingan perlu dua bulan penuh.',
        finding: ({ count, month, difference, shown, before }) =>
            `${count} fasilitator baru pada ${month}, ${
                difference === 0
                    ? 'sama banyak dengan'
                    : `${shown} ${difference > 0 ? 'lebih banyak' : 'lebih sedikit'} daripada`
            } ${before}.`,
        rule:
            'Seorang fasilitator disebut baru pada bulan ia pertama kali memimpin grup mana ' +
            'pun. Bulan yang diarsir belum selesai: dihitung hanya sampai sekarang, dan tidak ' +
            'dibandingkan.',
    },
    journey: {
        all: 'Semua anggota',
        caption: 'Grup menurut urutan bergabung',
        courses: 'Tiap kursus',
        empty: 'Pengguna ini tidak ada dalam grup kurikulum mana pun.',
        unknown: (id) => `Tidak ada pengguna “${id}”, atau belum ada pada hari itu.`,
        leads: 'Sebagai fasilitator di',
        asFacilitator: '(lihat fasilitator)',
        leading: 'memimpin',
        role: 'Sebagai',
        roles: {
            MEMBER: 'anggota',
            FACILITATOR: 'fasilitator',
            'MEMBER, FACILITATOR': 'anggota dan fasilitator',
        },
        joined: 'Bergabung',
        joinedAtNoTime: 'catatannya tanpa waktu',
        completed: 'Tamat',
        rule:
            'Sebuah kursus ditamatkan bila grupnya lulus dan anggota itu sudah bergabung saat ' +
            'itu. Yang bergabung sesudahnya tidak menamatkannya.',
        places: {
            completed: ({ day }) => `tamat pada ${day}`,
            underWay: ({ percent }) => `sedang berjalan, ${percent}`,
            stalled: ({ percent }) => `vakum di ${percent}`,
            notStarted: () => 'grupnya belum mulai',
            joinedLate: () => 'bergabung sesudah grupnya lulus',
            none: 'belum bergabung',
        },
    },
};
