// libpng, libjpeg-turbo, libwebp, zlib and libarchive behind narrow functions: memory in, memory
// out, and every limit explicit.
//
// Functions that return bool return false on failure. Nothing here opens files, prints, or keeps
// state between calls other than in the objects it hands out.
#ifndef CMEDIA_H
#define CMEDIA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// Bytes that the caller releases with cm_buffer_release.
typedef struct {
  uint8_t *bytes;
  size_t count;
} cm_buffer;

void cm_buffer_release(cm_buffer *buffer);

// Rows from top to bottom, without padding; 1 to 4 interleaved channels of 8 bits.
typedef struct {
  const uint8_t *pixels;
  uint32_t width;
  uint32_t height;
  uint32_t channels;
} cm_image;

// --- PNG ---------------------------------------------------------------------------------------

// A key and a text. Keys are Latin-1; texts are UTF-8, or Latin-1 if `is_latin1`.
typedef struct {
  const char *key;
  const char *text;
  size_t length;
  bool is_latin1;
} cm_png_text;

typedef struct {
  uint32_t width;
  uint32_t height;
  uint32_t channels;  // after expansion to 8 bits of grey, grey-alpha, RGB or RGBA
} cm_png_header;

typedef struct cm_png_reader cm_png_reader;

// A reader of `bytes`, which must outlive it, or NULL if there is no memory. Images with a side
// over `max_side` fail. Texts that inflate to more than `max_text_bytes` are left out; of the
// others about `max_texts` are kept.
cm_png_reader *cm_png_reader_new(
    const uint8_t *bytes, size_t count, uint32_t max_side, size_t max_text_bytes,
    uint32_t max_texts);
void cm_png_reader_release(cm_png_reader *reader);

// Reads up to the first pixel. To be called once, first.
bool cm_png_reader_header(cm_png_reader *reader, cm_png_header *header);
// Reads all pixels into `pixels`, which holds width * height * channels bytes, and the rest of the
// file. To be called once, after the header.
bool cm_png_reader_pixels(cm_png_reader *reader, uint8_t *pixels);
// The number of texts, and the text at an index, valid until the reader is released.
size_t cm_png_reader_text_count(const cm_png_reader *reader);
cm_png_text cm_png_reader_text(const cm_png_reader *reader, size_t index);
// What failed, and how many bytes had been read.
const char *cm_png_reader_message(const cm_png_reader *reader);
size_t cm_png_reader_offset(const cm_png_reader *reader);

// Encodes an image with texts at a zlib level of 0 to 9.
bool cm_png_encode(
    const cm_image *image, const cm_png_text *texts, size_t text_count, int level, cm_buffer *out);

// --- JPEG --------------------------------------------------------------------------------------

typedef struct {
  uint32_t width;
  uint32_t height;
  uint32_t channels;       // 1 of grey; 3 of colour, and of CMYK after conversion
  uint64_t decoder_bytes;  // memory for the decoder, beside the pixels
} cm_jpeg_header;

typedef struct cm_jpeg_reader cm_jpeg_reader;

// A reader of `bytes`, which must outlive it, or NULL if there is no memory. libjpeg is kept from
// using more than `max_memory` bytes, and files of more than `max_scans` scans fail. So do files
// that libjpeg can only read by making up samples.
cm_jpeg_reader *cm_jpeg_reader_new(
    const uint8_t *bytes, size_t count, size_t max_memory, int max_scans);
void cm_jpeg_reader_release(cm_jpeg_reader *reader);

// Reads up to the first pixel. To be called once, first.
bool cm_jpeg_reader_header(cm_jpeg_reader *reader, cm_jpeg_header *header);
// Reads all pixels into `pixels`, which holds width * height * channels bytes, up to the end of the
// image. To be called once, after the header.
bool cm_jpeg_reader_pixels(cm_jpeg_reader *reader, uint8_t *pixels);
// What failed, and how many bytes had been read.
const char *cm_jpeg_reader_message(const cm_jpeg_reader *reader);
size_t cm_jpeg_reader_offset(const cm_jpeg_reader *reader);

// Encodes an image of 1 or 3 channels at a quality of 1 to 100, its colours at the full resolution
// or, in each direction, at half of it.
bool cm_jpeg_encode(const cm_image *image, int quality, bool full_colour, cm_buffer *out);

// --- WebP --------------------------------------------------------------------------------------

typedef struct {
  bool lossless;
  float quality;  // 0 to 100; of a lossless image, the effort
} cm_webp_quality;

typedef struct {
  uint32_t width;  // of the canvas, if it is an animation
  uint32_t height;
  bool has_alpha;
  bool is_animated;
  uint64_t decoder_bytes;  // memory for the decoder, beside the pixels
} cm_webp_header;

// What a file says about itself; no pixel is decoded.
bool cm_webp_read_header(const uint8_t *bytes, size_t count, cm_webp_header *header);
// Decodes a still image into `pixels`, which holds width * height * (has_alpha ? 4 : 3) bytes.
bool cm_webp_decode(
    const uint8_t *bytes, size_t count, const cm_webp_header *header, uint8_t *pixels);

