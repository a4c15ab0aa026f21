/*
 * safety/palloc_guard.c
 *		Lets AddressSanitizer detect accesses past the end of palloc'd chunks.
 *
 * PostgreSQL carves chunks out of large blocks, so an access past the end of a
 * chunk is still inside memory from malloc and would not be reported. The linker
 * option --wrap therefore replaces palloc and similar calls in the sanitized
 * library by the functions of this file. They allocate each chunk a little longer
 * than requested and poison the rest until the chunk is freed or its context is
 * reset. Chunks that the server allocates for the extension are not guarded.
 */
#include "postgres.h"

#include <sanitizer/asan_interface.h>

#include "utils/memutils.h"

/* The number of poisoned bytes after a chunk. */
#define GUARD_BYTES 32

/* The poisoned end of a chunk, and the callback that unpoisons it when its context is reset. */
typedef struct Guard
{
	MemoryContextCallback callback;
	char *end;
} Guard;

extern void *__real_palloc(Size size);
extern void *__real_palloc0(Size size);
extern void *__real_repalloc(void *pointer, Size size);
extern void *__real_repalloc_huge(void *pointer, Size size);
extern void __real_pfree(void *pointer);
extern void *__real_MemoryContextAlloc(MemoryContext context, Size size);
extern void *__real_MemoryContextAllocZero(MemoryContext context, Size size);
extern void *__real_MemoryContextAllocHuge(MemoryContext context, Size size);
extern void *__real_MemoryContextAllocExtended(MemoryContext context, Size size, int flags);

extern void *__wrap_palloc(Size size);
extern void *__wrap_palloc0(Size size);
extern char *__wrap_pstrdup(const char *text);
extern void *__wrap_repalloc(void *pointer, Size size);
extern void *__wrap_repalloc_huge(void *pointer, Size size);
extern void __wrap_pfree(void *pointer);
extern void *__wrap_MemoryContextAlloc(MemoryContext context, Size size);
extern void *__wrap_MemoryContextAllocZero(MemoryContext context, Size size);
extern void *__wrap_MemoryContextAllocHuge(MemoryContext context, Size size);
extern void *__wrap_MemoryContextAllocExtended(MemoryContext context, Size size, int flags);

/* Reset callback: unpoisons the end of a chunk before its context's memory is freed. */
static void
lift_guard(void *arg)
{
	Guard *guard = arg;

	__asan_unpoison_memory_region(guard->end, GUARD_BYTES);
}

/* Poisons the bytes after the requested size of a chunk. */
static void *
put_guard(void *chunk, Size size)
{
	MemoryContext context;
	Guard *guard;

	if (chunk == NULL)
		return NULL;
	context = GetMemoryChunkContext(chunk);
	guard = __real_MemoryContextAllocZero(context, sizeof(Guard));
	guard->end = (char *) chunk + size;
	guard->callback.func = lift_guard;
	guard->callback.arg = guard;
	MemoryContextRegisterResetCallback(context, &guard->callback);
	__asan_unpoison_memory_region(chunk, size);
	__asan_poison_memory_region(guard->end, GUARD_BYTES);
	return chunk;
}

/* Unpoisons one chunk before it is freed or reallocated. */
static void
free_guard(void *chunk)
{
	__asan_unpoison_memory_region(chunk, GetMemoryChunkSpace(chunk));
}

void *
__wrap_palloc(Size size)
{
	return put_guard(__real_palloc(size + GUARD_BYTES), size);
}

void *
__wrap_palloc0(Size size)
{
	return put_guard(__real_palloc0(size + GUARD_BYTES), size);
}

char *
__wrap_pstrdup(const char *text)
{
	Size size = strlen(text) + 1;

	return memcpy(__wrap_palloc(size), text, size);
}

void *
__wrap_repalloc(void *pointer, Size size)
{
	free_guard(pointer);
	return put_guard(__real_repalloc(pointer, size + GUARD_BYTES), size);
}

void *
__wrap_repalloc_huge(void *pointer, Size size)
{
	free_guard(pointer);
	return put_guard(__real_repalloc_huge(pointer, size + GUARD_BYTES), size);
}

void
__wrap_pfree(void *pointer)
{
	free_guard(pointer);
	__real_pfree(pointer);
}

void *
__wrap_MemoryContextAlloc(MemoryContext context, Size size)
{
	return put_guard(__real_MemoryContextAlloc(context, size + GUARD_BYTES), size);
}

void *
__wrap_MemoryContextAllocZero(MemoryContext context, Size size)
{
	return put_guard(__real_MemoryContextAllocZero(context, size + GUARD_BYTES), size);
}

void *
__wrap_MemoryContextAllocHuge(MemoryContext context, Size size)
{
	return put_guard(__real_MemoryContextAllocHuge(context, size + GUARD_BYTES), size);
}

void *
__wrap_MemoryContextAllocExtended(MemoryContext context, Size size, int flags)
{
	return put_guard(__real_MemoryContextAllocExtended(context, size + GUARD_BYTES, flags), size);
}
