// Reading JPEG from memory. libjpeg reports errors by jumping; no jump leaves this file.
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <jpeglib.h>
#include <jerror.h>

#include "CMedia.h"

struct cm_jpeg_reader {
  struct jpeg_decompress_struct jpeg;
  struct jpeg_error_mgr errors;
  struct jpeg_source_mgr source;
  struct jpeg_progress_mgr progress;
  size_t count;
  int max_scans;
  uint32_t channels;
  jmp_buf failure;
  char message[JMSG_LENGTH_MAX];
};

// Errors.

static void fail_with_message(j_common_ptr jpeg) {
  cm_jpeg_reader *reader = jpeg->client_data;
  jpeg->err->format_message(jpeg, reader->message);
  longjmp(reader->failure, 1);
}

static void fail(cm_jpeg_reader *reader, const char *message) {
  strncpy(reader->message, message, sizeof reader->message - 1);
  longjmp(reader->failure, 1);
}

// A warning (a negative level) tells of samples that were made up, but for two that tell of none:
// bytes between segments, and a later revision of JFIF.
static void fail_on_warning(j_common_ptr jpeg, int level) {
  int code = jpeg->err->msg_code;
  if (level < 0 && code != JWRN_EXTRANEOUS_DATA && code != JWRN_JFIF_MAJOR) {
    fail_with_message(jpeg);
  }
}

static void print_nothing(j_common_ptr jpeg) { (void)jpeg; }

// libjpeg calls this for every row of blocks.
static void limit_scans(j_common_ptr jpeg) {
  cm_jpeg_reader *reader = jpeg->client_data;
  if (reader->jpeg.input_scan_number > reader->max_scans) fail(reader, "too many scans");
}

// The source: all bytes are there from the start.

static void do_nothing(j_decompress_ptr jpeg) { (void)jpeg; }

static boolean take_more(j_decompress_ptr jpeg) {
  fail(jpeg->client_data, "the end of the file");
  return FALSE;
}

static void skip(j_decompress_ptr jpeg, long count) {
  if (count <= 0) return;
  if ((size_t)count > jpeg->src->bytes_in_buffer) take_more(jpeg);
  jpeg->src->next_input_byte += count;
  jpeg->src->bytes_in_buffer -= (size_t)count;
}

cm_jpeg_reader *cm_jpeg_reader_new(
    const uint8_t *bytes, size_t count, size_t max_memory, int max_scans) {
  cm_jpeg_reader *reader = calloc(1, sizeof *reader);
  if (!reader) return NULL;
  reader->jpeg.err = jpeg_std_error(&reader->errors);
  reader->jpeg.client_data = reader;
  reader->errors.error_exit = fail_with_message;
  reader->errors.emit_message = fail_on_warning;
  reader->errors.output_message = print_nothing;
  reader->count = count;
  reader->max_scans = max_scans;
  if (setjmp(reader->failure)) {
    cm_jpeg_reader_release(reader);
    return NULL;
  }
  jpeg_create_decompress(&reader->jpeg);
  reader->jpeg.mem->max_memory_to_use = (long)max_memory;
  reader->source = (struct jpeg_source_mgr){
      .next_input_byte = bytes,
      .bytes_in_buffer = count,
      .init_source = do_nothing,
      .fill_input_buffer = take_more,
      .skip_input_data = skip,
      .resync_to_restart = jpeg_resync_to_restart,
      .term_source = do_nothing,
  };
  reader->jpeg.src = &reader->source;
  reader->progress.progress_monitor = limit_scans;
  reader->jpeg.progress = &reader->progress;
  return reader;
}

void cm_jpeg_reader_release(cm_jpeg_reader *reader) {
  if (!reader) return;
  jpeg_destroy_decompress(&reader->jpeg);
  free(reader);
}

