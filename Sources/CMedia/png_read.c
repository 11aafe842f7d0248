// Reading PNG from memory. libpng reports errors by jumping; no jump leaves this file.
#include <png.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include "CMedia.h"

struct cm_png_reader {
  const uint8_t *bytes;
  size_t count;
  size_t offset;
  uint32_t channels;
  png_structp png;
  png_infop info;
  jmp_buf failure;
  char message[128];
};

static void fail(png_structp png, png_const_charp message) {
  cm_png_reader *reader = png_get_error_ptr(png);
  strncpy(reader->message, message, sizeof reader->message - 1);
  longjmp(reader->failure, 1);
}

static void ignore_warning(png_structp png, png_const_charp message) {
  (void)png;
  (void)message;
}

static void take(png_structp png, png_bytep target, size_t count) {
  cm_png_reader *reader = png_get_io_ptr(png);
  if (count > reader->count - reader->offset) png_error(png, "the end of the file");
  memcpy(target, reader->bytes + reader->offset, count);
  reader->offset += count;
}

cm_png_reader *cm_png_reader_new(
    const uint8_t *bytes, size_t count, uint32_t max_side, size_t max_text_bytes,
    uint32_t max_texts) {
  cm_png_reader *reader = calloc(1, sizeof *reader);
  if (!reader) return NULL;
  reader->bytes = bytes;
  reader->count = count;
  if (setjmp(reader->failure)) {
    cm_png_reader_release(reader);
    return NULL;
  }
  reader->png = png_create_read_struct(PNG_LIBPNG_VER_STRING, reader, fail, ignore_warning);
  if (reader->png) reader->info = png_create_info_struct(reader->png);
  if (!reader->info) {
    cm_png_reader_release(reader);
    return NULL;
  }
  png_set_read_fn(reader->png, reader, take);
  png_set_user_limits(reader->png, max_side, max_side);
  png_set_chunk_malloc_max(reader->png, max_text_bytes);
  png_set_chunk_cache_max(reader->png, max_texts);
  // Of what an image may carry besides pixels, only texts are of interest, and not always these.
  static const png_byte ignored[] = "iCCP\0eXIf\0hIST\0pCAL\0sCAL\0sPLT\0tEXt\0zTXt\0iTXt";
  png_set_keep_unknown_chunks(reader->png, PNG_HANDLE_CHUNK_NEVER, ignored, max_texts ? 6 : 9);
  return reader;
}

void cm_png_reader_release(cm_png_reader *reader) {
  if (!reader) return;
  if (reader->png) png_destroy_read_struct(&reader->png, &reader->info, NULL);
  free(reader);
}

// Fails if a chunk claims more bytes than the file has, because libpng takes and clears memory for
// some chunks, up to 2 GB, before it reads them.
static void check_chunk_lengths(cm_png_reader *reader) {
  size_t at = 8;
  while (at + 8 <= reader->count) {
    const uint8_t *chunk = reader->bytes + at;
    size_t length = png_get_uint_32(chunk);
    reader->offset = at;
    if (length > reader->count - at - 8) png_error(reader->png, "a chunk longer than the file");
    if (memcmp(chunk + 4, "IEND", 4) == 0) break;
    at += 8 + length + 4;
  }
  reader->offset = 0;
}

bool cm_png_reader_header(cm_png_reader *reader, cm_png_header *header) {
  if (setjmp(reader->failure)) return false;
  png_structp png = reader->png;
  check_chunk_lengths(reader);
  png_read_info(png, reader->info);
  png_set_expand(png);
  png_set_scale_16(png);
  png_set_interlace_handling(png);
  header->width = png_get_image_width(png, reader->info);
  header->height = png_get_image_height(png, reader->info);
  // What png_read_update_info will say; it is called later because it takes memory for a row.
  int colour = png_get_color_type(png, reader->info);
  bool transparent = png_get_valid(png, reader->info, PNG_INFO_tRNS) != 0;
  header->channels = (colour & PNG_COLOR_MASK_COLOR ? 3 : 1)
      + (colour & PNG_COLOR_MASK_ALPHA || transparent ? 1 : 0);
  reader->channels = header->channels;
  return true;
}

bool cm_png_reader_pixels(cm_png_reader *reader, uint8_t *pixels) {
  if (setjmp(reader->failure)) return false;
  png_structp png = reader->png;
  int passes = png_set_interlace_handling(png);
  png_read_update_info(png, reader->info);
  size_t row_bytes = png_get_rowbytes(png, reader->info);
  uint32_t height = png_get_image_height(png, reader->info);
  if (row_bytes != (size_t)png_get_image_width(png, reader->info) * reader->channels) {
    png_error(png, "rows of another length than announced");
  }
  for (int pass = 0; pass < passes; pass++) {
    for (uint32_t y = 0; y < height; y++) png_read_row(png, pixels + y * row_bytes, NULL);
  }
  png_read_end(png, reader->info);
  return true;
}

size_t cm_png_reader_text_count(const cm_png_reader *reader) {
  png_textp texts;
  int count = 0;
  png_get_text(reader->png, reader->info, &texts, &count);
  return (size_t)count;
}

cm_png_text cm_png_reader_text(const cm_png_reader *reader, size_t index) {
  png_textp texts;
  int count = 0;
  png_get_text(reader->png, reader->info, &texts, &count);
  png_textp text = &texts[index];
  bool is_latin1 = text->compression < PNG_ITXT_COMPRESSION_NONE;
  return (cm_png_text){
      .key = text->key,
      .text = text->text,
      .length = is_latin1 ? text->text_length : text->itxt_length,
      .is_latin1 = is_latin1,
  };
}

const char *cm_png_reader_message(const cm_png_reader *reader) { return reader->message; }

size_t cm_png_reader_offset(const cm_png_reader *reader) { return reader->offset; }
