// The navigation on narrow screens, where a button opens it. Wide screens always show it, and no
// button.

/** Makes the button open and close the navigation; Escape closes it and gives the focus back. */
export function startMenu() {
    const button = document.getElementById('menu');
    const nav = document.getElementById('pages');
    const show = (open) => {
        button.setAttribute('aria-expanded', String(open));
        nav.toggleAttribute('data-open', open);
    };
    const isOpen = () => button.getAttribute('aria-expanded') === 'true';
    button.addEventListener('click', () => show(!isOpen()));
    nav.parentElement.addEventListener('keydown', (event) => {
        if (event.key !== 'Escape' || !isOpen()) return;
        show(false);
        button.focus();
    });
}
