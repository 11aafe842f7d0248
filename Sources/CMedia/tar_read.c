// Reading tar from memory, plain or in a gzip stream. zlib inflates, because libarchive's own gzip
// filter ignores the check sum; libarchive sees the tar alone.
#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "CMedia.h"

struct cm_tar_reader {
  const uint8_t *bytes;
  size_t count;
  struct archive *archive;
  bool is_open;

  // The tar: how much of it libarchive was given, where the last byte of an inflated one lies that
  // is not 0, and whether libarchive was told that it ends.
  size_t given;
  size_t content_end;
  bool has_ended;

  bool is_gzip;
  bool is_inflated;
  z_stream stream;
  size_t max_inflated;
  uint8_t chunk[1 << 16];

  char message[256];
};

static bool fail(cm_tar_reader *reader, const char *message) {
  if (!message) message = "an error without a text";
  snprintf(reader->message, sizeof reader->message, "%s", message);
  return false;
}

static bool fail_with_archive(cm_tar_reader *reader) {
  return fail(reader, archive_error_string(reader->archive));
}

// --- The tar's bytes ---------------------------------------------------------------------------

static const char *gzip_failure(const cm_tar_reader *reader, int status) {
  if (status == Z_STREAM_END) return "bytes after the gzip stream";
  if (status == Z_BUF_ERROR) return "no end of the gzip stream";
  return reader->stream.msg ? reader->stream.msg : "no memory";
}

// Inflates the next part; returns its size, or -1 for failure.
static la_ssize_t inflate_chunk(cm_tar_reader *reader) {
  z_stream *stream = &reader->stream;
  stream->next_out = reader->chunk;
  stream->avail_out = sizeof reader->chunk;
  int status = reader->is_inflated ? Z_STREAM_END : Z_OK;
  while (status == Z_OK && stream->avail_out > 0) {
    size_t left = (size_t)(reader->bytes + reader->count - stream->next_in);
    stream->avail_in = left < UINT_MAX ? (uInt)left : UINT_MAX;
    status = inflate(stream, Z_NO_FLUSH);
  }
  bool is_read = stream->next_in == reader->bytes + reader->count;
  if (status != Z_OK && !(status == Z_STREAM_END && is_read)) {
    fail(reader, gzip_failure(reader, status));
    return -1;
  }
  reader->is_inflated = status == Z_STREAM_END;
  size_t size = sizeof reader->chunk - stream->avail_out;
  if (size > reader->max_inflated - reader->given) {
    fail(reader, "a gzip stream that inflates to more than is allowed");
    return -1;
  }
  return (la_ssize_t)size;
}

// Gives the next part of the tar: all of a plain one at once. Returns 0 at its end.
static la_ssize_t supply(struct archive *archive, void *context, const void **part) {
  cm_tar_reader *reader = context;
  la_ssize_t size;
  if (reader->is_gzip) {
    *part = reader->chunk;
    size = inflate_chunk(reader);
    if (size < 0) {
      archive_set_error(archive, EIO, "%s", reader->message);
      return ARCHIVE_FATAL;
    }
  } else {
    *part = reader->bytes;
    size = reader->given == 0 ? (la_ssize_t)reader->count : 0;
  }
  const uint8_t *bytes = *part;
  la_ssize_t end = reader->is_gzip ? size : 0;
  while (end > 0 && bytes[end - 1] == 0) end--;
  if (end > 0) reader->content_end = reader->given + (size_t)end;
  reader->given += (size_t)size;
  reader->has_ended = size == 0;
  return size;
}

// --- Opening -----------------------------------------------------------------------------------

static bool open_gzip(cm_tar_reader *reader) {
  static const uint8_t magic[] = {0x1F, 0x8B};
  reader->is_gzip =
      reader->count >= sizeof magic && memcmp(reader->bytes, magic, sizeof magic) == 0;
  reader->stream.next_in = (Bytef *)reader->bytes;
  return !reader->is_gzip || inflateInit2(&reader->stream, MAX_WBITS + 16) == Z_OK;
}

cm_tar_reader *cm_tar_reader_new(const uint8_t *bytes, size_t count, size_t max_inflated) {
  cm_tar_reader *reader = calloc(1, sizeof *reader);
  if (!reader) return NULL;
  reader->bytes = bytes;
  reader->count = count;
  reader->max_inflated = max_inflated;
  reader->archive = archive_read_new();
  if (!reader->archive || !open_gzip(reader)
      || archive_read_support_format_tar(reader->archive) != ARCHIVE_OK) {
    cm_tar_reader_release(reader);
    return NULL;
  }
  return reader;
}

