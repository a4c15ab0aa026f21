// Leads from a page's former address to the new one, with all parameters of the former one.

const link = document.querySelector('a');
const target = new URL(link.href);
for (const [name, value] of new URLSearchParams(location.search))
    target.searchParams.set(name, value);
location.replace(target.href + location.hash);
