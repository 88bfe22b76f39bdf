#include "internal.h"

#include <string.h>

static size_t length(int32_t size) { return size > 0 ? (size_t)size : 0; }

bool crecords_put(
    struct crecords_store *store, const struct crecords_own *own, struct crecords_arrival *arrival) {
    size_t table = length(own->header_count) * sizeof(struct crecords_header);
    size_t payload = length(own->key_size) + length(own->value_size) + own->header_bytes_size;
    size_t size = sizeof(struct crecords_record) + table + payload;
    if (size > UINT32_MAX) { return false; }
    struct crecords_record *record = crecords_place(&store->blocks, (uint32_t)size);
    record->timestamp = own->timestamp;
    record->timestamp_type = own->timestamp_type;
    record->key_size = own->key_size;
    record->value_size = own->value_size;
    record->header_count = own->header_count;
    uint8_t *bytes = (uint8_t *)(record + 1) + table;
    if (own->key_size > 0) { memcpy(bytes, own->key, length(own->key_size)); }
    bytes += length(own->key_size);
    if (own->value_size > 0) { memcpy(bytes, own->value, length(own->value_size)); }
    bytes += length(own->value_size);
    if (own->header_bytes_size > 0) { memcpy(bytes, own->header_bytes, own->header_bytes_size); }
    struct crecords_header *headers = (struct crecords_header *)(record + 1);
    for (int32_t i = 0; i < own->header_count; i++) {
        headers[i] = own->headers[i];
        headers[i].start += (uint32_t)(size - own->header_bytes_size);
    }
    crecords_hold(&store->slots, record);
    uint64_t counted = (uint64_t)payload + CRECORDS_HOLDING_COST;
    arrival->slot = record->slot;
    arrival->size = counted > UINT32_MAX ? UINT32_MAX : (uint32_t)counted;
    return true;
}
