// An address that has moved: goes to the new one, with all that the old one asked for.

const link = document.querySelector('a');
const target = new URL(link.href);
for (const [name, value] of new URLSearchParams(location.search))
    target.searchParams.set(name, value);
location.replace(target.href + location.hash);