typedef struct cm_webp_frames cm_webp_frames;

// The frames of `bytes`, which must outlive them, or NULL if the file is damaged or there is no
// memory.
cm_webp_frames *cm_webp_frames_new(const uint8_t *bytes, size_t count);
void cm_webp_frames_release(cm_webp_frames *frames);
// Decodes the next frame as it is seen, the whole canvas, into `pixels` of the size of a still
// image's.
bool cm_webp_frames_next(
    cm_webp_frames *frames, const cm_webp_header *header, uint8_t *pixels);

// Encodes a still image of 3 or 4 channels.
bool cm_webp_encode(const cm_image *image, cm_webp_quality quality, cm_buffer *out);

typedef struct cm_webp_animation cm_webp_animation;

// An animation in the making, or NULL if libwebp refuses the size. A loop count of 0 is forever.
cm_webp_animation *cm_webp_animation_new(uint32_t width, uint32_t height, int loop_count);
void cm_webp_animation_release(cm_webp_animation *animation);
// Adds a frame of 3 or 4 channels that appears at `start_ms`.
bool cm_webp_animation_add(
    cm_webp_animation *animation, const cm_image *image, int start_ms, cm_webp_quality quality);
// Ends the last frame at `end_ms` and gives the whole file.
bool cm_webp_animation_finish(cm_webp_animation *animation, int end_ms, cm_buffer *out);
// What failed.
const char *cm_webp_animation_message(const cm_webp_animation *animation);

// --- Deflate -----------------------------------------------------------------------------------

// Inflates a raw deflate stream, which must fill `bytes` and give exactly `target_count` bytes.
// Returns NULL, or a text that says what failed; `consumed` is how many bytes had been read.
const char *cm_inflate(
    const uint8_t *bytes, size_t count, uint8_t *target, size_t target_count, size_t *consumed);
// Whether a raw deflate stream at the start of `bytes` is cut: everything is as it should be until the
// bytes end, but the stream, or the `trailer` bytes behind it, do not. False if it gives more than
// `limit` bytes.
bool cm_deflate_is_cut(const uint8_t *bytes, size_t count, size_t trailer, size_t limit);
// The CRC-32 of ZIP, gzip and PNG, going on from the sum of the bytes before, which begins at 0.
uint32_t cm_crc32(uint32_t sum, const uint8_t *bytes, size_t count);

// --- tar ---------------------------------------------------------------------------------------

typedef enum { CM_TAR_FILE, CM_TAR_FOLDER, CM_TAR_SPARSE, CM_TAR_OTHER } cm_tar_kind;

typedef struct {
  const char *name;  // valid until the next entry; NULL if it is not text
  int64_t size;
  cm_tar_kind kind;
} cm_tar_entry;

typedef enum { CM_TAR_ENTRY, CM_TAR_END, CM_TAR_FAILURE } cm_tar_step;

typedef struct cm_tar_reader cm_tar_reader;

// Programs fill the last record of an archive with zeros; none writes records longer than this.
#define CM_TAR_PADDING ((size_t)1 << 20)

// A reader of `bytes`, which must outlive it: a tar archive, or one in a single gzip stream that
// inflates to at most `max_inflated` bytes. NULL if there is no memory.
cm_tar_reader *cm_tar_reader_new(const uint8_t *bytes, size_t count, size_t max_inflated);
void cm_tar_reader_release(cm_tar_reader *reader);

// Goes to the next entry. The end comes only if the archive is marked as ended there, nothing but
// zeros follows, of a plain one at most CM_TAR_PADDING, and the gzip stream is whole.
cm_tar_step cm_tar_reader_next(cm_tar_reader *reader, cm_tar_entry *entry);
// Reads the content of the entry into `target`; it must have exactly `count` bytes, without holes.
bool cm_tar_reader_content(cm_tar_reader *reader, uint8_t *target, size_t count);
// Finds the content of the entry where it lies in the bytes of a plain archive, `count` bytes without
// holes; `offset` is where.
bool cm_tar_reader_place(cm_tar_reader *reader, size_t count, size_t *offset);
// What failed.
const char *cm_tar_reader_message(const cm_tar_reader *reader);
// Where in the file the entry's header lies; of a gzip stream, how many bytes had been read.
size_t cm_tar_reader_offset(const cm_tar_reader *reader);

// --- The libraries -----------------------------------------------------------------------------

typedef struct {
  const char *name;
  char built_for[32];  // the version of its headers
  char loaded[32];     // the version that is in use; empty if the library does not tell
} cm_library;

#define CM_LIBRARY_COUNT 5

// Describes all libraries behind these functions.
void cm_libraries(cm_library libraries[CM_LIBRARY_COUNT]);

#ifdef __cplusplus
}
#endif

#endif
