// The texts of Sync in Indonesian; see ../id.js.

export const syncErrors = {
    died: [
        'Proses sinkronisasi mati sendiri.',
        'Sinkronisasi berikutnya melanjutkan dari situ; log server memberi tahu sebabnya.',
    ],
    unreachable: [
        'Sistem asal tidak dapat dijangkau, atau jawabannya tidak dapat dipakai.',
        'Periksa apakah sistem asal berjalan dan terjangkau dari mesin ini; sinkronisasi ' +
            'berikutnya lanjut sendiri.',
    ],
    login: [
        'Sistem asal menolak login.',
        'Periksa nama pengguna dan kata sandinya, lalu panggil ngeshare_connect() lagi.',
    ],
    right: [
        'Ada hak akses yang kurang.',
        'Beri login itu hak yang disebut pesan; login itu memerlukan SELECT pada keenam tabel di ' +
            'sistem asal.',
    ],
    tables: [
        'Tabel di sistem asal berubah.',
        'Bandingkan kolomnya dengan yang disebut pesan, lalu panggil ngeshare_connect() lagi.',
    ],
    running: ['Sinkronisasi lain sedang berjalan.', 'Tidak perlu apa-apa.'],
    deletes: [
        'Lebih banyak baris akan hilang dari sini daripada yang boleh dihapus sekali jalan.',
        'Bila itu benar, naikkan ngeshare.sync_max_delete_pct untuk satu sinkronisasi penuh.',
    ],
    restored: [
        'Sistem asal dipulihkan dari cadangan, atau kehilangan transaksi terakhirnya.',
        'Bila isinya sekarang yang berlaku: DELETE FROM ngeshare.source, lalu jalankan ' +
            'sinkronisasi penuh.',
    ],
    setup: [
        'Ada yang harus disiapkan lebih dulu.',
        'Sebelum sinkronisasi pertama panggil ngeshare_connect(); setelah zona waktu ' +
            'diganti jalankan sinkronisasi penuh.',
    ],
    cancelled: ['Dibatalkan, atau melewati batas waktu.', 'Mulai lagi.'],
    room: ['Server kehabisan ruang, memori, atau koneksi.', 'Beri ruang, lalu mulai lagi.'],
    held: [
        'Yang diperlukan sedang dipakai proses lain, atau server mengakhiri transaksinya.',
        'Mulai lagi.',
    ],
    row: [
        'Satu baris dari sistem asal tidak dapat diambil atau disimpan di sini.',
        'Baris seperti itu menunggu di karantina beserta sebabnya, dan dicoba lagi di tiap ' +
            'sinkronisasi.',
    ],
    other: [
        'Sinkronisasi gagal.',
        'Mulai lagi. Bila gagal dengan cara yang sama, lihat log server.',
    ],
};

export default {
    said: {
        success: 'Selesai.',
        warning: 'Selesai, tetapi ada yang perlu dicek.',
        failed: 'Gagal. Yang sudah dibawa tetap ada.',
        cancelled: 'Dibatalkan.',
        crashed: 'Terputus. Sinkronisasi berikutnya melanjutkan dari situ.',
        running: 'Sedang berjalan.',
    },
    state: 'Sekarang',
    history: 'Riwayat',
    errors: 'Kesalahan',
    historyEmpty: 'Belum ada sinkronisasi.',
    errorsEmpty: 'Tidak ada kesalahan: semua sinkronisasi sejauh ini lancar.',
    run: 'Proses',
    status: 'Hasil',
    mode: 'Jenis',
    trigger: 'Dimulai oleh',
    started: 'Mulai',
    duration: 'Lama',
    inserted: 'Ditambah',
    updated: 'Diubah',
    deleted: 'Dihapus',
    message: 'Pesan',
    when: 'Kapan',
    where: 'Di mana',
    what: 'Apa yang terjadi',
    remedy: 'Apa yang dilakukan',
    runs: (n, count) => `${count} proses`,
    errorCount: (n, count) => `${count} kesalahan`,
    retried: 'Proses itu mencoba lagi sendiri.',
    notEnded: 'belum selesai',
    noMessage: 'tidak ada pesan',
    notCounted: 'tidak dihitung',
    oneRun: (id) => `Proses ${id}`,
    allRuns: 'Semua proses',
    unknownRun: 'Tidak ada proses dengan nomor ini:',
    unknownRunWhy: 'Proses di bawah ini adalah semua yang tersimpan.',
    ended: 'Selesai',
    tables: 'Tiap tabel',
    noTables: 'Proses itu tidak sampai ke tabel mana pun.',
    table: 'Tabel',
    together: 'Seluruhnya',
    pulled: 'Dibaca',
    repaired: 'Diperbaiki',
    there: 'Baris di sistem asal',
    here: 'Baris di sini',
    schedule: 'Jadwal',
    plan: 'Sinkronisasi otomatis',
    everyMinutes: (minutes) => `setiap ${minutes} menit`,
    hourlyAt: (minute) => `setiap jam, pada menit ke-${minute}`,
    dailyAt: (time) => `setiap hari pukul ${time} (menurut jam cron di server)`,
    noPlan: 'tidak ada: sinkronisasi hanya dimulai dengan tangan',
    planHow: 'Pengelola basis data dapat menjadwalkannya tiap setengah jam:',
    lastSuccess: 'Sinkronisasi baik terakhir',
    neverSynced: 'belum pernah',
    health: 'Keadaan data',
    healthWhy: 'Sebabnya',
    alerts: 'Pemberitahuan yang menunggu dikirim',
    comparison: 'Perbandingan dengan sistem asal',
    compare: 'Bandingkan',
    comparisonWhat:
        'Membaca tiap tabel dan membandingkannya dengan sistem asal, baris demi baris. ' +
        'Tidak ada yang diubah di sini atau di sana; “Sinkronkan” memperbaiki yang berbeda.',
    neverCompared: 'Belum pernah dibandingkan.',
    outcomes: {
        running: (at) => `Perbandingan berjalan sejak ${at}.`,
        success: (at) => `Semuanya sama pada ${at}.`,
        warning: (at) => `Ada yang berbeda pada ${at}.`,
        failed: (at) => `Perbandingan pada ${at} gagal.`,
        cancelled: (at) => `Perbandingan pada ${at} dibatalkan.`,
        crashed: (at) => `Perbandingan pada ${at} terputus.`,
    },
    compared: { success: 'sama', warning: 'berbeda' },
    comparedWindow:
        'Dari kehadiran yang dihitung adalah minggu-minggu terakhir, yang disimpan baris ' +
        'demi baris.',
};
