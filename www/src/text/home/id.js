// The texts of Home in Indonesian; see ../id.js.

import { groups } from '../words-id.js';

export default {
    attention: 'Yang perlu perhatian',
    changed: 'Perubahan dalam 7 hari terakhir',
    figures: 'Angka',
    trend: {
        title: 'Dari waktu ke waktu',
        finding: ({ active, before, first, last }) =>
            `${active} grup aktif pada ${last}, ${before} pada ${first}.`,
        active: 'Aktif',
        stalled: 'Vakum',
        graduated: 'Lulus',
        day: 'Hari',
        point: ({ day, active, stalled, graduated }) =>
            `${day}: ${active} aktif, ${stalled} vakum, ${graduated} lulus`,
        from: 'Dari',
        to: 'Sampai',
        show: 'Tampilkan',
        reset: '53 minggu terakhir',
        ignored: 'Rentang hari itu tidak dapat ditampilkan: ini 53 minggu terakhir.',
        rule:
            'Menurut yang diketahui sekarang tentang tiap hari: kehadiran yang terlambat ' +
            'dicatat dihitung pada harinya.',
    },
    cards: {
        active: 'Grup aktif',
        at_risk: 'Berisiko',
        stalled: 'Vakum',
        rescuable: 'Perlu dihubungi',
        graduated: 'Lulus',
        graduations_last_month: (month) => `Lulus pada ${month}`,
        groups_total: 'Semua grup',
        active_facilitators: 'Fasilitator aktif',
        new_facilitators_last_month: (month) => `Fasilitator baru pada ${month}`,
        alumni_pct: 'Dulunya anggota',
    },
    notes: {
        active: (percent) => `${percent} dari semua grup`,
        at_risk: () => 'aktif, tetapi hampir vakum',
        stalled: (percent) => `${percent} dari semua grup`,
        rescuable: (percent) => `vakum setelah ${percent}% atau lebih`,
        graduated: (percent) => `${percent} dari semua grup`,
        groups_total: (count) => `${count} di antaranya belum mulai`,
        active_facilitators: (days) => `memimpin grup yang bertemu dalam ${days} hari terakhir`,
        alumni_pct: ([part, whole]) => `${part} dari ${whole} fasilitator`,
    },
    inMonth: (month) => month,
    onDay: (day) => day,
    compares: {
        number: (n, shown, when) =>
            n === 0
                ? `Sama seperti pada ${when}`
                : `${shown} lebih ${n > 0 ? 'banyak' : 'sedikit'} daripada ${when}`,
        percent: (n, shown, when) =>
            n === 0
                ? `Sama seperti pada ${when}`
                : `${shown} poin lebih ${n > 0 ? 'tinggi' : 'rendah'} daripada ${when}`,
    },
    changes: {
        NEW: (n, count) => [count, 'grup baru'],
        STARTED: (n, count) => [count, 'bertemu untuk pertama kali'],
        RESUMED: (n, count) => [count, 'bertemu lagi setelah vakum'],
        STALLED: (n, count) => [count, 'menjadi vakum'],
        GRADUATED: (n, count) => [count, 'lulus'],
    },
    changesRule: (day) =>
        `Dibandingkan dengan ${day}. Yang sempat berubah lalu kembali tidak ditampilkan.`,
    findings: {
        rescuable: (n, count, rules) =>
            `${groups(n, count)} vakum padahal sedikitnya ${rules.rescue_min_pct}% kursus ` +
            'sudah dilalui.',
        at_risk: (n, count) => `${groups(n, count)} masih bertemu, tetapi hampir vakum.`,
        anomalies: (n, count) => `${count} hal perlu dicek.`,
        not_started: (n, count) => `${groups(n, count)} masih baru dan belum pernah bertemu.`,
        awaiting: (n, count, rules) =>
            `${groups(n, count)} lulus dalam ${rules.link_days} hari terakhir dan masih ` +
            'mungkin lanjut ke kursus berikutnya.',
        continued: (n, count) => `${groups(n, count)} lanjut ke kursus berikutnya setelah lulus.`,
    },
    fine: {
        rescuable: () => 'Tidak ada grup yang vakum menjelang akhir kursus.',
        at_risk: () => 'Tidak ada grup aktif yang hampir vakum.',
        anomalies: () => 'Tidak ada yang perlu dicek.',
    },
    next: 'Hubungi lebih dulu',
    nobodyNext: 'Tidak ada yang menunggu dihubungi.',
    silent: (n, days) => `${days} hari tanpa pertemuan`,
    stalls: (n, days) => (n === 0 ? 'vakum hari ini' : `vakum dalam ${days} hari`),
};
