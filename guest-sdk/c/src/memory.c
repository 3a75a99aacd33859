/*
 * A heap that only grows. The host makes a fresh instance for each call and drops it afterwards, memory and
 * all, so giving memory back inside a call is wasted work: allocating is adding to a pointer. The price: a
 * plugin that allocates in a long loop holds all of it until the call ends.
 *
 * In the sandbox this is malloc as well (the C library's own would fight over the same memory). Natively, in
 * tests, memory comes from the C library in blocks, and mw_forget gives them back between runs.
 */
#include <string.h>

#include "internal.h"

#define ALIGNMENT 16u

static char *top;
static char *end;

#if defined(__wasm__)

#define PAGE ((size_t)65536)
/* Memory is asked for in steps of at least this much: each memory.grow is a call into the host. */
#define STEP_PAGES ((size_t)2)

/* Where the linker's own data end; only its address means anything. */
extern char __heap_base;

static void grow(size_t bytes)
{
    if (top == NULL) {
        top = (char *)(((uintptr_t)&__heap_base + ALIGNMENT - 1) & ~(uintptr_t)(ALIGNMENT - 1));
        end = (char *)(__builtin_wasm_memory_size(0) * PAGE);
        if (bytes <= (size_t)(end - top)) return;
    }
    size_t need = (bytes - (size_t)(end - top) + PAGE - 1) / PAGE;
    size_t pages = need > STEP_PAGES ? need : STEP_PAGES;
    /* The larger step may break a limit that the bare need does not. */
    if (bytes > SIZE_MAX / 2
        || (__builtin_wasm_memory_grow(0, pages) == SIZE_MAX
            && __builtin_wasm_memory_grow(0, need) == SIZE_MAX)) {
        mw_panic("there is no memory for ", bytes, " bytes more");
    }
    end = (char *)(__builtin_wasm_memory_size(0) * PAGE);
}

#else

#include <stdlib.h>

#define BLOCK ((size_t)1 << 20)

static struct block {
    struct block *next;
} *blocks;

static void grow(size_t bytes)
{
    size_t size = bytes + 2 * ALIGNMENT > BLOCK ? bytes + 2 * ALIGNMENT : BLOCK;
    struct block *block = calloc(1, size);
    if (block == NULL) abort();
    block->next = blocks;
    blocks = block;
    top = (char *)block + ALIGNMENT;
    end = (char *)block + size;
}

void mw_forget(void)
{
    while (blocks != NULL) {
        struct block *next = blocks->next;
        free(blocks);
        blocks = next;
    }
    top = end = NULL;
}

#endif

void *mw_alloc(size_t bytes)
{
    size_t size = (bytes + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
    if (size < bytes) mw_panic("there is no memory for ", bytes, " bytes");
    if (size > (size_t)(end - top)) grow(size);
    void *block = top;
    top += size;
    return block;
}

void *mw_resize(void *block, size_t bytes, size_t wanted)
{
    size_t size = (bytes + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
    if (block != NULL && (char *)block + size == top && wanted > bytes) {
        /* The newest block grows in place. */
        size_t more = ((wanted + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1)) - size;
        if (more <= (size_t)(end - top)) {
            top += more;
            return block;
        }
    }
    if (block != NULL && wanted <= bytes) return block;
    void *larger = mw_alloc(wanted);
    if (bytes > 0) memcpy(larger, block, bytes);
    return larger;
}

#if defined(__wasm__)

/* The canonical ABI asks for memory here: for strings and lists that the host hands in. */
__attribute__((used, export_name("cabi_realloc"))) void *cabi_realloc(
    void *block, size_t bytes, size_t align, size_t wanted);
void *cabi_realloc(void *block, size_t bytes, size_t align, size_t wanted)
{
    (void)align;
    return mw_resize(block, bytes, wanted);
}

/* The C library's names. A block's size stands before it. */
void *malloc(size_t bytes)
{
    if (bytes > SIZE_MAX - 2 * ALIGNMENT) return NULL;
    size_t *block = mw_alloc(bytes + ALIGNMENT);
    *block = bytes;
    return (char *)block + ALIGNMENT;
}

void free(void *block) { (void)block; }

void *calloc(size_t count, size_t size)
{
    size_t bytes;
    return __builtin_mul_overflow(count, size, &bytes) ? NULL : malloc(bytes);
}

void *realloc(void *block, size_t bytes)
{
    if (block == NULL) return malloc(bytes);
    size_t *head = (size_t *)(void *)((char *)block - ALIGNMENT);
    if (bytes <= *head) return block;
    head = mw_resize(head, *head + ALIGNMENT, bytes + ALIGNMENT);
    *head = bytes;
    return (char *)head + ALIGNMENT;
}

#endif