// What libjpeg keeps of a picture in several scans: two bytes for each coefficient.
static uint64_t coefficient_bytes(struct jpeg_decompress_struct *jpeg) {
  if (!jpeg_has_multiple_scans(jpeg)) return 0;
  uint64_t blocks = 0;
  for (int i = 0; i < jpeg->num_components; i++) {
    const jpeg_component_info *component = &jpeg->comp_info[i];
    // Rows and columns are made up to whole groups of blocks.
    uint64_t columns = component->width_in_blocks + (uint64_t)component->h_samp_factor;
    uint64_t rows = component->height_in_blocks + (uint64_t)component->v_samp_factor;
    blocks += columns * rows;
  }
  return blocks * sizeof(JBLOCK);
}

bool cm_jpeg_reader_header(cm_jpeg_reader *reader, cm_jpeg_header *header) {
  if (setjmp(reader->failure)) return false;
  struct jpeg_decompress_struct *jpeg = &reader->jpeg;
  jpeg_read_header(jpeg, TRUE);
  switch (jpeg->jpeg_color_space) {
    case JCS_GRAYSCALE: jpeg->out_color_space = JCS_GRAYSCALE; break;
    case JCS_YCbCr:
    case JCS_RGB: jpeg->out_color_space = JCS_RGB; break;
    case JCS_CMYK:
    case JCS_YCCK: jpeg->out_color_space = JCS_CMYK; break;
    default: fail(reader, "components that are neither grey, colour nor CMYK");
  }
  reader->channels = jpeg->out_color_space == JCS_GRAYSCALE ? 1 : 3;
  header->width = jpeg->image_width;
  header->height = jpeg->image_height;
  header->channels = reader->channels;
  header->decoder_bytes = coefficient_bytes(jpeg);
  return true;
}

static uint8_t product(uint8_t a, uint8_t b) { return (uint8_t)((a * b + 127) / 255); }

// Paper white less the four inks. Files with Adobe's marker hold the white that an ink leaves,
// others the ink.
static void convert_row(const uint8_t *cmyk, uint32_t width, bool holds_ink, uint8_t *rgb) {
  uint8_t flip = holds_ink ? 255 : 0;
  for (uint32_t x = 0; x < width; x++, cmyk += 4, rgb += 3) {
    uint8_t white = cmyk[3] ^ flip;
    for (int i = 0; i < 3; i++) rgb[i] = product(cmyk[i] ^ flip, white);
  }
}

// Of a picture in several scans, one component may have been in none; libjpeg would make it up.
static void check_components(cm_jpeg_reader *reader) {
  for (int i = 0; i < reader->jpeg.num_components; i++) {
    if (!reader->jpeg.comp_info[i].quant_table) fail(reader, "a component without samples");
  }
}

bool cm_jpeg_reader_pixels(cm_jpeg_reader *reader, uint8_t *pixels) {
  if (setjmp(reader->failure)) return false;
  struct jpeg_decompress_struct *jpeg = &reader->jpeg;
  jpeg_start_decompress(jpeg);
  check_components(reader);
  uint32_t width = jpeg->image_width;
  size_t row_bytes = (size_t)width * reader->channels;
  JSAMPARRAY cmyk = NULL;
  if (jpeg->out_color_space == JCS_CMYK) {
    cmyk = jpeg->mem->alloc_sarray((j_common_ptr)jpeg, JPOOL_IMAGE, width * 4, 1);
  }
  for (uint32_t y = 0; y < jpeg->image_height; y++) {
    JSAMPROW row = pixels + y * row_bytes;
    jpeg_read_scanlines(jpeg, cmyk ? cmyk : &row, 1);
    if (cmyk) convert_row(cmyk[0], width, !jpeg->saw_Adobe_marker, row);
  }
  jpeg_finish_decompress(jpeg);
  return true;
}

const char *cm_jpeg_reader_message(const cm_jpeg_reader *reader) { return reader->message; }

size_t cm_jpeg_reader_offset(const cm_jpeg_reader *reader) {
  return reader->count - reader->source.bytes_in_buffer;
}
