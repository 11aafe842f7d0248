// Reading WebP from memory: the header, and the first frame.
#include <string.h>
#include <webp/decode.h>
#include <webp/mux.h>

#include "CMedia.h"

static WebPMux *open_mux(const uint8_t *bytes, size_t count) {
  WebPData data = {bytes, count};
  return WebPMuxCreate(&data, 0);
}

// Calls for the first frame; the caller clears `frame->bitstream`.
static bool first_frame(const WebPMux *mux, WebPMuxFrameInfo *frame) {
  memset(frame, 0, sizeof *frame);
  return WebPMuxGetFrame(mux, 1, frame) == WEBP_MUX_OK;
}

static bool describe(const WebPMux *mux, cm_webp_header *header) {
  int width, height, frames = 0;
  uint32_t flags;
  if (WebPMuxGetCanvasSize(mux, &width, &height) != WEBP_MUX_OK) return false;
  if (WebPMuxGetFeatures(mux, &flags) != WEBP_MUX_OK) return false;
  if (flags & ANIMATION_FLAG) {
    if (WebPMuxNumChunks(mux, WEBP_CHUNK_ANMF, &frames) != WEBP_MUX_OK || frames < 1) return false;
  } else {
    frames = 1;
  }
  WebPMuxFrameInfo frame;
  if (!first_frame(mux, &frame)) return false;
  WebPBitstreamFeatures features;
  bool known = WebPGetFeatures(frame.bitstream.bytes, frame.bitstream.size, &features)
      == VP8_STATUS_OK;
  bool fills = known && frame.x_offset == 0 && frame.y_offset == 0 && features.width == width
      && features.height == height;
  WebPDataClear(&frame.bitstream);
  if (!fills) return false;
  header->width = (uint32_t)width;
  header->height = (uint32_t)height;
  header->has_alpha = features.has_alpha;
  header->frame_count = (uint32_t)frames;
  return true;
}

bool cm_webp_read_header(const uint8_t *bytes, size_t count, cm_webp_header *header) {
  WebPMux *mux = open_mux(bytes, count);
  if (!mux) return false;
  bool known = describe(mux, header);
  WebPMuxDelete(mux);
  return known;
}

bool cm_webp_decode_first(
    const uint8_t *bytes, size_t count, const cm_webp_header *header, uint8_t *pixels) {
  WebPMux *mux = open_mux(bytes, count);
  if (!mux) return false;
  WebPMuxFrameInfo frame;
  bool done = false;
  if (first_frame(mux, &frame)) {
    const uint8_t *stream = frame.bitstream.bytes;
    size_t size = frame.bitstream.size;
    size_t row_bytes = (size_t)header->width * (header->has_alpha ? 4 : 3);
    size_t total = row_bytes * header->height;
    done = header->has_alpha
        ? WebPDecodeRGBAInto(stream, size, pixels, total, (int)row_bytes) != NULL
        : WebPDecodeRGBInto(stream, size, pixels, total, (int)row_bytes) != NULL;
    WebPDataClear(&frame.bitstream);
  }
  WebPMuxDelete(mux);
  return done;
}
