// Memory that is handed to the caller.
#include <stdlib.h>

#include "CMedia.h"

void cm_buffer_release(cm_buffer *buffer) {
  free(buffer->bytes);
  buffer->bytes = NULL;
  buffer->count = 0;
}
