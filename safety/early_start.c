/*
 * safety/early_start.c
 *		Starts AddressSanitizer before every other library of the process.
 *
 * A sanitizer that is preloaded into an uninstrumented server starts at the first
 * malloc. That can be a malloc inside bindtextdomain() or setlocale(), which hold
 * a lock. The sanitizer's start then waits for the same lock, and the process
 * hangs. This file is linked with -z initfirst, so that its constructor runs first.
 */
extern void __asan_init(void);

/* Runs before the constructors of the other libraries. */
static void __attribute__((constructor)) start_sanitizer(void)
{
	__asan_init();
}
