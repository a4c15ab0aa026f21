// The texts of places in Indonesian. Functions get formatted values; `n` is the plain number.

export default {
    place: 'Tempat',
    none: 'tidak diketahui',
    noCity: 'kota tidak diketahui',
    all: 'Semua tempat',
    elsewhere: 'Halaman ini tentang semua tempat. Daftar grup tetap di',
    caption: 'Grup menurut tempat',
    search: 'Kota atau provinsi',
    count: (n, count) => `${count} tempat`,
    empty: 'Tidak ada grup dalam kurikulum.',
    rule:
        'Satu baris untuk tiap kota di sebuah provinsi yang punya grup. Seseorang bisa ' +
        'memimpin atau ikut grup di dua tempat: kedua kolom itu tidak dapat dijumlahkan.',
    columns: {
        groups_total: 'Grup',
        active: 'Aktif',
        stalled: 'Vakum',
        not_started: 'Belum mulai',
        graduated: 'Lulus',
        graduation_rate: 'Lulus, dari semua',
        to_rescue: 'Perlu dihubungi',
        at_risk: 'Berisiko',
        facilitators: 'Fasilitator',
        members: 'Anggota',
    },
};
