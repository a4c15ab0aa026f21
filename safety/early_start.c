/*
 * safety/early_start.c
 *		Starts AddressSanitizer before every other library of the process.
 *
 * Loaded in front of a server that knows nothing of it, the sanitizer would start
 * at the first malloc, which can be one of bindtextdomain() or setlocale(), under
 * their lock; what it looks up then takes the same lock, and the process hangs.
 * Linked with -z initfirst.
 */
extern void __asan_init(void);

/* Runs before the constructors of the other libraries. */
static void __attribute__((constructor)) start_sanitizer(void)
{
	__asan_init();
}
