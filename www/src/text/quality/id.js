// The texts of Quality in Indonesian; see ../id.js.

export default {
    details: {
        NEEDS_FACILITATOR: () => 'Tidak ada catatan fasilitator milik pengguna.',
        MULTIPLE_FACILITATORS: ({ facilitators }) =>
            `${facilitators} pengguna punya catatan fasilitator.`,
        MEMBER_COUNT_OUT_OF_RANGE: ({ members }) => `Anggotanya ${members}, bukan 2 sampai 5.`,
        EPISODE_BEYOND_MAX: ({ episode, episodes }) =>
            `Menghadiri episode ${episode} dari ${episodes}.`,
        FOREIGN_EPISODE: ({ days }) => `Pada ${days} hari ada yang menghadiri episode kursus lain.`,
        NO_PREDECESSOR: () =>
            'Tidak ada grup serupa dari kursus sebelumnya yang menjelaskan asalnya.',
        FUTURE_ATTENDANCE: ({ day }) => `Ada yang hadir pada ${day}, hari yang belum tiba.`,
    },
    notGraduated: ({ started_on: day, course, group_id: id, other_started_on: other }) =>
        `Mulai pada ${day}; grup ${id} dari ${course}, yang mulai pada ${other}, belum lulus.`,
    graduated: ({ started_on: day, course, group_id: id, graduated_on: graduated }) =>
        `Mulai pada ${day}; grup ${id} dari ${course} lulus pada ${graduated}.`,
    named: 'Nilai',
    meanings: {
        null_values: 'Kolom ini kosong pada baris-baris itu.',
        orphan_reference: 'Menunjuk ke baris yang tidak ada di sini, dan menunggu di karantina.',
        quarantine: 'Tidak dapat disimpan di sini apa adanya, dan menunggu di karantina.',
        drift: 'Tabel di sistem asal tidak lagi seperti saat disambungkan.',
        end_before_start:
            'Grup berakhir sebelum mulai. Tanggal mulainya dianggap rencana; tanggal ' +
            'akhirnya tidak menentukan apa pun.',
        updated_before_created: 'Baris tetap ikut disinkronkan: yang dibandingkan adalah isinya.',
        deleted_before_created: 'Pengguna tampil sebagai terhapus sejak saat itu.',
        in_future: 'Belum dihitung sebelum saat itu.',
        attendance_before_group: 'Ada yang hadir sebelum grup dibuat; dihitung sejak grup ada.',
        joined_before_group:
            'Ada yang bergabung lebih dari sehari sebelum grup dibuat; dihitung sejak grup ada.',
        joined_at_null: 'Semua jawaban mengabaikan keanggotaan ini.',
        implausible_date: 'Sebelum tahun 2000 berarti salah ketik: semua jawaban mengabaikannya.',
        ignored_person:
            'Semua jawaban mengabaikan keanggotaan ini: tidak ada pengguna maupun alamatnya.',
        group_without_hangout: 'Grup tidak punya kursus.',
        duplicate_email: 'Tiap pengguna itu dihitung sebagai orang tersendiri.',
        near_miss_course:
            'Nama kursus hampir sama dengan yang ada di kurikulum, jadi grupnya tidak dihitung.',
        role_seen: 'Hanya anggota dan fasilitator yang dihitung; peran lain diabaikan.',
        membership_status_seen: 'Tidak menentukan apa pun.',
        group_status_seen: 'Tidak menentukan apa pun.',
        place_spelling: 'Bila sebenarnya satu tempat, grupnya kini dihitung terpisah.',
    },
    forecast: {
        title: 'Seberapa tepat perkiraannya',
        finding: ({ course, forecast, observed, isUseful }) =>
            `${course}: rata-rata diperkirakan ${forecast}, yang bertemu lagi ${observed}. ` +
            (isUseful ? 'Lebih' : 'Tidak lebih') +
            ' tepat daripada selalu menyebut rata-rata.',
        tooFew: (course, n, count) =>
            `${course}: ${count} perkiraan, terlalu sedikit untuk dinilai.`,
        bin: (from, to) => `${from} sampai ${to}%`,
        point: ({ bin, observed, n, count }) =>
            `Diperkirakan ${bin}: ${observed} bertemu lagi, dari ${count} perkiraan`,
        across: 'Perkiraan',
        upwards: 'Bertemu lagi dalam 28 hari',
        forecasts: 'Banyaknya perkiraan',
        few: 'terlalu sedikit perkiraan untuk dinilai',
        none: 'Belum ada perkiraan yang 28 harinya sudah lewat.',
        rule:
            'Perkiraan pada 12 akhir bulan terakhir yang 28 harinya sudah lewat, untuk tiap ' +
            'grup yang 1 sampai 180 hari tidak bertemu. Titik pada garis miring terjadi ' +
            'sesering yang diperkirakan; titik yang lebih besar berarti lebih banyak ' +
            'perkiraan. Titik dengan kurang dari 20 perkiraan tidak digambar.',
    },
    kinds: 'Tiap aturan',
    anomalies: 'Grup yang menyalahi aturan',
    data: 'Temuan dalam data',
    count: (n, count) => `${count} hal perlu dicek`,
    findingCount: (n, count) => `${count} temuan`,
    where: 'Di mana',
    none: 'tidak ada',
    means: 'Artinya',
    remedy: 'Apa yang dilakukan',
    noAnomalies: 'Tidak ada grup yang menyalahi aturan. Kabar baik.',
    noFindings: 'Tidak ada yang janggal dalam data. Kabar baik.',
    dataRule:
        'Tiap temuan menghitung barisnya di basis data dan menyebut satu contoh. ' +
        'Perbaikannya di sistem asal; sinkronisasi berikutnya membawanya ke sini.',
    dataNow: 'Temuan selalu dari sinkronisasi terakhir, hari apa pun yang dilihat.',
    advice: {
        NEEDS_FACILITATOR: ['Tidak ada pengguna yang memimpinnya.', 'Tunjuk fasilitator.'],
        MULTIPLE_FACILITATORS: [
            'Beberapa orang pernah memimpinnya; yang paling dulu bergabung yang dihitung.',
            'Akhiri catatan yang salah.',
        ],
        MEMBER_COUNT_OUT_OF_RANGE: [
            'Anggotanya kurang dari 2 atau lebih dari 5.',
            'Gabungkan atau bagi grup, atau tambahkan anggota yang kurang.',
        ],
        SKIPPED_COURSE: [
            'Berasal dari grup kursus yang lebih awal daripada kursus sebelumnya.',
            'Tanyakan fasilitator: tanggal atau fasilitator yang salah tampak sama.',
        ],
        EARLY_START: [
            'Mulai jauh sebelum grup asalnya lulus.',
            'Tanyakan fasilitator: tanggal atau fasilitator yang salah tampak sama.',
        ],
        NO_PREDECESSOR: [
            'Tidak ada grup kursus sebelumnya yang lanjut sebagai grup ini.',
            'Tidak ada: sering kali mereka orang baru.',
        ],
        LATE_START: [
            'Mulai lama sesudah grup asalnya lulus.',
            'Tanyakan fasilitator: tanggal atau fasilitator yang salah tampak sama.',
        ],
        FOREIGN_EPISODE: [
            'Menghadiri episode kursus lain: itu kegiatan, tetapi bukan kemajuan.',
            'Pindahkan kehadiran ke episode yang benar.',
        ],
        EPISODE_BEYOND_MAX: [
            'Menghadiri episode kursusnya sendiri sesudah yang terakhir.',
            'Betulkan jumlah episode kursus, atau urutan episode.',
        ],
        FUTURE_ATTENDANCE: ['Ada kehadiran di masa depan.', 'Betulkan waktu kehadiran.'],
    },
    findingAdvice: {
        null_values: 'Tidak ada, kecuali ada kolom yang seharusnya terisi.',
        orphan_reference: 'Pulihkan yang dirujuk baris itu, atau hapus barisnya.',
        quarantine:
            'Pulihkan yang dirujuk baris itu, atau hapus; tiap sinkronisasi mencobanya lagi.',
        drift: 'Beri tahu pengelola basis data ini: ekstensi mungkin perlu diperbarui.',
        end_before_start: 'Betulkan tanggalnya.',
        updated_before_created: 'Tidak ada: sinkronisasi membandingkan isi, bukan waktu perubahan.',
        deleted_before_created: 'Betulkan waktu penghapusan.',
        in_future: 'Betulkan tanggalnya.',
        attendance_before_group: 'Betulkan waktu pembuatan grup.',
        joined_before_group: 'Betulkan waktu pembuatan grup.',
        joined_at_null: 'Isi waktu bergabung.',
        implausible_date: 'Betulkan tanggalnya; sebelum itu tidak dihitung.',
        ignored_person: 'Hubungkan catatan dengan pengguna.',
        group_without_hangout: 'Tetapkan kursus grup.',
        duplicate_email:
            'Gabungkan pengguna; sebelum itu anggota mungkin tidak dikenali di kursus berikutnya.',
        near_miss_course: 'Ganti namanya, atau tambahkan nama itu ke daftar kursus.',
        role_seen: 'Betulkan peran selain MEMBER dan FACILITATOR.',
        membership_status_seen: 'Tidak ada: tidak menentukan apa pun.',
        group_status_seen: 'Tidak ada: tidak menentukan apa pun.',
        place_spelling: 'Pilih satu ejaan tempat untuk semua grupnya.',
    },
};