void cm_tar_reader_release(cm_tar_reader *reader) {
  if (!reader) return;
  if (reader->archive) archive_read_free(reader->archive);
  if (reader->is_gzip) inflateEnd(&reader->stream);
  free(reader);
}

// --- Entries -----------------------------------------------------------------------------------

// Whether bytes are few enough to be the rest of a record, and all 0.
static bool is_padding(const uint8_t *bytes, size_t count) {
  if (count > CM_TAR_PADDING) return false;
  while (count > 0 && bytes[count - 1] == 0) count--;
  return count == 0;
}

// Checks what follows the entries.
static bool finish(cm_tar_reader *reader) {
  if (reader->has_ended) return fail(reader, "no mark of the archive's end");
  size_t end = (size_t)archive_filter_bytes(reader->archive, 0);
  if (!reader->is_gzip) {
    return is_padding(reader->bytes + end, reader->count - end)
           || fail(reader, "bytes after the mark of the archive's end");
  }
  const void *part;
  la_ssize_t size;
  do {
    size = supply(reader->archive, reader, &part);
  } while (size > 0);
  if (size < 0) return false;
  return reader->content_end <= end || fail(reader, "bytes after the mark of the archive's end");
}

static cm_tar_kind kind(struct archive_entry *entry) {
  if (archive_entry_hardlink(entry)) return CM_TAR_OTHER;
  if (archive_entry_sparse_count(entry) > 0) return CM_TAR_SPARSE;
  switch (archive_entry_filetype(entry)) {
    case AE_IFREG: return CM_TAR_FILE;
    case AE_IFDIR: return CM_TAR_FOLDER;
    default: return CM_TAR_OTHER;
  }
}

cm_tar_step cm_tar_reader_next(cm_tar_reader *reader, cm_tar_entry *entry) {
  int status = ARCHIVE_OK;
  if (!reader->is_open) status = archive_read_open(reader->archive, reader, NULL, supply, NULL);
  reader->is_open = true;
  struct archive_entry *header;
  if (status == ARCHIVE_OK) status = archive_read_next_header(reader->archive, &header);
  if (status == ARCHIVE_EOF) return finish(reader) ? CM_TAR_END : CM_TAR_FAILURE;
  if (status != ARCHIVE_OK) {
    fail_with_archive(reader);
    return CM_TAR_FAILURE;
  }
  *entry = (cm_tar_entry){
      .name = archive_entry_pathname(header),
      .size = archive_entry_size(header),
      .kind = kind(header),
  };
  return CM_TAR_ENTRY;
}

bool cm_tar_reader_content(cm_tar_reader *reader, uint8_t *target, size_t count) {
  size_t filled = 0;
  const void *block;
  size_t size;
  la_int64_t offset;
  int status;
  struct archive *archive = reader->archive;
  while ((status = archive_read_data_block(archive, &block, &size, &offset)) == ARCHIVE_OK) {
    if ((size_t)offset != filled || size > count - filled) {
      return fail(reader, "holes, or another size than announced");
    }
    memcpy(target + filled, block, size);
    filled += size;
  }
  if (status != ARCHIVE_EOF) return fail_with_archive(reader);
  return filled == count || fail(reader, "less than announced");
}

bool cm_tar_reader_place(cm_tar_reader *reader, size_t count, size_t *offset) {
  const void *block;
  size_t size;
  la_int64_t position;
  *offset = 0;
  int status = archive_read_data_block(reader->archive, &block, &size, &position);
  if (status == ARCHIVE_EOF && count == 0) return true;
  if (status != ARCHIVE_OK) {
    return status == ARCHIVE_EOF ? fail(reader, "less than announced") : fail_with_archive(reader);
  }
  // libarchive was given all bytes at once, and its blocks lie in them.
  uintptr_t place = (uintptr_t)block - (uintptr_t)reader->bytes;
  if (position != 0 || size != count || place > reader->count || size > reader->count - place) {
    return fail(reader, "holes, or another size than announced");
  }
  *offset = place;
  status = archive_read_data_block(reader->archive, &block, &size, &position);
  if (status == ARCHIVE_EOF) return true;
  return status == ARCHIVE_OK ? fail(reader, "more than announced") : fail_with_archive(reader);
}

const char *cm_tar_reader_message(const cm_tar_reader *reader) { return reader->message; }

size_t cm_tar_reader_offset(const cm_tar_reader *reader) {
  if (reader->is_gzip) return (size_t)(reader->stream.next_in - reader->bytes);
  la_int64_t position = archive_read_header_position(reader->archive);
  return position < 0 ? 0 : (size_t)position;
}
