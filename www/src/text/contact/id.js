// The texts of "To contact", of messages and of follow-ups, in Indonesian. Functions get formatted
// values.

import { groups } from '../words-id.js';

export default {
    copy: 'Salin',
    copyOf: (contact) => `Salin ${contact}`,
    copied: 'Tersalin',
    notCopied: 'Pilih lalu salin sendiri',
    tabs: 'Grup yang mana',
    rescue: {
        tab: 'Sudah vakum',
        caption: 'Grup vakum yang hampir selesai',
        count: (n, count) => `${groups(n, count)} vakum perlu dihubungi`,
        empty: (rules) =>
            'Tidak ada grup yang perlu dihubungi. Kabar baik: tidak ada grup vakum yang ' +
            `sudah menempuh ${rules.rescue_min_pct}% kursusnya.`,
        rule: (rules) =>
            `Grup vakum (lebih dari ${rules.active_days} hari tidak bertemu) yang sudah ` +
            `menempuh sedikitnya ${rules.rescue_min_pct}% kursusnya.`,
    },
    atRisk: {
        tab: 'Berisiko vakum',
        caption: 'Grup yang berisiko vakum',
        count: (n, count) => `${groups(n, count)} berisiko vakum`,
        empty: 'Tidak ada grup yang berisiko. Kabar baik: semua grup aktif bertemu seperti biasa.',
        rule: (rules) =>
            `Masih aktif, tetapi sudah setengah dari ${rules.active_days} hari tidak ` +
            'bertemu (sesudah itu grup dianggap vakum), atau dua kali lebih lama dari ' +
            'jarak biasanya.',
    },
    states: {
        label: 'Tindak lanjut',
        all: 'Semua',
        NEW: 'Belum dihubungi',
        DUE: 'Hubungi lagi',
        WAITING: 'Menunggu',
        CLOSED: 'Ditutup',
    },
    stateMeans: {
        NEW: 'Belum dihubungi: sejak pertemuan terakhirnya belum ada yang menghubungi grup ini.',
        DUE: 'Hubungi lagi: tanggalnya sudah tiba, sudah lewat 14 hari, atau kontaknya keliru.',
        WAITING: 'Menunggu: dihubungi dalam 14 hari terakhir, atau ada tanggal berikutnya.',
        CLOSED: 'Ditutup: menurut tindak lanjut terakhir, grup ini sudah bubar.',
    },
    lastFollowUp: (outcome, day, who) => `${outcome}, ${day}, ${who}`,
    nextOn: (day) => `hubungi lagi ${day}`,
    often: (n, count) => `${count} tindak lanjut`,
    byFacilitator: 'Kelompokkan per fasilitator',
    noFacilitator: 'Tanpa fasilitator',
    groupsOf: (n, count) => groups(n, count),
    usually: (days) => `biasanya tiap ${days} hari`,
    met: (count) => `${count} kali bertemu`,
    actions: 'Hubungi',
    email: 'Email',
    emailTo: (group) => `Kirim email tentang ${group}`,
    emailAll: (n, count) => `Kirim email tentang ${n === 2 ? 'kedua' : `ke-${count}`} grup`,
    note: 'Catat',
    noteOn: (group) => `Catat tindak lanjut untuk ${group}`,
    noAddress: {
        unknown: 'Alamat fasilitator tidak diketahui.',
        wrong: 'Menurut tindak lanjut terakhir, alamat fasilitator keliru.',
    },
    askMember: (who, n, count) =>
        `${n > 0 ? `Anggota yang paling rajin datang (${count} hari)` : 'Anggota paling lama'}: ` +
        `${who}`,
    nobody: 'Alamat anggota pun tidak diketahui.',
    copyAll: 'Salin semua alamat',
    copiedAll: (n, count, lacking) =>
        `${count} alamat tersalin.${lacking ? ` ${lacking} grup tidak punya alamat.` : ''} ` +
        'Tempelkan di kolom Bcc.',
    noneToCopy: 'Tidak satu pun dari grup ini punya alamat.',
    copyByHand: 'Peramban tidak mengizinkan halaman ini menyalin. Salin alamatnya dari sini:',
    chanceUnknown: 'jeda selama ini masih terlalu jarang untuk diperkirakan',
    chances: (value) => (value === 'unknown' ? 'belum dapat diperkirakan' : `sedikitnya ${value}%`),
    chanceWhat:
        'Peluang: dari jeda di kursus ini yang sudah selama itu, berapa bagian yang ' +
        'berakhir dengan pertemuan dalam 28 hari berikutnya. Ini bukan vonis bagi sebuah ' +
        'grup.',
    message: {
        subject: (group) => `Kabar grup ${group}`,
        subjectMany: (count) => `Kabar ${count} grup Anda`,
        hello: 'Halo,',
        toMember:
            'kami menulis kepada Anda sebagai anggota, karena fasilitatornya tidak dapat kami ' +
            'hubungi:',
        last: (group, course, day) => `grup “${group}” (${course}) terakhir bertemu pada ${day}.`,
        never: (group, course) => `grup “${group}” (${course}) belum pernah bertemu.`,
        many: 'beberapa grup Anda sudah lama tidak bertemu:',
        lineLast: (group, course, day) => `- ${group} (${course}): terakhir bertemu ${day}`,
        lineNever: (group, course) => `- ${group} (${course}): belum pernah bertemu`,
        rest: (n, count) => `dan ${count} grup lagi`,
        left: (n, count) => `Tinggal ${count} episode lagi.`,
        ask: 'Bagaimana kabarnya? Adakah yang bisa kami bantu supaya grup ini bisa bertemu lagi?',
        askMany: 'Bagaimana kabarnya? Adakah yang bisa kami bantu supaya mereka bisa bertemu lagi?',
        thanks: 'Terima kasih!',
    },
    form: {
        title: 'Catat tindak lanjut',
        name: 'Nama Anda',
        nameWhy:
            'Di sini tidak ada yang masuk dengan akun, jadi nama ditampilkan seperti yang ' +
            'Anda tulis.',
        what: 'Apa yang terjadi? Cukup satu kalimat.',
        hint: 'Semua yang dapat membuka halaman ini dapat membacanya. Jangan menulis hal pribadi.',
        channel: 'Lewat',
        next: 'Hubungi lagi (bila perlu)',
        save: 'Simpan sebagai',
        cancel: 'Batal',
        nameMissing: 'Tulis dulu nama Anda.',
        saving: 'Menyimpan…',
        saved: (group, outcome) => `Tercatat untuk ${group}: ${outcome}.`,
        undo: 'Urungkan',
        undone: 'Tindak lanjut sudah dibatalkan.',
        notSaved: 'Tidak tersimpan.',
        mayNot: 'Anda boleh melihat, tetapi tidak boleh mencatat tindak lanjut.',
        notInPast:
            'Anda sedang melihat hari yang lampau. Kembalilah ke hari ini untuk mencatat ' +
            'tindak lanjut.',
    },
    channels: {
        email: 'email',
        whatsapp: 'WhatsApp',
        phone: 'telepon',
        in_person: 'tatap muka',
        other: 'cara lain',
    },
    outcomes: {
        no_answer: 'Belum dijawab',
        will_meet: 'Akan bertemu',
        paused: 'Istirahat dulu',
        closed: 'Grup sudah bubar',
        wrong_contact: 'Kontak keliru',
    },
    followUps: {
        title: 'Tindak lanjut',
        count: (n, count) => `${count} tindak lanjut`,
        none: 'Belum ada tindak lanjut untuk grup ini.',
        when: 'Kapan',
        who: 'Oleh',
        how: 'Lewat',
        outcome: 'Hasil',
        note: 'Catatan',
        noNote: 'tanpa catatan',
        next: 'Hubungi lagi',
        noNext: 'tanggal tidak ditentukan',
        unverified: 'nama sesuai ketikan',
        withdraw: 'Batalkan',
        withdrawOf: (day, who) => `Batalkan tindak lanjut ${day}, ${who}`,
        sureWhat:
            'Tindak lanjut ini tidak dihitung lagi. Siapa yang membatalkannya, dan kapan, ' +
            'tetap tersimpan.',
        keep: 'Jangan dibatalkan',
    },
    effect: {
        title: 'Apakah menghubungi ada gunanya?',
        caption: 'Grup yang dihubungi, per kursus',
        all: 'Semua kursus',
        contacted: 'Dihubungi',
        metAgain: 'Bertemu lagi dalam 28 hari',
        share: 'Dari yang dihubungi',
        expected: 'Jeda serupa tanpa dihubungi',
        tooFew: 'terlalu sedikit untuk disimpulkan',
        interval: (low, high) => `${low} sampai ${high}`,
        none:
            'Belum ada yang dapat dibandingkan: tindak lanjut baru dihitung di sini 28 hari ' +
            'setelah dicatat.',
        rule:
            'Ini perbandingan, bukan bukti: grup yang dihubungi dipilih orang, jadi mungkin ' +
            'berbeda dari yang lain. Kurang dari 50 grup terlalu sedikit untuk disimpulkan. ' +
            'Rentang itu memuat angka yang sebenarnya dengan keyakinan 95%.',
    },
};
