// The way into muster-tls.so.

#include "lib/loop/psk_module.h"

extern "C" loop::ShieldMaker* muster_make_psk(const loop::PskOptions& options);

loop::ShieldMaker* muster_make_psk(const loop::PskOptions& options) {
  return new loop::TlsPsk(options);
}
