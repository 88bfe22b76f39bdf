#include "internal.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

// Blocks are mapped, not allocated: what is unmapped goes back to the system at once, which the allocator's heap gives
// back only from its end.

enum {
    STANDARD_SIZE = 256 << 10,
    // A record larger than this has a block of its own, so that a block's end is never wasted by more than a quarter.
    LARGEST_SHARED = STANDARD_SIZE / 4,
    // Sizes of larger blocks are multiples of this, so that one fits the next record of about that size.
    LARGE_STEP = 16 << 10,
    // What is kept of blocks without records.
    FREE_BYTES = 4 << 20,
    // Below this nothing is moved together.
    COMPACT_FROM = 8 << 20,
    // Blocks looked at in one call: a bound on its time.
    COMPACT_BLOCKS = 64,
};

void *crecords_allocate(size_t size) { return crecords_reallocate(NULL, size); }

void *crecords_reallocate(void *memory, size_t size) {
    void *result = realloc(memory, size);
    if (result == NULL) {
        fprintf(stderr, "ackpipe: out of memory: %zu bytes for records\n", size);
        abort();
    }
    return result;
}

static struct crecords_block *map_block(struct crecords_blocks *blocks, size_t size) {
    struct crecords_block *block = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (block == MAP_FAILED) {
        fprintf(stderr, "ackpipe: out of memory: %zu bytes for records\n", size);
        abort();
    }
    block->size = size;
    blocks->mapped_bytes += size;
    return block;
}

static void unmap_block(struct crecords_blocks *blocks, struct crecords_block *block) {
    blocks->mapped_bytes -= block->size;
    munmap(block, block->size);
}

static void unlink_block(struct crecords_blocks *blocks, struct crecords_block *block) {
    *(block->previous != NULL ? &block->previous->next : &blocks->oldest) = block->next;
    *(block->next != NULL ? &block->next->previous : &blocks->newest) = block->previous;
}

static void append_block(struct crecords_blocks *blocks, struct crecords_block *block) {
    block->previous = blocks->newest;
    block->next = NULL;
    *(blocks->newest != NULL ? &blocks->newest->next : &blocks->oldest) = block;
    blocks->newest = block;
}

// A free block or a new one, empty.
static struct crecords_block *take_block(struct crecords_blocks *blocks, size_t size) {
    struct crecords_block **place = size == STANDARD_SIZE ? &blocks->free : &blocks->free_large;
    while (*place != NULL && ((*place)->size < size || (*place)->size > 2 * size)) { place = &(*place)->next; }
    struct crecords_block *block = *place;
    if (block != NULL) {
        *place = block->next;
        blocks->free_bytes -= block->size;
    } else {
        block = map_block(blocks, size);
    }
    block->used = sizeof *block;
    block->live_bytes = 0;
    block->live_count = 0;
    return block;
}

static void give_block(struct crecords_blocks *blocks, struct crecords_block *block) {
    if (blocks->free_bytes + block->size > FREE_BYTES) {
        unmap_block(blocks, block);
        return;
    }
    struct crecords_block **list = block->size == STANDARD_SIZE ? &blocks->free : &blocks->free_large;
    block->next = *list;
    *list = block;
    blocks->free_bytes += block->size;
}

static struct crecords_record *place_in(
    struct crecords_blocks *blocks, struct crecords_block *block, uint32_t size, size_t rounded) {
    struct crecords_record *record = (struct crecords_record *)((uint8_t *)block + block->used);
    block->used += rounded;
    block->live_bytes += rounded;
    block->live_count += 1;
    blocks->live_bytes += rounded;
    record->block = block;
    record->size = size;
    return record;
}

static size_t rounded(uint32_t size) { return ((size_t)size + 7) & ~(size_t)7; }

struct crecords_record *crecords_place(struct crecords_blocks *blocks, uint32_t size) {
    size_t needed = rounded(size);
    if (needed > LARGEST_SHARED) {
        size_t whole = (needed + sizeof(struct crecords_block) + LARGE_STEP - 1) / LARGE_STEP * LARGE_STEP;
        // The sizes must differ for the lists of free blocks to be told apart.
        if (whole == STANDARD_SIZE) { whole += LARGE_STEP; }
        struct crecords_block *block = take_block(blocks, whole);
        append_block(blocks, block);
        return place_in(blocks, block, size, needed);
    }
    struct crecords_block *block = blocks->current;
    if (block == NULL || block->size - block->used < needed) {
        if (block != NULL) { append_block(blocks, block); }
        block = blocks->current = take_block(blocks, STANDARD_SIZE);
    }
    return place_in(blocks, block, size, needed);
}

void crecords_displace(struct crecords_blocks *blocks, struct crecords_record *record) {
    struct crecords_block *block = record->block;
    size_t size = rounded(record->size);
    // Whoever walks the block (crecords_compact) sees that it is gone.
    record->slot = -1;
    block->live_bytes -= size;
    block->live_count -= 1;
    blocks->live_bytes -= size;
    if (block->live_count != 0) { return; }
    if (block == blocks->current) {
        block->used = sizeof *block;
        return;
    }
    unlink_block(blocks, block);
    give_block(blocks, block);
}

// Moves the records that live in the block into the current one; the block is out of use afterwards.
static void evacuate(struct crecords_store *store, struct crecords_block *block) {
    size_t end = block->used;
    // Displacing the last record gives the block away: its memory is not looked at after that.
    for (size_t place = sizeof *block; block->live_count > 0 && place < end;) {
        struct crecords_record *record = (struct crecords_record *)((uint8_t *)block + place);
        place += rounded(record->size);
        if (record->slot < 0) { continue; }
        bool is_last = block->live_count == 1;
        struct crecords_record *copy = crecords_place(&store->blocks, record->size);
        struct crecords_block *target = copy->block;
        memcpy(copy, record, record->size);
        copy->block = target;
        store->slots.records[copy->slot] = copy;
        crecords_displace(&store->blocks, record);
        if (is_last) { return; }
    }
}

void crecords_compact(struct crecords_store *store) {
    struct crecords_blocks *blocks = &store->blocks;
    struct crecords_block *block = blocks->oldest;
    for (int count = 0; block != NULL && count < COMPACT_BLOCKS; count++) {
        size_t used = blocks->mapped_bytes - blocks->free_bytes;
        if (used < COMPACT_FROM || used / 2 < blocks->live_bytes) { return; }
        struct crecords_block *next = block->next;
        // No more is copied than becomes free, so that all copying costs less than the filling did.
        if (block->live_bytes <= block->size / 2) {
            evacuate(store, block);
        } else {
            // Behind the others, so that the next look begins with blocks that were not looked at.
            unlink_block(blocks, block);
            append_block(blocks, block);
        }
        block = next;
    }
}

void crecords_free_blocks(struct crecords_blocks *blocks) {
    struct crecords_block *lists[] = {blocks->current, blocks->oldest, blocks->free, blocks->free_large};
    if (blocks->current != NULL) { blocks->current->next = NULL; }
    for (size_t list = 0; list < sizeof lists / sizeof *lists; list++) {
        for (struct crecords_block *block = lists[list]; block != NULL;) {
            struct crecords_block *next = block->next;
            unmap_block(blocks, block);
            block = next;
        }
    }
}
