// Inflating raw deflate streams in memory, and the check sum that goes with them.
#include <limits.h>
#include <zlib.h>

#include "CMedia.h"

// zlib counts in 32 bits; longer runs are handed over in parts.
static uInt part(size_t *left) {
  uInt count = *left < UINT_MAX ? (uInt)*left : UINT_MAX;
  *left -= count;
  return count;
}

static const char *failure(const z_stream *stream, int status, bool is_whole) {
  if (status == Z_STREAM_END) return is_whole ? NULL : "another length";
  if (stream->msg) return stream->msg;
  if (status == Z_MEM_ERROR) return "no memory";
  return stream->avail_out == 0 ? "more bytes" : "no end of the stream";
}

const char *cm_inflate(
    const uint8_t *bytes, size_t count, uint8_t *target, size_t target_count, size_t *consumed) {
  uint8_t nowhere;
  z_stream stream = {.next_in = (Bytef *)bytes, .next_out = target ? target : &nowhere};
  *consumed = 0;
  if (inflateInit2(&stream, -MAX_WBITS) != Z_OK) return "no memory";
  size_t left_in = count, left_out = target_count;
  int status = Z_OK;
  while (status == Z_OK) {
    if (stream.avail_in == 0) stream.avail_in = part(&left_in);
    if (stream.avail_out == 0) stream.avail_out = part(&left_out);
    status = inflate(&stream, Z_NO_FLUSH);
  }
  left_in += stream.avail_in;
  left_out += stream.avail_out;
  *consumed = count - left_in;
  const char *message = failure(&stream, status, left_in == 0 && left_out == 0);
  inflateEnd(&stream);
  return message;
}

bool cm_deflate_is_cut(const uint8_t *bytes, size_t count, size_t trailer, size_t limit) {
  uint8_t passing[1 << 14];
  z_stream stream = {.next_in = (Bytef *)bytes};
  if (inflateInit2(&stream, -MAX_WBITS) != Z_OK) return false;
  size_t left_in = count, total_out = 0;
  int status = Z_OK;
  while (status == Z_OK && total_out <= limit) {
    if (stream.avail_in == 0) stream.avail_in = part(&left_in);
    stream.next_out = passing;
    stream.avail_out = sizeof passing;
    status = inflate(&stream, Z_NO_FLUSH);
    total_out += sizeof passing - stream.avail_out;
  }
  left_in += stream.avail_in;
  inflateEnd(&stream);
  if (status == Z_STREAM_END) return left_in < trailer;
  // Nothing more comes out of what there is.
  return status == Z_BUF_ERROR && left_in == 0;
}

uint32_t cm_crc32(uint32_t sum, const uint8_t *bytes, size_t count) {
  return (uint32_t)crc32_z(sum, bytes, count);
}
